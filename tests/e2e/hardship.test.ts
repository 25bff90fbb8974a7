import { setTimeout as sleep } from "node:timers/promises";
import { dashboard } from "../integration/tenants";
import { atEffect, inFlight, RaisedStacks, reach, ROTATE, whileListing, type Moment } from "./crash";
import { expectExactlyOnce } from "./exactlyOnce";
import { testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf, rotationProgram } from "./program";
import { TenantSupply } from "./tenants";
import { mustUp } from "./updates";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

const stacks = new RaisedStacks(supply);

/** The one stack of these tests, about to be raised by one generation more. */
async function aboutToRaise(by: "once" | "twice" | "full disk"): ReturnType<RaisedStacks["next"]> {
  const raise = await stacks.next(by);
  raise.stack.write(rotationProgram({ generation: raise.generation, minKeyAge: "0s" }));
  return raise;
}

describe("an update that is asked to end", () => {
  const once: [signal: "SIGINT" | "SIGTERM", name: string, moment: Moment, rotations: number][] = [
    ["SIGINT", "while the raise is recorded", whileListing(1), 0],
    ["SIGTERM", "before the rotation", whileListing(2), 1],
    ["SIGINT", "right after the rotation", atEffect("POST", ROTATE), 1],
  ];
  test.each(once)("%s %s: what was begun is ended and recorded", async (signal, _name, moment, rotations) => {
    const { tenant, stack, generation } = await aboutToRaise("once");
    const update = await reach(tenant, stack, moment);
    const { outcome, output } = await update.interrupt(signal);
    expect([outcome, output]).toEqual([1, expect.stringContaining("update canceled")]);
    await tenant.emulator.clearFaults();
    await expectExactlyOnce(tenant, stack, { rotations: generation - 1 + rotations, revocations: 0 });
    // It has let go of its lock.
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: generation, revocations: 0 });
  });

  const twice: [signal: "SIGINT" | "SIGTERM", name: string, moment: Moment][] = [
    ["SIGINT", "while the rotation is in flight", inFlight("POST", ROTATE)],
    ["SIGTERM", "right after the rotation", atEffect("POST", ROTATE)],
  ];
  test.each(twice)(
    "%s twice, %s: ends at once, and the next update goes on",
    async (signal, _name, moment) => {
      const { tenant, stack, generation } = await aboutToRaise("twice");
      const update = await reach(tenant, stack, moment);
      const ended = update.interrupt(signal);
      await sleep(200);
      await update.interrupt(signal);
      expect((await ended).outcome).not.toBe(0);
      await tenant.emulator.clearFaults();
      await stack.cancel();
      await mustUp(stack);
      await expectExactlyOnce(tenant, stack, { rotations: generation, revocations: 0 });
    },
  );
});

describe("a disk that is full when the rotation is to be recorded", () => {
  test("the state before it, put back, knows of the raise: one rotation, no key forgotten", async () => {
    const { tenant, stack } = await aboutToRaise("full disk");
    // Keys that the state doesn't hold yet make it grow by far at that point, and not before.
    for (let count = 0; count < 2; count += 1) await dashboard(tenant.emulator, tenant, "rotate");
    const { current, previous } = await tenant.ring();
    const blocks = Math.ceil((stack.stateFile.bytes + 3_000) / 512);
    const { outcome, output } = await stack.shell(
      `ulimit -f ${blocks}; pulumi up --yes --skip-preview --non-interactive`,
    );
    expect([outcome, output]).toEqual([1, expect.stringContaining("failed to save snapshot")]);
    expect((await tenant.ring()).previous).toContain(current);

    stack.stateFile.restoreBackup();
    expect(await mustUp(stack)).toContain(`rotation 1 has happened already: ${current} is no longer current`);
    const { retired, foreign, generation } = rotationOf(stack);
    expect([generation, retired.map((key) => key.kid)]).toEqual([1, [current]]);
    expect(new Set(foreign)).toEqual(new Set(previous));
    const byUs = (await tenant.journal()).filter(
      ({ method, effect }) => method === "POST" && effect === "rotate",
    );
    expect(byUs).toHaveLength(1);
  });
});

testWhatIsLeftBehind();
