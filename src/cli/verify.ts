import { text as wholeOf } from "node:stream/consumers";
import { inWords } from "../duration";
import { SigningKeyError } from "../errors";
import { findKey, type KeyRing, type SigningKey, type SigningKeyState } from "../tenant/keyRing";
import { runtimeFor } from "./connect";
import { Ended, EXIT, type Environment, type Output } from "./output";

/** What the keys of a tenant sign with. */
const ALGORITHMS = ["RS256", "PS256"];

/** What is known of a token without asking anybody. */
interface Token {
  readonly text: string;
  readonly kid: string;
  readonly algorithm: string;
  /** Absent of a token that doesn't expire. */
  readonly expiresAt?: Date;
}

/** What a verifier makes of a token that follows the tenant's JWKS and caches nothing. */
interface Verdict {
  domain: string;
  kid: string;
  algorithm: string;
  /** Absent where the tenant lists no such key. */
  state?: SigningKeyState;
  expiresAt?: string;
  accepted: boolean;
  /** Why not, or until when. */
  reason: string;
}

/**
 * Says which key has signed a token, and whether it is still accepted; writes nothing.
 * @param given the token, or `-` for standard input
 * @throws SigningKeyError `invalid_input` if it is no token
 * @throws Ended if it isn't accepted, once that is said
 */
export async function verify(
  given: string,
  domain: string | undefined,
  { environment, output, stdin }: { environment: Environment; output: Output; stdin: NodeJS.ReadableStream },
): Promise<void> {
  const token = await readToken(given === "-" ? await wholeOf(stdin) : given);
  const tenant = runtimeFor(domain, environment, output).tenant(undefined);
  const ring = await tenant.listKeys();
  const key = findKey(ring, token.kid);
  const fault = await findFault(token, key, ring, await tenant.publishedKids());
  const { kid, algorithm, expiresAt } = token;
  const verdict: Verdict = {
    domain: tenant.domain,
    kid,
    algorithm,
    ...(key && { state: key.state }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    accepted: fault === undefined,
    reason: fault ?? describeEnd(token, key, ring.observedAt),
  };
  output.result(describe(verdict), verdict);
  if (!verdict.accepted) throw new Ended(EXIT.failed);
}

async function readToken(text: string): Promise<Token> {
  const { decodeJwt, decodeProtectedHeader } = await import("jose");
  const trimmed = text.trim();
  try {
    const { kid = "", alg = "" } = decodeProtectedHeader(trimmed);
    const { exp } = decodeJwt(trimmed);
    const expiresAt = exp === undefined ? {} : { expiresAt: new Date(exp * 1_000) };
    return { text: trimmed, kid, algorithm: alg, ...expiresAt };
  } catch {
    throw new SigningKeyError("invalid_input", {
      attempt: "reading the token",
      observation: `${trimmed.length} characters that are no signed JWT`,
      remedy:
        "give an ID token or an access token, whole, without the word Bearer; nothing was asked of Auth0",
    });
  }
}

/** Why a verifier refuses the token, if it does. */
async function findFault(
  { text, kid, algorithm, expiresAt }: Token,
  key: SigningKey | undefined,
  { observedAt }: KeyRing,
  published: ReadonlySet<string>,
): Promise<string | undefined> {
  if (!ALGORITHMS.includes(algorithm))
    return `these keys sign ${ALGORITHMS.join(" and ")}, so something else has signed it`;
  if (key === undefined)
    return "the tenant lists no such key: it is another tenant's, or was revoked long ago";
  const { compactVerify, importX509 } = await import("jose");
  try {
    await compactVerify(text, await importX509(key.certificate, algorithm));
  } catch {
    return "that key has not signed it: the token was changed, or is cut off";
  }
  if (key.state === "revoked")
    return `that key was revoked${key.revokedAt === undefined ? "" : ` at ${key.revokedAt}`}`;
  if (!published.has(kid)) return "that key is not in the JWKS";
  if (expiresAt !== undefined && expiresAt <= observedAt)
    return `it has expired at ${expiresAt.toISOString()}`;
  return undefined;
}

function describeEnd({ expiresAt }: Token, key: SigningKey | undefined, now: Date): string {
  const end =
    expiresAt === undefined
      ? "it does not expire"
      : `until ${expiresAt.toISOString()} (${inWords(expiresAt.getTime() - now.getTime())})`;
  return key?.state === "previous" ? `${end}, or until that key is revoked` : end;
}

function describe({ domain, kid, algorithm, state, accepted, reason }: Verdict): string {
  const signer = `${algorithm || "no algorithm"}, ${kid === "" ? "no kid" : `key ${kid}`}`;
  const article = state === "previous" || state === "revoked" ? "a" : "the";
  const known = state === undefined ? `unknown to ${domain}` : `${article} ${state} key of ${domain}`;
  return `${accepted ? "accepted" : "refused"}: ${reason}\n${signer}: ${known}`;
}
