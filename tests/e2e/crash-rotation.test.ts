import {
  atEffect,
  crashes,
  inFlight,
  killUpdate,
  momentOf,
  RaisedStacks,
  recover,
  ROTATE,
  whileListing,
  whileVerifying,
  type Moment,
} from "./crash";
import { expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf, rotationProgram } from "./program";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** The update lists for its intent, lists, rotates, lists again, and reads the JWKS. */
const MOMENTS: Readonly<Record<string, Moment>> = {
  "before the raise is recorded": whileListing(1),
  "before the rotation": whileListing(2),
  "while the rotation is in flight": inFlight("POST", ROTATE),
  "right after the rotation": atEffect("POST", ROTATE),
  "while the rotation is verified": whileVerifying(1),
};
const moments = Object.keys(MOMENTS);

describe("a raise, killed", () => {
  const stacks = new RaisedStacks(supply);
  test.each(crashes(moments))(
    "%s, %s, then %s: one rotation, no key forgotten",
    async (moment, kill, recovery) => {
      const { tenant, stack, generation } = await stacks.next(moment);
      const grace = { gracePeriod: "24h", revokePrevious: true };
      stack.write(rotationProgram({ generation, ...grace, minKeyAge: "0s" }));
      await killUpdate(tenant, stack, momentOf(MOMENTS, moment), kill);
      await recover(stack, recovery);
      await expectExactlyOnce(tenant, stack, { rotations: generation, revocations: 0 });
      const retired = rotationOf(stack).retired.at(-1);
      expect(retired).toMatchObject({ generation, revokeDueAt: expect.any(String) as string });
    },
  );
});

describe("a creation at generation 1, killed", () => {
  test.each(crashes(moments, ["up"]))(
    "%s, %s, then %s: one rotation, no key forgotten",
    async (moment, kill, recovery) => {
      const tenant = await supply.take();
      const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
      await killUpdate(tenant, stack, momentOf(MOMENTS, moment), kill);
      await recover(stack, recovery);
      await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    },
  );
});

testWhatIsLeftBehind();
