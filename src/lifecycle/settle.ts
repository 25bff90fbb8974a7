import { SigningKeyError } from "../errors";
import { findKey, sameRing, type KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import type { Runtime } from "./runtime";

/** A ring that goes on changing is given up on after this many times the time for which it should stand. */
const LONGEST_WATCH = 4;

/**
 * Waits until nobody's rotation can be in flight any more: until the ring has stood unchanged for the request time-out
 * plus a margin, or has been rotated. Any other change starts the watch anew.
 * @returns the ring as it is then
 * @throws SigningKeyError `outcome_unknown` if the ring never stood still
 */
export async function settle(tenant: Tenant, ring: KeyRing, runtime: Runtime, why: string): Promise<KeyRing> {
  const standing = runtime.settleTime;
  const seconds = Math.round(standing / 1000);
  const { clock } = runtime;
  runtime.say(
    `${tenant.domain}: ${why}; watching the key ring until it has stood unchanged for ${seconds} s (${seconds * LONGEST_WATCH} s at the most) before anything is done`,
    "progress",
  );
  let latest = ring;
  let unchangedSince = clock.now().getTime();
  const settled = await runtime.waitUntil(
    `a rotation that may be in flight on ${tenant.domain}`,
    async () => {
      const seen = await tenant.listKeys();
      const isSame = sameRing(seen, latest);
      latest = seen;
      // Where the key is the next one, or unknown, the list is older than the one before.
      const former = findKey(seen, ring.current.kid)?.state;
      if (former === "previous" || former === "revoked") return seen;
      if (!isSame) unchangedSince = clock.now().getTime();
      return clock.now().getTime() - unchangedSince >= standing ? seen : undefined;
    },
    standing * LONGEST_WATCH,
  );
  if (settled !== undefined) return settled;
  throw new SigningKeyError("outcome_unknown", {
    attempt: `watching the key ring of ${tenant.domain}`,
    observation: `it did not stand unchanged for ${seconds} s, so somebody else is changing it`,
    remedy: "nothing was done on top of that; run it again once they have finished",
  });
}
