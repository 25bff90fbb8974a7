import { codesIn, refusal } from "./stack";
import { PATHS, requestsTo, ringOf } from "./tenants";
import { startWorld, type World } from "./world";

jest.setTimeout(60_000);

let world: World;

beforeAll(async () => {
  world = await startWorld(5);
});

afterEach(async () => {
  await world.emulator.clearFaults();
});

afterAll(async () => {
  await world.stop();
});

/** From now on the tenant lists its keys so. */
async function listsWith(rewriting: string, { domain }: { domain: string }): Promise<void> {
  await world.emulator.fault({
    fault: "rewrite",
    rewriting,
    tenant: domain,
    match: PATHS.list,
    times: 1_000,
  });
}

describe("a tenant that lists no next key", () => {
  test("is adopted as it is", async () => {
    const { tenant, stack, up, effects } = world.unmanaged();
    await listsWith("no-next", tenant);
    await up({ generation: 0 });
    expect(stack.outputs).toMatchObject({ generation: 0, pending: [] });
    expect(stack.outputs).not.toHaveProperty("nextKey");
    expect(await effects()).toEqual([]);
  });

  test("is not rotated: the raise is refused before anything is recorded", async () => {
    const { tenant, stack, up, effects } = await world.managed();
    const before = stack.state;
    await listsWith("no-next", tenant);
    expect(codesIn(await refusal(up({ generation: 1 })))).toEqual(["no_next_key"]);
    expect(stack.state).toEqual(before);
    expect(await effects()).toEqual([]);
  });

  test("has its retired key revoked all the same", async () => {
    const { tenant, stack, up, effects, retired } = await world.rotated();
    await listsWith("no-next", tenant);
    await up({ generation: 1, revokePrevious: true });
    expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
    expect(stack.outputs.pending).toEqual([]);
  });
});

describe("a tenant that lists two current keys", () => {
  test("is looked at and no more, whatever is asked, and nothing of it is recorded", async () => {
    const { tenant, stack, up, effects } = await world.rotated({ gracePeriod: "1h" });
    const before = [await effects(), stack.outputs, stack.intent];
    const { current } = await ringOf(world.emulator, tenant);
    await listsWith("second-current", tenant);
    const made = (await requestsTo(world.emulator, tenant)).length;
    for (const ask of [
      () => up({ generation: 2, gracePeriod: "1h" }),
      () => up({ generation: 1, revokePrevious: true }),
      () => up({ generation: 2, gracePeriod: "1h", revokeNow: { kid: current, reason: "leaked" } }),
      () => stack.refresh(),
    ]) {
      const error = await refusal(ask());
      expect(codesIn(error)).toEqual(["unexpected_answer"]);
      expect(error.message).toContain("2 keys are listed as current");
    }
    expect([await effects(), stack.outputs, stack.intent]).toEqual(before);
    const since = (await requestsTo(world.emulator, tenant)).slice(made);
    expect(new Set(since)).toEqual(new Set(["list"]));
  });

  test("is not taken over either", async () => {
    const { tenant, stack, up, effects } = world.unmanaged();
    await listsWith("second-current", tenant);
    expect(codesIn(await refusal(up({ generation: 1 })))).toEqual(["unexpected_answer"]);
    expect(stack.state).toEqual({});
    expect(await effects()).toEqual([]);
  });
});
