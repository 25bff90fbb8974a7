import { sameRing, type KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import { waitUntil } from "../tenant/wait";
import type { Runtime } from "./runtime";

/**
 * Waits until nobody's rotation can be in flight any more: until the ring has stood unchanged for the request time-out
 * plus a margin, or has changed.
 * @returns the ring as it is then
 */
export async function settle(tenant: Tenant, ring: KeyRing, runtime: Runtime, why: string): Promise<KeyRing> {
  const deadline = runtime.settleTime;
  runtime.say(
    `${tenant.domain}: ${why}; watching the key ring for ${Math.round(deadline / 1000)} s before anything is done`,
  );
  let latest = ring;
  const changed = await waitUntil(
    `a rotation that may be in flight on ${tenant.domain}`,
    async () => {
      latest = await tenant.listKeys();
      return sameRing(latest, ring) ? undefined : latest;
    },
    {
      clock: runtime.clock,
      deadline,
      say: (message) => {
        runtime.say(message);
      },
    },
  );
  return changed ?? latest;
}
