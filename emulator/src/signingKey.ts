import "./reflectMetadata.js";
import { createHash, randomBytes, X509Certificate as NodeCertificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { type CryptoKey, exportJWK, exportPKCS8, importPKCS8, importSPKI } from "jose";

const algorithm = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

const validityYears = 13;

export interface RsaKeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** One application signing key with everything that Auth0 publishes about it. */
export interface SigningKey extends RsaKeyPair {
  readonly kid: string;
  /** PEM with CRLF line ends, as Auth0 sends it. */
  readonly certificate: string;
  /** The same certificate as a PKCS#7 bundle, PEM with CRLF line ends. */
  readonly pkcs7: string;
  readonly der: Buffer;
  /** SHA-1 of the certificate, hexadecimal with colons. */
  readonly fingerprint: string;
  /** SHA-1 of the certificate, 40 hexadecimal digits. */
  readonly thumbprint: string;
  readonly jwk: PublicJwk;
}

/** An entry of the JWKS. */
export interface PublicJwk {
  readonly kty: "RSA";
  readonly use: "sig";
  readonly alg: "RS256";
  readonly n: string;
  readonly e: string;
  readonly kid: string;
  readonly x5t: string;
  readonly x5c: readonly [string];
}

/** Runs in libuv's thread pool, so it does not hold up requests. */
export async function generateRsaKeyPair(): Promise<RsaKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

export async function issueSigningKey(pair: RsaKeyPair, commonName: string): Promise<SigningKey> {
  const notBefore = new Date();
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + validityYears);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: positiveSerialNumber(),
    name: [{ CN: [commonName] }],
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: pair,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
    ],
  });
  // 21 characters of base64url, as Auth0's key ids of recent years.
  const kid = randomBytes(16).toString("base64url").slice(0, 21);
  return describe(kid, pair, Buffer.from(certificate.rawData));
}

export async function exportPrivateKey(key: SigningKey): Promise<string> {
  return exportPKCS8(key.privateKey);
}

export async function restoreSigningKey(
  kid: string,
  certificate: string,
  pkcs8: string,
): Promise<SigningKey> {
  const privateKey = await importPKCS8(pkcs8, "RS256", { extractable: true });
  const parsed = new NodeCertificate(certificate);
  const spki = parsed.publicKey.export({ type: "spki", format: "pem" }).toString();
  const publicKey = await importSPKI(spki, "RS256", { extractable: true });
  return describe(kid, { privateKey, publicKey }, parsed.raw);
}

async function describe(kid: string, pair: RsaKeyPair, der: Buffer): Promise<SigningKey> {
  const digest = createHash("sha1").update(der).digest();
  const pkcs7 = new x509.X509Certificates([new x509.X509Certificate(der)]).export("raw");
  const { n, e } = await exportJWK(pair.publicKey);
  if (n === undefined || e === undefined) throw new Error(`key ${kid} is not an RSA key`);
  return {
    ...pair,
    kid,
    der,
    certificate: pem("CERTIFICATE", der),
    pkcs7: pem("PKCS7", Buffer.from(pkcs7)),
    fingerprint: (digest.toString("hex").toUpperCase().match(/../g) ?? []).join(":"),
    thumbprint: digest.toString("hex").toUpperCase(),
    jwk: {
      kty: "RSA",
      use: "sig",
      alg: "RS256",
      n,
      e,
      kid,
      x5t: digest.toString("base64url"),
      x5c: [der.toString("base64")],
    },
  };
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\r\n");
}

/** 16 random bytes with the first bit clear and the second set: positive, and never shortened by a leading zero. */
export function positiveSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}
