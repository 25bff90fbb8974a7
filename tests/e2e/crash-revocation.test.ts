import {
  atEffect,
  combinations,
  inFlight,
  killUpdate,
  RECOVERIES,
  recover,
  REVOKE,
  ROTATE,
  whileListing,
  whileVerifying,
  type Kill,
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

const KILLS: readonly Kill[] = ["the command", "all processes"];

/** The update lists, reads the JWKS, lists, revokes, lists again, and reads the JWKS once more. */
const MOMENTS: Readonly<Record<string, Moment>> = {
  "before the revocation": whileListing(2),
  "while the revocation is in flight": inFlight("PUT", REVOKE),
  "right after the revocation": atEffect("PUT", REVOKE),
  "while the revocation is verified": whileVerifying(2),
};

describe("a revocation, killed", () => {
  test.each(combinations(Object.keys(MOMENTS), KILLS, RECOVERIES))(
    "%s, %s, then %s: one revocation of the retired key",
    async (name, kill, recovery) => {
      const moment = MOMENTS[name];
      if (moment === undefined) throw new Error(`no such moment: ${name}`);
      const tenant = await supply.take();
      const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
      expect((await stack.up()).outcome).toBe(0);
      stack.write(rotationProgram({ generation: 1, revokePrevious: true }));
      await killUpdate(tenant, stack, moment, kill);
      await recover(stack, recovery);
      await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
    },
  );
});

describe("Rotate & Revoke in one update, killed", () => {
  test.each(
    combinations(
      ["right after the rotation", "right after the revocation"] as const,
      ["the command"] as const,
      RECOVERIES,
    ),
  )("%s, %s, then %s: one of each", async (name, kill, recovery) => {
    const tenant = await supply.take();
    const { current } = await tenant.ring();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    expect((await stack.up()).outcome).toBe(0);
    stack.write(rotationProgram({ generation: 1, revokeNow: { kid: current, reason: "leaked" } }));
    const moment = name === "right after the rotation" ? atEffect("POST", ROTATE) : atEffect("PUT", REVOKE);
    await killUpdate(tenant, stack, moment, kill);
    await recover(stack, recovery);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
  });
});

testWhatIsLeftBehind();
