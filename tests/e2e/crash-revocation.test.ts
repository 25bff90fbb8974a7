import {
  atEffect,
  crashes,
  inFlight,
  killUpdate,
  momentOf,
  RaisedStacks,
  recover,
  REVOKE,
  ROTATE,
  whileListing,
  whileVerifying,
  type Moment,
} from "./crash";
import { expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationProgram } from "./program";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** The update lists, reads the JWKS, lists, revokes, lists again, and reads the JWKS once more. */
const MOMENTS: Readonly<Record<string, Moment>> = {
  "before the revocation": whileListing(2),
  "while the revocation is in flight": inFlight("PUT", REVOKE),
  "right after the revocation": atEffect("PUT", REVOKE),
  "while the revocation is verified": whileVerifying(2),
};

describe("a revocation, killed", () => {
  test.each(crashes(Object.keys(MOMENTS)))(
    "%s, %s, then %s: one revocation of the retired key",
    async (moment, kill, recovery) => {
      const tenant = await supply.take();
      const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
      expect((await stack.up()).outcome).toBe(0);
      stack.write(rotationProgram({ generation: 1, revokePrevious: true }));
      await killUpdate(tenant, stack, momentOf(MOMENTS, moment), kill);
      await recover(stack, recovery);
      await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
    },
  );
});

describe("Rotate & Revoke in one update, killed", () => {
  const writes: Readonly<Record<string, Moment>> = {
    "right after the rotation": atEffect("POST", ROTATE),
    "right after the revocation": atEffect("PUT", REVOKE),
  };
  const stacks = new RaisedStacks(supply);
  test.each(crashes(Object.keys(writes)))("%s, %s, then %s: one of each", async (moment, kill, recovery) => {
    const { tenant, stack, generation } = await stacks.next(moment);
    const { current } = await tenant.ring();
    stack.write(rotationProgram({ generation, revokeNow: { kid: current, reason: "leaked" } }));
    await killUpdate(tenant, stack, momentOf(writes, moment), kill);
    await recover(stack, recovery);
    await expectExactlyOnce(tenant, stack, { rotations: generation, revocations: generation });
  });
});

testWhatIsLeftBehind();
