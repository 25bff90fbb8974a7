import "./reflectMetadata.js";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { exportPKCS8, importPKCS8, importSPKI } from "jose";
import { positiveSerialNumber } from "./signingKey.js";

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" };
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" };
const dayMs = 24 * 3_600_000;

/** What of the CA is kept between runs: PEM both. */
export interface StoredAuthority {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface ServerIdentity {
  readonly key: string;
  readonly cert: string;
}

/** The CA that clients trust: an EC P-256 key of its own, of which they accept nothing but this machine's names. */
export class CertificateAuthority {
  readonly certificate: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #parsed: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#keys = keys;
    this.#parsed = certificate;
    this.certificate = `${certificate.toString("pem")}\n`;
  }

  static async create(): Promise<CertificateAuthority> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: positiveSerialNumber(),
      name: [{ O: ["auth0-signing-keys-emulator"] }, { CN: ["Auth0 signing keys emulator CA"] }],
      ...validity(10 * 365),
      signingAlgorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        thisMachineOnly(),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new CertificateAuthority(keys, certificate);
  }

  static async restore(stored: StoredAuthority): Promise<CertificateAuthority> {
    const certificate = new x509.X509Certificate(stored.certificate);
    const privateKey = await importPKCS8(stored.privateKey, "ES256", { extractable: true });
    const publicKey = await importSPKI(certificate.publicKey.toString("pem"), "ES256", { extractable: true });
    return new CertificateAuthority({ privateKey, publicKey }, certificate);
  }

  async store(): Promise<StoredAuthority> {
    return { certificate: this.certificate, privateKey: await exportPKCS8(this.#keys.privateKey) };
  }

  /**
   * A new server key and certificate for localhost, names under it, and the loopback addresses.
   * The host names go in one by one as well: OpenSSL takes no wildcard directly under a top-level name.
   */
  async issueServerIdentity(hostnames: readonly string[]): Promise<ServerIdentity> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: positiveSerialNumber(),
      subject: [{ CN: ["localhost"] }],
      issuer: this.#parsed.subjectName,
      ...validity(397),
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: "dns", value: "localhost" },
          { type: "dns", value: "*.localhost" },
          ...hostnames.map((value) => ({ type: "dns" as const, value })),
          { type: "ip", value: "127.0.0.1" },
          { type: "ip", value: "::1" },
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { key: await exportPKCS8(keys.privateKey), cert: certificate.toString("pem") };
  }
}

/** From yesterday on, so that a client whose clock is a little behind accepts it. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + days * dayMs) };
}

/**
 * Name constraints (RFC 5280, 4.2.1.10): names under localhost and the loopback addresses are permitted. A client that
 * trusts this CA trusts it with no real tenant's name, whoever gets hold of its key.
 */
function thisMachineOnly(): x509.Extension {
  const dnsName = 0x82;
  const ipAddress = 0x87;
  const permitted = [
    der(dnsName, Buffer.from("localhost")),
    der(ipAddress, Buffer.from([127, 0, 0, 1]), Buffer.alloc(4, 0xff)),
    der(ipAddress, Buffer.alloc(15), Buffer.from([1]), Buffer.alloc(16, 0xff)),
  ].map((name) => der(0x30, name));
  return new x509.Extension("2.5.29.30", true, der(0x30, der(0xa0, ...permitted)));
}

/** A value in DER whose content is shorter than 128 bytes. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}
