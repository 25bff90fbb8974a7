import type { DesiredRotation } from "../../src/lifecycle/inputs";
import type { Recorded } from "../../src/lifecycle/state";
import type { KeyRing, SigningKey, SigningKeyState } from "../../src/tenant/keyRing";

export const DOMAIN = "acme.eu.auth0.com";
/** When the ring of a test is observed, unless it says otherwise. */
export const NOW = "2026-03-10T12:00:00.000Z";

type KeyDates = Partial<Pick<SigningKey, "since" | "until" | "revokedAt">>;
type Listed = string | ({ kid: string } & KeyDates);

export interface RingSpec {
  current?: Listed;
  /** `null` for a ring without a next key. */
  next?: Listed | null;
  previous?: readonly Listed[];
  revoked?: readonly Listed[];
  at?: string;
}

/** A key ring in few words: keys by kid, with dates where they matter. */
export function keyRingOf({
  current = "current",
  next = "next",
  previous = [],
  revoked = [],
  at = NOW,
}: RingSpec = {}): KeyRing {
  return {
    current: keyOf(current, "current"),
    next: next === null ? undefined : keyOf(next, "next"),
    previous: previous.map((listed) => keyOf(listed, "previous")),
    revoked: revoked.map((listed) => keyOf(listed, "revoked")),
    observedAt: new Date(at),
  };
}

function keyOf(listed: Listed, state: SigningKeyState): SigningKey {
  const key = typeof listed === "string" ? { kid: listed } : listed;
  return {
    state,
    certificate: `certificate of ${key.kid}`,
    fingerprint: `fingerprint of ${key.kid}`,
    thumbprint: `thumbprint of ${key.kid}`,
    ...key,
  };
}

/** What is desired: generation 4, nothing revoked, unless it says otherwise. */
export function desiredOf(given: Partial<DesiredRotation> = {}): DesiredRotation {
  return {
    generation: 4,
    revokePrevious: false,
    minKeyAge: "1h",
    jwksCacheAllowance: "24h",
    verifyTimeout: "60s",
    baselines: [],
    ...given,
  };
}

/** What is recorded: generation 4 carried out, nothing retired or pending, unless it says otherwise. */
export function recordedOf(given: Partial<Recorded> = {}): Recorded {
  return { generation: 4, retired: [], pending: [], ...given };
}
