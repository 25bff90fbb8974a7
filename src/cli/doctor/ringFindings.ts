import { durationMilliseconds, inWords } from "../../duration";
import { rotationBudget, rotationsLeft } from "../../lifecycle/rotationBudget";
import type { KeyRing, SigningKey } from "../../tenant/keyRing";
import { fail, ok, warn, type Finding } from "./finding";

/** Auth0 gives tokens 30 days at the most: a key that was retired before has none left that it signed. */
const LONGEST_TOKEN_LIFETIME = durationMilliseconds("30d");
const OLD_KEY = durationMilliseconds("365d");
/** What it takes if the next key is compromised as well. */
const ROTATIONS_OF_AN_EMERGENCY = 2;
const LARGEST_SKEW = durationMilliseconds("60s");

/** What is to be said of the keys as they are listed and published. */
export function ringFindings(ring: KeyRing, published: ReadonlySet<string>): Finding[] {
  return [
    nextFinding(ring),
    jwksFinding(ring, published),
    ageFinding(ring),
    previousFinding(ring),
    budgetFinding(ring),
  ];
}

function nextFinding({ current, next }: KeyRing): Finding {
  return next === undefined
    ? fail(
        "keys",
        `${current.kid} is current, and there is no next key`,
        "wait until the Dashboard shows one: nothing can be rotated before",
      )
    : ok("keys", `${current.kid} is current, ${next.kid} is next`);
}

function jwksFinding({ current, next }: KeyRing, published: ReadonlySet<string>): Finding {
  const missing = [current, ...(next ? [next] : [])].filter(({ kid }) => !published.has(kid));
  return missing.length === 0
    ? ok("JWKS", "it holds the current and the next key")
    : fail(
        "JWKS",
        `it lacks ${missing.map(({ kid, state }) => `the ${state} key ${kid}`).join(" and ")}`,
        "rotate and revoke nothing before it holds them; if it lasts, ask Auth0's support",
      );
}

function ageFinding({ current: { kid, since }, observedAt }: KeyRing): Finding {
  const check = "age of the current key";
  if (since === undefined)
    return warn(check, `Auth0 gives no date for ${kid}`, 'set minKeyAge to "0s" to rotate it');
  const age = observedAt.getTime() - Date.parse(since);
  return age > OLD_KEY
    ? warn(check, `current since ${since} (${inWords(age)})`, "rotate it")
    : ok(check, `current since ${since} (${inWords(age)})`);
}

function previousFinding({ previous, observedAt }: KeyRing): Finding {
  const check = "previous keys";
  if (previous.length === 0) return ok(check, "none is valid any more");
  const described = previous
    .map(({ kid, until }) => `${kid}${until === undefined ? "" : ` (retired ${until})`}`)
    .join(", ");
  const isUseless = ({ until }: SigningKey): boolean =>
    until !== undefined && observedAt.getTime() - Date.parse(until) > LONGEST_TOKEN_LIFETIME;
  const useless = previous.filter(isUseless).map(({ kid }) => kid);
  return useless.length === 0
    ? ok(check, `still valid: ${described}`)
    : warn(
        check,
        `still valid: ${described}; no token lives longer than 30 days, so ${useless.join(", ")} can only be misused`,
        `revoke ${useless.join(", ")}: by revokeNow, a SigningKeyRevocation, or in the Dashboard`,
      );
}

function budgetFinding(ring: KeyRing): Finding {
  const budget = rotationBudget(ring);
  const { used, left, availableAt } = budget;
  const observation = `${used} in the last 24 hours at least; ${rotationsLeft(budget)}`;
  return left < ROTATIONS_OF_AN_EMERGENCY
    ? warn(
        "rotations left",
        observation,
        `leave them for an emergency, which may take ${ROTATIONS_OF_AN_EMERGENCY}; so many are left from ${availableAt(ROTATIONS_OF_AN_EMERGENCY).toISOString()} on`,
      )
    : ok("rotations left", observation);
}

/**
 * Compares the tenant's clock with this machine's.
 * @param asked when the list was asked for, by this machine's clock
 * @param answered when the answer had come
 */
export function clockFinding(tenantTime: Date, asked: Date, answered: Date): Finding {
  // The tenant's time is cut to seconds, and was taken at some moment between asking and the answer.
  const ahead = asked.getTime() - 1_000 - tenantTime.getTime();
  const behind = tenantTime.getTime() - answered.getTime();
  const skew = Math.max(ahead, behind, 0);
  if (skew <= LARGEST_SKEW) return ok("clock", "this machine and the tenant agree");
  return warn(
    "clock",
    `this machine is ${inWords(skew)} ${ahead > behind ? "ahead of" : "behind"} the tenant`,
    "set it right: a preview says by this machine's clock what is due, and a client assertion is refused if it is off",
  );
}
