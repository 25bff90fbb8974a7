import { SigningKeyError, type SigningKeyErrorCode } from "../../errors";
import { findKey, itsKeys, type KeyRing, type SigningKey, type SigningKeyState } from "../../tenant/keyRing";
import { commandFor, type EmergencyRequest } from "./request";
import type { Receipt } from "./receipt";

/** A compromised key, and what it is to its tenant now: that says what is left to be done for it. */
export interface CompromisedKey {
  kid: string;
  /** `current` and `next` are to be rotated out and revoked, `previous` only revoked, `revoked` is done. */
  state: SigningKeyState;
}

/** What two compromised keys may be together: current and next at first, then each half-finished state on the way. */
const PAIRS = [
  "current and next",
  "previous and current",
  "previous and previous",
  "previous and revoked",
  "revoked and current",
  "revoked and previous",
  "revoked and revoked",
];
const DAY = 24 * 60 * 60 * 1000;

/**
 * Which keys are compromised: those of the receipt, otherwise those that are named, otherwise what is current and next now.
 * Pure: what is refused here has changed nothing.
 * @throws SigningKeyError `kid_mismatch` if the named keys can't be the compromised ones, `emergency_unclear` if none is
 *   named and a key was retired so lately that this may be the rest of an emergency, `no_next_key`,
 *   `verification_timeout` if the list doesn't show a rotation yet that Auth0 has accepted
 */
export function findCompromised(
  ring: KeyRing,
  request: EmergencyRequest,
  receipt: Receipt | undefined,
): CompromisedKey[] {
  const kids = receipt?.keys.map(({ kid }) => kid) ?? request.kid;
  if (kids.length === 0) return inUse(ring, request);
  const rotated = new Set(
    receipt?.keys.flatMap(({ kid, rotatedAt }) => (rotatedAt === undefined ? [] : [kid])),
  );
  const keys = kids.map((kid): CompromisedKey => {
    const state = findKey(ring, kid)?.state;
    // Auth0 may list a revoked key no longer; one that was retired here and is gone can't be anything else.
    if (state === undefined && !rotated.has(kid)) throw unknown(kid, ring, request);
    if ((state === "current" || state === "next") && rotated.has(kid)) throw notShownYet(kid, state, request);
    return { kid, state: state ?? "revoked" };
  });
  const [first, second] = keys;
  if (first !== undefined && second === undefined && first.state === "next")
    throw nextAlone(first.kid, ring, request);
  if (first !== undefined && second !== undefined) {
    const pair = `${first.state} and ${second.state}`;
    if (first.kid === second.kid || !PAIRS.includes(pair)) throw noPair(first, second, ring, request);
  }
  return keys;
}

function inUse(ring: KeyRing, request: EmergencyRequest): CompromisedKey[] {
  const { current, next } = ring;
  const lately = retiredLately(ring);
  if (lately.length > 0) throw unclear(lately, ring, request);
  const keys: CompromisedKey[] = [{ kid: current.kid, state: "current" }];
  if (request.compromised === "current") return keys;
  if (next === undefined) {
    throw refusal("no_next_key", request, "the tenant lists no next key", [
      "nothing was done; if the current key is compromised, use --compromised current",
    ]);
  }
  return [...keys, { kid: next.kid, state: "next" }];
}

/** Keys retired in the last 24 hours, in that order; where Auth0 gives no dates, the date of their successor must do. */
function retiredLately({ current, previous, revoked, observedAt }: KeyRing): SigningKey[] {
  const retiredAt = ({ until }: SigningKey): number =>
    Date.parse(until ?? current.since ?? observedAt.toISOString());
  return [...previous, ...revoked]
    .filter((key) => retiredAt(key) > observedAt.getTime() - DAY)
    .sort((one, other) => retiredAt(one) - retiredAt(other));
}

function unclear(lately: readonly SigningKey[], ring: KeyRing, request: EmergencyRequest): SigningKeyError {
  const isBoth = request.compromised === "both";
  const followers = [...lately.slice(1), ring.current];
  const goOn = lately.map(({ kid }, index) => {
    const second = followers[index]?.kid ?? "";
    return commandFor(request, { kid: isBoth ? [kid, second] : [kid] });
  });
  const next = ring.next?.kid ?? "NEXT_KID";
  const begin = commandFor(request, { kid: isBoth ? [ring.current.kid, next] : [ring.current.kid] });
  const described = lately.map(
    ({ kid, state, until }) => `${kid} (${state}${until === undefined ? "" : `, retired ${until}`})`,
  );
  return refusal(
    "emergency_unclear",
    request,
    `there is no receipt, and in the last 24 hours ${described.join(", ")} ${lately.length === 1 ? "was" : "were"} retired: this may be the rest of an emergency`,
    [
      `to go on with ${lately.length === 1 ? "it" : "one of them"}: ${goOn.join(" or: ")}`,
      `to begin with the key that is current now: ${begin}`,
      "nothing was done",
    ],
  );
}

function unknown(kid: string, ring: KeyRing, request: EmergencyRequest): SigningKeyError {
  return refusal(
    "kid_mismatch",
    request,
    `the tenant lists no key ${JSON.stringify(kid)}; ${itsKeys(ring)}`,
    ["nothing was done; name the compromised keys as they are listed"],
  );
}

function notShownYet(kid: string, state: SigningKeyState, request: EmergencyRequest): SigningKeyError {
  return refusal(
    "verification_timeout",
    request,
    `Auth0 has accepted the rotation of ${kid}, and still lists it as ${state}`,
    ["nothing was done, lest it be rotated twice; run it again once status shows another current key"],
  );
}

function nextAlone(kid: string, ring: KeyRing, request: EmergencyRequest): SigningKeyError {
  const both = commandFor(request, { compromised: "both", kid: [ring.current.kid, kid] });
  return refusal(
    "kid_mismatch",
    request,
    `${kid} is the next key, which can't be revoked before it has been current`,
    [`if it is compromised, both keys have to go: ${both}`, "nothing was done"],
  );
}

function noPair(
  first: CompromisedKey,
  second: CompromisedKey,
  ring: KeyRing,
  request: EmergencyRequest,
): SigningKeyError {
  return refusal(
    "kid_mismatch",
    request,
    `${first.kid} is ${first.state} and ${second.kid} is ${second.state}, so they can't be a current key and the one that was next then; ${itsKeys(ring)}`,
    ["nothing was done; name first the key that was current, then the one that was next"],
  );
}

function refusal(
  code: SigningKeyErrorCode,
  { tenant }: EmergencyRequest,
  observation: string,
  remedies: readonly string[],
): SigningKeyError {
  return new SigningKeyError(code, {
    attempt: `emergency on ${tenant}`,
    observation,
    remedy: remedies.join("; "),
  });
}
