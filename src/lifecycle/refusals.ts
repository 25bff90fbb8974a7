import { inWords } from "../duration";
import { SigningKeyError, type SigningKeyErrorCode } from "../errors";
import type { AccessToken } from "../tenant/accessToken";
import type { KeyRing } from "../tenant/keyRing";
import { LIFETIMES_SCOPES, LIST_SCOPES, REVOKE_SCOPES, ROTATE_SCOPES } from "../tenant/tenant";
import { milliseconds, noGracePeriod, type DesiredRotation } from "./inputs";
import { revokeNowFault } from "./plan";
import { ROTATIONS_A_DAY, rotationBudget } from "./rotationBudget";

/** What an update is about to record, and what is known of the tenant. */
export interface Asked {
  domain: string;
  ring: KeyRing;
  desired: DesiredRotation;
  /** Whether the generation is raised. */
  raises: boolean;
  /** Whether the current key is retired in this update, by this raise or by one that was recorded before. */
  retires: boolean;
  /** The key that `revokeNow` names, unless it was let through before. */
  revokes?: string;
  /** Whether a grace period of `"auto"` is derived, now or once a key is retired. */
  derives: boolean;
  token: AccessToken;
  usesStaticToken: boolean;
}

/** Every reason not to record what is asked. Pure: what is refused here has changed nothing. */
export function findRefusals(asked: Asked): SigningKeyError[] {
  return [
    ...(asked.raises ? raiseRefusals(asked) : []),
    ...revocationRefusals(asked),
    ...scopeRefusals(asked),
  ];
}

function raiseRefusals({ domain, ring: { current, next, observedAt }, desired }: Asked): SigningKeyError[] {
  const { expectedCurrentKid, revokeNow } = desired;
  const attempt = `${desired.purpose ?? `raising to generation ${desired.generation}`} on ${domain}`;
  const refusals: SigningKeyError[] = [];
  const refuse = (code: SigningKeyErrorCode, observation: string, remedy: string): void => {
    refusals.push(new SigningKeyError(code, { attempt, observation, remedy }));
  };
  if (next === undefined) {
    refuse(
      "no_next_key",
      "the tenant lists no next key, so nobody can have seen the key that would become current",
      "nothing was changed; run it again once the Dashboard shows a next key",
    );
  }
  if (expectedCurrentKid !== undefined && expectedCurrentKid !== current.kid) {
    refuse(
      "current_kid_mismatch",
      `expectedCurrentKid is ${expectedCurrentKid}, but the current key is ${current.kid}`,
      "somebody has rotated since; look at the ring and decide again",
    );
  }
  // A key that is named to be revoked at once is an emergency: neither its age nor a grace period stands in the way.
  if (revokeNow?.kid === current.kid) return refusals;
  if (desired.revokePrevious && desired.gracePeriod === undefined) {
    refuse("no_grace_period", noGracePeriod(desired.generation), `the current key is ${current.kid}`);
  }
  const minimum = milliseconds(desired.minKeyAge) ?? 0;
  if (minimum === 0) return refusals;
  if (current.since === undefined) {
    refuse(
      "key_too_young",
      `Auth0 gives no date since when ${current.kid} is current, so its age is unknown`,
      'set minKeyAge to "0s" to rotate regardless',
    );
    return refusals;
  }
  const age = observedAt.getTime() - Date.parse(current.since);
  if (age < minimum) {
    refuse(
      "key_too_young",
      `${current.kid} has been current for ${inWords(Math.max(age, 0))} only, and minKeyAge is ${desired.minKeyAge}: verifiers may not have read its successor yet`,
      `run it again from ${new Date(Date.parse(current.since) + minimum).toISOString()} on, lower minKeyAge, or in an emergency name the key in revokeNow`,
    );
  }
  return refusals;
}

function revocationRefusals({
  domain,
  ring,
  revokes,
  retires,
  token,
  usesStaticToken,
}: Asked): SigningKeyError[] {
  if (revokes === undefined) return [];
  const fault = revokeNowFault(ring, revokes, retires);
  if (fault) return [fault];
  return usesStaticToken && token.kid === revokes ? [tokenWouldEnd(revokes, domain)] : [];
}

function scopeRefusals({ domain, token, raises, revokes, derives }: Asked): SigningKeyError[] {
  const needed = new Set([
    ...LIST_SCOPES,
    ...(raises ? ROTATE_SCOPES : []),
    ...(revokes === undefined ? [] : REVOKE_SCOPES),
    ...(derives ? LIFETIMES_SCOPES : []),
  ]);
  const { scopes } = token;
  const missing = scopes === undefined ? [] : [...needed].filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return [];
  return [
    new SigningKeyError("insufficient_scope", {
      attempt: `changing the signing keys of ${domain}`,
      observation: `the application's token lacks ${missing.join(", ")}`,
      remedy: `grant the application ${missing.join(", ")}${derives ? ', or give gracePeriod as a duration instead of "auto"' : ""}`,
    }),
  ];
}

/** Auth0's own API is called with tokens that these keys signed: a static one can't outlive its key. */
export function tokenWouldEnd(kid: string, domain: string): SigningKeyError {
  return new SigningKeyError("token_not_current", {
    attempt: `revoking key ${kid} of ${domain}`,
    observation: "the static API token is signed by that very key and would end with it",
    remedy:
      "nothing was revoked; give an application's client id and secret, or an API token issued after the rotation",
  });
}

/** Auth0 allows five rotations a day; only its own answer is certain, so this is a warning (decision 3). */
export function budgetWarning({ domain, ring }: Asked): string | undefined {
  const { used, left } = rotationBudget(ring);
  if (left > 0) return undefined;
  return `${domain}: ${used} keys became current in the last 24 hours, and Auth0 allows ${ROTATIONS_A_DAY} rotations a day; it may refuse this one until later`;
}
