import { durationMilliseconds, type Duration } from "../duration";
import { longest, type TokenLifetimes } from "../tenant/tokenLifetimes";

/** How long a retired key stays valid: a `Duration`, or `"auto"`, derived from the tenant's token lifetimes. */
export type GracePeriod = string;

/** The longest JWKS cache that is usual among verifiers: 24 hours in an example of jwks-rsa-java, 12 in .NET. */
export const DEFAULT_JWKS_CACHE_ALLOWANCE: Duration = "24h";
const CLOCK_SKEW: Duration = "5m";

/** What a grace period was derived from: the longer lifetime, the cache allowance and the clock skew add up to it. */
export interface GraceDerivation extends TokenLifetimes {
  /** How long verifiers may keep a JWKS. */
  jwksCacheAllowance: Duration;
  /** How far verifiers' clocks may be off. */
  clockSkew: Duration;
}

/** The lifetimes seen while this key was current, the longest of each kind. */
export interface SeenLifetimes extends TokenLifetimes {
  /** The id of that key. */
  kid: string;
}

export function deriveGrace(
  { accessTokenSeconds, accessTokenOf, idTokenSeconds, idTokenOf }: TokenLifetimes,
  jwksCacheAllowance: Duration,
): GraceDerivation {
  return {
    accessTokenSeconds,
    accessTokenOf,
    idTokenSeconds,
    idTokenOf,
    jwksCacheAllowance,
    clockSkew: CLOCK_SKEW,
  };
}

/** Milliseconds. */
export function derivedGrace(derivation: GraceDerivation): number {
  const { accessTokenSeconds, idTokenSeconds, jwksCacheAllowance, clockSkew } = derivation;
  return (
    Math.max(accessTokenSeconds, idTokenSeconds) * 1000 +
    durationMilliseconds(jwksCacheAllowance) +
    durationMilliseconds(clockSkew)
  );
}

/** What is on record of the current key's tokens after another look: lifetimes that were lowered since still count. */
export function seenLifetimes(
  recorded: SeenLifetimes | undefined,
  kid: string,
  seen: TokenLifetimes,
): SeenLifetimes {
  return { kid, ...(recorded?.kid === kid ? longest(recorded, seen) : seen) };
}

/** The part of a retired key that its due date depends on. */
interface Retirement {
  retiredAt: string;
  revokeDueAt?: string;
  derivedFrom?: GraceDerivation;
}

/**
 * When a key is due. A length of time sets the date, also to an earlier one; `"auto"` never brings it forward; without
 * a grace period it stays as it is.
 * @param derivation for a retirement that has none on record
 */
export function dueDate(
  { retiredAt, revokeDueAt, derivedFrom }: Retirement,
  gracePeriod: GracePeriod | undefined,
  derivation?: GraceDerivation,
): { revokeDueAt?: string; derivedFrom?: GraceDerivation } {
  const kept = { ...(revokeDueAt !== undefined && { revokeDueAt }), ...(derivedFrom && { derivedFrom }) };
  if (gracePeriod === undefined) return kept;
  const after = (grace: number): string => new Date(Date.parse(retiredAt) + grace).toISOString();
  if (gracePeriod !== "auto") return { ...kept, revokeDueAt: after(durationMilliseconds(gracePeriod)) };
  const derived = derivedFrom ?? derivation;
  if (derived === undefined) return kept;
  const due = after(derivedGrace(derived));
  return {
    derivedFrom: derived,
    revokeDueAt: revokeDueAt !== undefined && revokeDueAt > due ? revokeDueAt : due,
  };
}

/** The longer of two derivations of one grace period. */
export function longerDerivation(
  one: GraceDerivation | undefined,
  other: GraceDerivation | undefined,
): GraceDerivation | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return deriveGrace(longest(one, other), other.jwksCacheAllowance);
}
