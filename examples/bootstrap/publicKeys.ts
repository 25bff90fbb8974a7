import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { type Job, jobs } from "./jobs";

/** So many does Auth0 keep for one application: the one in use, and the one that comes after it. */
const mostKeys = 2;
const shortestBits = 2_048;

export type PublicKeys = ReadonlyMap<Job, readonly string[]>;

/** Reads the setting `applications`. @throws Error with everything that is wrong with it, without what was given. */
export function publicKeysFrom(setting: unknown): PublicKeys {
  if (typeof setting !== "object" || setting === null || Array.isArray(setting)) {
    throw new Error(`applications must be an object of ${jobs.join(", ")}, each a list of public keys`);
  }
  const entries = Object.entries(setting as Record<string, unknown>);
  const problems = entries.flatMap(([name, keys]) => problemsOf(name, keys));
  if (entries.length === 0) problems.push(`applications: name at least one of ${jobs.join(", ")}`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return new Map(jobs.flatMap((job) => entries.filter(([name]) => name === job)) as [Job, string[]][]);
}

function problemsOf(name: string, keys: unknown): string[] {
  const at = `applications.${name}`;
  if (!jobs.some((job) => job === name)) return [`${at}: there is no such job; there are ${jobs.join(", ")}`];
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > mostKeys) {
    return [`${at}: must be a list of one or ${mostKeys} public keys, PEM`];
  }
  return keys.flatMap((key, index) => {
    const problem = problemOf(key);
    return problem === undefined ? [] : [`${at}[${index}]: ${problem}`];
  });
}

function problemOf(pem: unknown): string | undefined {
  const wanted = `must be an RSA public key or certificate of ${shortestBits} bits or more, PEM`;
  if (typeof pem !== "string") return wanted;
  if (pem.includes("PRIVATE KEY")) {
    return "is a private key, which must not leave the pipeline: give its public half, and take this one out of the settings and out of use";
  }
  try {
    const key = keyOf(pem);
    const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    return key.asymmetricKeyType === "rsa" && modulusLength >= shortestBits ? undefined : wanted;
  } catch {
    return wanted;
  }
}

function keyOf(pem: string): KeyObject {
  return pem.includes("BEGIN CERTIFICATE") ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}

/** The same for the same key, whatever stands beside it: the provider would find a change where a name moves from one to another. */
export function nameOf(pem: string): string {
  const spki = keyOf(pem).export({ type: "spki", format: "der" });
  return `key ${createHash("sha256").update(spki).digest("hex").slice(0, 16)}`;
}
