import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { calculateJwkThumbprint } from "jose";

export const credentialAlgorithms = ["RS256", "RS384", "PS256"] as const;

export type CredentialAlgorithm = (typeof credentialAlgorithms)[number];

/** A public key of an application. It counts once it is attached to private_key_jwt. */
export interface ClientCredential {
  readonly id: string;
  readonly name: string;
  /** The thumbprint of the key, RFC 7638. */
  readonly kid: string;
  /** Any of them if undefined: the control API doesn't ask for one. */
  readonly algorithm?: CredentialAlgorithm | undefined;
  /** PEM, SPKI. */
  readonly publicKeyPem: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt?: string | undefined;
}

/** An RSA public key that assertions can be verified with, and when its certificate expires if it came in one. */
export interface PublicKey {
  readonly key: KeyObject;
  readonly certificateExpiresAt?: Date;
}

const shortestKeyBits = 2_048;

/** A public key or a certificate, PEM; undefined if it is none, no RSA key or too short a one. */
export function readPublicKey(pem: string): PublicKey | undefined {
  try {
    const certificate = pem.includes("BEGIN CERTIFICATE") ? new X509Certificate(pem) : undefined;
    // From a private key Node would derive the public one; nobody ought to send that.
    if (certificate === undefined && !/BEGIN (RSA )?PUBLIC KEY/.test(pem)) return undefined;
    const key = certificate?.publicKey ?? createPublicKey(pem);
    const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType !== "rsa" || modulusLength < shortestKeyBits) return undefined;
    return { key, ...(certificate && { certificateExpiresAt: new Date(certificate.validTo) }) };
  } catch {
    return undefined;
  }
}

export async function newCredential(
  { key }: PublicKey,
  options: {
    readonly name?: string | undefined;
    readonly algorithm?: CredentialAlgorithm | undefined;
    readonly expiresAt?: Date | undefined;
    readonly now: Date;
  },
): Promise<ClientCredential> {
  const now = options.now.toISOString();
  return {
    id: `cred_${randomBytes(11).toString("hex")}`,
    name: options.name ?? "",
    kid: await calculateJwkThumbprint(key.export({ format: "jwk" })),
    algorithm: options.algorithm,
    publicKeyPem: key.export({ type: "spki", format: "pem" }).toString(),
    createdAt: now,
    updatedAt: now,
    expiresAt: options.expiresAt?.toISOString(),
  };
}

/** As Auth0 shows it, without the key itself. */
export function representCredential(credential: ClientCredential): object {
  return {
    id: credential.id,
    credential_type: "public_key",
    kid: credential.kid,
    alg: credential.algorithm ?? "RS256",
    name: credential.name,
    created_at: credential.createdAt,
    updated_at: credential.updatedAt,
    ...(credential.expiresAt === undefined ? {} : { expires_at: credential.expiresAt }),
  };
}
