import * as v from "valibot";
import { SigningKeyError } from "../errors";

/** What a signing key is to its tenant. Exactly one key is `current`; only a `previous` one can be revoked. */
export type SigningKeyState = "current" | "next" | "previous" | "revoked";

/** One of a tenant's application signing keys. Dates are ISO 8601, absent where Auth0 gives none. */
export interface SigningKey {
  /** The key's id. */
  kid: string;
  /** What it is to its tenant: `current`, `next`, `previous` or `revoked`. */
  state: SigningKeyState;
  /** PEM. */
  certificate: string;
  /** SHA-1 of the certificate in hexadecimal with colons, as Auth0 writes it. */
  fingerprint: string;
  /** The fingerprint without colons. */
  thumbprint: string;
  /** Since when it has been current, or will be. */
  since?: string;
  /** Until when it was current. */
  until?: string;
  /** When it was revoked. */
  revokedAt?: string;
}

/** A tenant's keys as it listed them at one moment of its own clock. */
export interface KeyRing {
  current: SigningKey;
  next: SigningKey | undefined;
  previous: SigningKey[];
  revoked: SigningKey[];
  observedAt: Date;
}

// Auth0 leaves booleans out instead of sending false, and types `revoked_at` as string or object.
const flag = v.optional(v.nullable(v.boolean()));
const date = v.optional(v.unknown());
/** Goes into state, messages and consumers' files; other characters would be somebody's attempt to say more there. */
const mark = v.pipe(v.string(), v.regex(/^[\w.~:@/+=-]{0,200}$/));
const certificate = v.pipe(
  v.string(),
  v.regex(/^(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/),
);
const listedKeys = v.array(
  v.looseObject({
    kid: v.pipe(mark, v.minLength(1)),
    cert: certificate,
    fingerprint: mark,
    thumbprint: mark,
    current: flag,
    next: flag,
    previous: flag,
    revoked: flag,
    current_since: date,
    current_until: date,
    revoked_at: date,
  }),
);
type ListedKey = v.InferOutput<typeof listedKeys>[number];

/**
 * Reads the answer of `GET /api/v2/keys/signing`.
 * Current is classified first, then next: recordings exist in which a key is `current` and `previous` at once, and one
 * that looked for `previous` alone would offer the key in use for revocation.
 * @param answer the parsed body, of any shape
 * @param observedAt the tenant's clock when it answered
 * @throws SigningKeyError `unexpected_answer` unless there is exactly one current and at most one next key, each kid once
 */
export function parseKeyRing(answer: unknown, domain: string, observedAt: Date): KeyRing {
  const unexpected = (observation: string): SigningKeyError =>
    new SigningKeyError("unexpected_answer", {
      attempt: `reading the signing keys of ${domain}`,
      observation,
      remedy:
        "this request changed nothing; check that this is an Auth0 tenant's domain with nothing in between, then run it again",
    });
  const parsed = v.safeParse(listedKeys, answer);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw unexpected(
      `the answer is not a list of keys (${v.getDotPath(issue) ?? "the whole"}: ${issue.type})`,
    );
  }
  const keys = parsed.output.map(readKey);
  if (new Set(keys.map((key) => key.kid)).size !== keys.length) throw unexpected("a kid is listed twice");
  const inState = (state: SigningKeyState): SigningKey[] => keys.filter((key) => key.state === state);
  const [current, ...otherCurrent] = inState("current");
  const [next, ...otherNext] = inState("next");
  if (current === undefined) throw unexpected("no key is listed as current");
  if (otherCurrent.length > 0) throw unexpected(`${otherCurrent.length + 1} keys are listed as current`);
  if (otherNext.length > 0) throw unexpected(`${otherNext.length + 1} keys are listed as next`);
  return { current, next, previous: inState("previous"), revoked: inState("revoked"), observedAt };
}

function readKey(listed: ListedKey): SigningKey {
  const since = readDate(listed.current_since);
  const until = readDate(listed.current_until);
  const revokedAt = readDate(listed.revoked_at);
  return {
    kid: listed.kid,
    state: readState(listed, revokedAt),
    certificate: listed.cert,
    fingerprint: listed.fingerprint,
    thumbprint: listed.thumbprint,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(revokedAt !== undefined && { revokedAt }),
  };
}

function readState(listed: ListedKey, revokedAt: string | undefined): SigningKeyState {
  if (listed.current === true) return "current";
  if (listed.next === true) return "next";
  if (listed.revoked === true || revokedAt !== undefined) return "revoked";
  return "previous";
}

/** An ISO date, or `undefined` for anything that is none: absent, `""`, `{}`. */
function readDate(given: unknown): string | undefined {
  if (typeof given !== "string" || given === "") return undefined;
  const time = Date.parse(given);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** The keys with their states, for whoever has named one that is not among them. */
export function itsKeys(ring: KeyRing): string {
  const keys = allKeys(ring).map(({ kid, state }) => `${kid} (${state})`);
  return `its keys are ${keys.join(", ")}`;
}

/** The key of that kid, in whatever state it is; `undefined` if it is not listed. */
export function findKey(ring: KeyRing, kid: string): SigningKey | undefined {
  return allKeys(ring).find((key) => key.kid === kid);
}

export function allKeys(ring: KeyRing): SigningKey[] {
  return [ring.current, ...(ring.next ? [ring.next] : []), ...ring.previous, ...ring.revoked];
}

/** Whether two observations show the same keys in the same states. */
export function sameRing(one: KeyRing, other: KeyRing): boolean {
  const states = (ring: KeyRing): string =>
    allKeys(ring)
      .map((key) => `${key.kid}=${key.state}`)
      .sort()
      .join();
  return states(one) === states(other);
}
