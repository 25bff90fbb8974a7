import { Runtime } from "../../../src/lifecycle/runtime";
import { settle } from "../../../src/lifecycle/settle";
import type { KeyRing } from "../../../src/tenant/keyRing";
import type { Tenant } from "../../../src/tenant/tenant";
import { FakeClock } from "../fakeClock";
import { DOMAIN, keyRingOf } from "../keyRingOf";
import { rejectedBy } from "../thrownBy";

const STANDING_SECONDS = 15;
const before = keyRingOf({ previous: ["old"] });
const oldRevoked = keyRingOf({ revoked: ["old"] });
const rotated = keyRingOf({ current: "next", next: "new", previous: ["current", "old"] });

/** Watches a tenant whose ring at each second since the start is as told. */
async function watch(ringAt: (second: number) => KeyRing): Promise<{ ring: KeyRing; seconds: number }> {
  const clock = new FakeClock();
  const start = clock.now().getTime();
  const seconds = (): number => (clock.now().getTime() - start) / 1000;
  const runtime = new Runtime(
    clock,
    () => ({}),
    () => Promise.resolve(),
  );
  const tenant = { domain: DOMAIN, listKeys: () => Promise.resolve(ringAt(seconds())) } as Pick<
    Tenant,
    "domain" | "listKeys"
  >;
  const ring = await settle(tenant as Tenant, before, runtime, "a rotation may be in flight");
  return { ring, seconds: seconds() };
}

test("a ring that stands unchanged is watched for the request time-out and half as long again", async () => {
  const { ring, seconds } = await watch(() => before);
  expect(ring).toBe(before);
  expect(seconds).toBeGreaterThanOrEqual(STANDING_SECONDS);
  expect(seconds).toBeLessThan(STANDING_SECONDS + 3);
});

test("a rotation ends the watch at once", async () => {
  const { ring, seconds } = await watch((second) => (second < 5 ? before : rotated));
  expect(ring).toBe(rotated);
  expect(seconds).toBeLessThan(8);
});

test("a list from before an earlier rotation is no rotation, and starts the watch anew", async () => {
  const older = keyRingOf({ current: "old", next: "current" });
  const { ring, seconds } = await watch((second) => (second < 4 || second > 7 ? before : older));
  expect(ring).toBe(before);
  expect(seconds).toBeGreaterThanOrEqual(7 + STANDING_SECONDS);
});

test("any other change starts the watch anew: somebody's revocation says nothing of a rotation in flight", async () => {
  const { ring, seconds } = await watch((second) => (second < 10 ? before : oldRevoked));
  expect(ring).toBe(oldRevoked);
  expect(seconds).toBeGreaterThanOrEqual(10 + STANDING_SECONDS);
});

test("a ring that never stands still is given up on", async () => {
  const error = await rejectedBy(() =>
    watch((second) => (Math.floor(second / 7) % 2 === 0 ? before : oldRevoked)),
  );
  expect(error.code).toBe("outcome_unknown");
  expect(error.message).toContain("it did not stand unchanged for 15 s");
});
