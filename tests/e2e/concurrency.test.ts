import { setTimeout as sleep } from "node:timers/promises";
import { dashboard } from "../integration/tenants";
import type { Stack } from "../support/engine";
import { LIST, ROTATE } from "./crash";
import { effectsOf, expectNoRevocationOfAKeyInUse } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { intentOf, rotationOf, rotationProgram } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";
import { mustFail, mustUp } from "./updates";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** Longer than two updates that are started together are apart when they come to the same request. */
const HELD_MS = 5_000;
const REQUEST_TIMEOUT = "20s";

/** Two stacks of one tenant that have both adopted its keys. */
async function twoStacks(): Promise<{ tenant: TestTenant; one: Stack; other: Stack }> {
  const tenant = await supply.take();
  const [one, other] = await Promise.all(
    [1, 2].map(async () => {
      const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
      stack.setEnvironment({ AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: REQUEST_TIMEOUT });
      await mustUp(stack);
      return stack;
    }),
  );
  if (one === undefined || other === undefined) throw new Error("two stacks");
  return { tenant, one, other };
}

async function hold(tenant: TestTenant, method: string, path: string, times: number): Promise<void> {
  const { emulator, domain } = tenant;
  const match = { method, path };
  await emulator.fault({ fault: "delay", delayMs: HELD_MS, times, match, tenant: domain });
}

function retiredKids(stack: Stack): string[] {
  return rotationOf(stack).retired.map((key) => key.kid);
}

describe("two updates of two stacks at one barrier", () => {
  test("one rotation each, both say that they crossed, no key is forgotten, and only retired ones are revoked", async () => {
    const { tenant, one, other } = await twoStacks();
    const raise = { generation: 1, gracePeriod: "1s", revokePrevious: true, minKeyAge: "0s" };
    const { current, next } = await tenant.ring();
    // Each lists the keys twice, for its intent and for the rotation. Neither rotates before both have listed them twice,
    // and neither is answered before both have rotated.
    await hold(tenant, "GET", LIST, 4);
    await hold(tenant, "POST", ROTATE, 2);
    for (const stack of [one, other]) stack.write(rotationProgram(raise));
    const outputs = await Promise.all([mustUp(one), mustUp(other)]);

    expect(effectsOf(await tenant.journal())).toEqual({ rotated: [current, next], revoked: [] });
    for (const output of outputs)
      expect(output).toContain(`two rotations crossed: ${current} and ${next} are both retired`);
    expect([retiredKids(one), retiredKids(other)]).toEqual([
      [current, next],
      [current, next],
    ]);

    await sleep(1_000);
    await mustUp(one);
    await mustUp(other);
    const journal = await tenant.journal();
    expect(effectsOf(journal)).toEqual({ rotated: [current, next], revoked: [current, next] });
    expectNoRevocationOfAKeyInUse(journal);
    for (const stack of [one, other]) {
      const { retired, pending, foreign } = rotationOf(stack);
      expect(retired.every((key) => key.revokedAt !== undefined)).toBe(true);
      expect([pending, foreign]).toEqual([[], []]);
    }
  });

  test("who lists after the other has rotated takes that as the rotation, and says so: there is only one", async () => {
    const { tenant, one, other } = await twoStacks();
    const { current } = await tenant.ring();
    for (const stack of [one, other]) stack.write(rotationProgram({ generation: 1 }));
    // Whoever comes first gets the ring for its intent late, as it was before the other rotates.
    await hold(tenant, "GET", LIST, 1);
    const outputs = await Promise.all([mustUp(one), mustUp(other)]);

    expect(effectsOf(await tenant.journal()).rotated).toEqual([current]);
    const adoption = `rotation 1 has happened already: ${current} is no longer current`;
    expect(outputs.filter((output) => output.includes(adoption))).toHaveLength(1);
    expect([retiredKids(one), retiredKids(other)]).toEqual([[current], [current]]);
  });
});

describe("expectedCurrentKid", () => {
  test("refuses whoever comes second while the first still waits for its answer, and nothing is recorded", async () => {
    const { tenant, one, other } = await twoStacks();
    const { current } = await tenant.ring();
    const program = rotationProgram({ generation: 1, minKeyAge: "0s", expectedCurrentKid: current });
    for (const stack of [one, other]) stack.write(program);
    await hold(tenant, "POST", ROTATE, 1);
    const first = mustUp(one);
    while (effectsOf(await tenant.journal()).rotated.length === 0) await sleep(50);
    await mustFail(other, "[current_kid_mismatch]");
    await first;

    expect(effectsOf(await tenant.journal()).rotated).toEqual([current]);
    expect(intentOf(other).outputs).toMatchObject({ generation: 0, baselines: [] });
    expect(rotationOf(other)).toMatchObject({ generation: 0, retired: [] });
    expect(retiredKids(one)).toEqual([current]);
  });
});

describe("two pipelines and a dashboard user, in turns", () => {
  test("each stack revokes what it retired and calls the rest foreign", async () => {
    const { tenant, one, other } = await twoStacks();
    const raiseTo = (generation: number): string =>
      rotationProgram({ generation, gracePeriod: "1s", revokePrevious: true, minKeyAge: "0s" });
    const revokedByUs = async (): Promise<string[]> =>
      effectsOf((await tenant.journal()).filter(({ method }) => method === "PUT")).revoked;

    const { current: byOne } = await tenant.ring();
    one.write(raiseTo(1));
    await mustUp(one);
    const { current: byUser } = await tenant.ring();
    await dashboard(tenant.emulator, tenant, "rotate");
    const { current: byOther } = await tenant.ring();
    other.write(raiseTo(1));
    expect(await mustUp(other)).toContain("were retired by somebody else and will not be revoked");
    expect(new Set(rotationOf(other).foreign)).toEqual(new Set([byOne, byUser]));

    await sleep(1_000);
    await mustUp(one, "--refresh");
    expect(await revokedByUs()).toEqual([byOne]);
    expect(new Set(rotationOf(one).foreign)).toEqual(new Set([byUser, byOther]));
    await dashboard(tenant.emulator, tenant, `revoke/${byOther}`);
    expect(await mustUp(other)).toContain(`${byOther} is revoked already`);
    expect(await revokedByUs()).toEqual([byOne]);

    const { current: again } = await tenant.ring();
    one.write(raiseTo(2));
    await mustUp(one);
    await sleep(1_000);
    await mustUp(one);
    await mustUp(other, "--refresh");
    expect(await revokedByUs()).toEqual([byOne, again]);
    expect([retiredKids(one), retiredKids(other)]).toEqual([[byOne, again], [byOther]]);
    expect((await tenant.ring()).previous).toEqual([byUser]);
    expectNoRevocationOfAKeyInUse(await tenant.journal());
  });
});

testWhatIsLeftBehind();
