import { setTimeout as sleep } from "node:timers/promises";
import { codesIn, refusal, Stack } from "./stack";
import { dashboard, requestsTo, ringOf } from "./tenants";
import { startWorld, type World } from "./world";

jest.setTimeout(60_000);

let world: World;
let emulator: World["emulator"];
let host: World["host"];
let unmanaged: World["unmanaged"];
let managed: World["managed"];
let rotated: World["rotated"];
let listening: World["listening"];

beforeAll(async () => {
  world = await startWorld(22);
  ({ emulator, host, unmanaged, managed, rotated, listening } = world);
});

afterEach(async () => {
  await emulator.clearFaults();
});

afterAll(async () => {
  await world.stop();
});

const UNCHANGED = { intent: "same", rotation: "same" };

/** The tenant tells its time in whole seconds, so it is sure to be past a date a good second later. */
const WHOLE_SECOND = 1_500;

describe("revokePrevious", () => {
  test("set later, at an unchanged generation and without grace, revokes in that update", async () => {
    const { tenant, stack, retired, up, effects } = await rotated();
    await emulator.clearJournal();
    expect(await up({ generation: 1, revokePrevious: true })).toEqual({ intent: "same", rotation: "update" });
    expect(await effects()).toEqual([`revoke ${retired}`]);
    const { revoked } = await ringOf(emulator, tenant);
    expect(revoked).toEqual([retired]);
    expect(stack.outputs.retired).toMatchObject([{ kid: retired, revokedAt: expect.any(String) as string }]);
    expect(stack.outputs.previousKeys).toEqual([]);
    expect(stack.outputs.pending).toEqual([]);
  });

  test("revokes with a token that the new key signed, asks for another one afterwards, and looks at the JWKS", async () => {
    const { tenant, up } = await rotated();
    await emulator.clearJournal();
    // The token in use was signed before the rotation.
    await up({ generation: 1, revokePrevious: true });
    const requests = await requestsTo(emulator, tenant);
    expect(requests.slice(0, requests.indexOf("revoke"))).toEqual(["list", "jwks", "token", "list"]);
    expect(requests.slice(requests.indexOf("revoke") + 1)).toEqual(["list", "token", "list", "jwks"]);
  });

  test("off and on again changes nothing", async () => {
    const { retired, up, effects } = await rotated();
    await up({ generation: 1, revokePrevious: true });
    const after = await effects();
    await up({ generation: 1, revokePrevious: false });
    await up({ generation: 1, revokePrevious: true });
    expect(await up({ generation: 1, revokePrevious: true })).toEqual(UNCHANGED);
    expect(await effects()).toEqual(after);
    expect(after).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
  });

  test("leaves alone what somebody else retired, and lists it as foreign", async () => {
    const { tenant, stack, retired, up, effects } = await rotated();
    const foreign = (await ringOf(emulator, tenant)).current;
    await dashboard(emulator, tenant, "rotate");
    const says = listening();
    await up({ generation: 1, revokePrevious: true });
    expect(stack.outputs.foreign).toEqual([foreign]);
    await says(new RegExp(`${foreign}.*retired by somebody else`));
    expect(stack.outputs.revocable).toEqual([]);
    expect(await effects()).toEqual([`rotate ${retired}`, `rotate ${foreign}`, `revoke ${retired}`]);
    await up({ generation: 1, revokePrevious: true, revokeNow: { kid: foreign, reason: "leaked" } });
    expect((await effects()).at(-1)).toBe(`revoke ${foreign}`);
    expect(stack.outputs.foreign).toEqual([]);
  });

  test("takes a key that the dashboard has revoked as done, without a call", async () => {
    const { tenant, stack, retired, up, effects } = await rotated();
    await dashboard(emulator, tenant, `revoke/${retired}`);
    await emulator.clearJournal();
    await up({ generation: 1, revokePrevious: true });
    expect(stack.outputs.retired[0]?.revokedAt).toBeDefined();
    expect(await effects()).toEqual([]);
    expect(await requestsTo(emulator, tenant)).not.toContain("revoke");
  });
});

describe("gracePeriod", () => {
  test("not over: nothing is done, and the preview says from when on", async () => {
    const { retired, stack, up, preview, effects } = await rotated({ gracePeriod: "24h" });
    const due = stack.outputs.retired[0]?.revokeDueAt ?? "";
    expect(Date.parse(due) - Date.parse(stack.outputs.rotatedAt ?? "")).toBe(24 * 3_600_000);
    const args = { generation: 1, gracePeriod: "24h", revokePrevious: true };
    const says = listening();
    await preview(args);
    await says(`revoke ${retired} not before ${due}`);
    await up(args);
    expect(stack.outputs.revocable).toEqual([]);
    expect(await up(args)).toEqual(UNCHANGED);
    expect(await effects()).toEqual([`rotate ${retired}`]);
  });

  test("over: the program needs no edit, the next update revokes", async () => {
    const args = { gracePeriod: "2s", revokePrevious: true };
    const { retired, up, effects } = await rotated(args);
    await sleep(2_000 + WHOLE_SECOND);
    expect(await up({ generation: 1, ...args })).toEqual({ intent: "same", rotation: "update" });
    expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
    expect(await up({ generation: 1, ...args })).toEqual(UNCHANGED);
  });

  test("over by the tenant's clock: a refresh shows the key as revocable, the next update revokes it", async () => {
    const args = { gracePeriod: "24h", revokePrevious: true };
    const { tenant, stack, retired, up, effects } = await rotated(args);
    await emulator.advanceClock("25h", tenant.domain);
    await stack.refresh();
    expect(stack.outputs.revocable).toEqual([retired]);
    expect(await effects()).toEqual([`rotate ${retired}`]);
    expect(await up({ generation: 1, ...args })).toEqual({ intent: "same", rotation: "update" });
    expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
    expect(stack.outputs.revocable).toEqual([]);
  });

  test("taken away brings nothing forward", async () => {
    const { stack, retired, up, effects } = await rotated({ gracePeriod: "24h" });
    const due = stack.outputs.retired[0]?.revokeDueAt;
    await up({ generation: 1 });
    await up({ generation: 1, revokePrevious: true });
    expect(stack.outputs.retired[0]?.revokeDueAt).toBe(due);
    expect(await effects()).toEqual([`rotate ${retired}`]);
  });

  test("shortened explicitly brings the date forward, which the preview says", async () => {
    const { stack, retired, up, preview, effects } = await rotated({
      gracePeriod: "24h",
      revokePrevious: true,
    });
    const due = stack.outputs.retired[0]?.revokeDueAt ?? "";
    const says = listening();
    await preview({ generation: 1, gracePeriod: "12h", revokePrevious: true });
    await says(`the revocation of ${retired} is brought forward from ${due} to `);
    await up({ generation: 1, gracePeriod: "12h", revokePrevious: true });
    expect(Date.parse(due) - Date.parse(stack.outputs.retired[0]?.revokeDueAt ?? "")).toBe(12 * 3_600_000);
    expect(await effects()).toEqual([`rotate ${retired}`]);
  });

  test("is counted for each key from its own retirement", async () => {
    const args = { gracePeriod: "24h", revokePrevious: true };
    const { tenant, stack, retired, up, effects } = await rotated(args);
    const second = (await ringOf(emulator, tenant)).current;
    await emulator.advanceClock("13h", tenant.domain);
    await up({ generation: 2, ...args });
    await emulator.advanceClock("13h", tenant.domain);
    await stack.refresh();
    await up({ generation: 2, ...args });
    expect(await effects()).toEqual([`rotate ${retired}`, `rotate ${second}`, `revoke ${retired}`]);
    await emulator.advanceClock("13h", tenant.domain);
    await stack.refresh();
    await up({ generation: 2, ...args });
    expect((await effects()).at(-1)).toBe(`revoke ${second}`);
  });
});

describe("revokeNow", () => {
  test("with a raise rotates and revokes at once, whatever the key's age and the grace period", async () => {
    const { tenant, stack, up, effects } = await rotated({ gracePeriod: "24h" });
    const { current } = await ringOf(emulator, tenant);
    const before = await effects();
    const args = {
      generation: 2,
      minKeyAge: "1h",
      gracePeriod: "24h",
      revokePrevious: true,
      revokeNow: { kid: current, reason: "leaked" },
    };
    await up(args);
    expect(await effects()).toEqual([...before, `rotate ${current}`, `revoke ${current}`]);
    expect(stack.outputs.retired.find(({ kid }) => kid === current)?.revokedAt).toBeDefined();
    expect(await up(args)).toEqual(UNCHANGED);
  });

  test("with a raise needs no grace period beside the flag", async () => {
    const { tenant, up, effects } = await managed();
    const { current } = await ringOf(emulator, tenant);
    await up({ generation: 1, revokePrevious: true, revokeNow: { kid: current, reason: "leaked" } });
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });

  test("of a key that waits for its time ends it early, once", async () => {
    const { stack, retired, up, preview, effects } = await rotated({
      gracePeriod: "24h",
      revokePrevious: true,
    });
    const args = {
      generation: 1,
      gracePeriod: "24h",
      revokePrevious: true,
      revokeNow: { kid: retired, reason: "leaked" },
    };
    const says = listening();
    await preview(args);
    await says(`revoke ${retired} now (leaked)`);
    await up(args);
    expect(stack.outputs.retired[0]?.revokedAt).toBeDefined();
    expect(await up(args)).toEqual(UNCHANGED);
    expect(await up({ generation: 1, gracePeriod: "24h", revokePrevious: true })).toMatchObject({
      rotation: "same",
    });
    expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
  });

  test("of a key that is revoked already is done, without a call", async () => {
    const { tenant, retired, up } = await rotated();
    await dashboard(emulator, tenant, `revoke/${retired}`);
    await emulator.clearJournal();
    const args = { generation: 1, revokeNow: { kid: retired, reason: "leaked" } };
    await up(args);
    expect(await requestsTo(emulator, tenant)).not.toContain("revoke");
    expect(await up(args)).toEqual(UNCHANGED);
  });

  test("stays in a program that is copied to a new stack, and revokes nothing but the key it names", async () => {
    const { tenant, retired, base, up, effects } = await rotated();
    const args = { generation: 2, revokeNow: { kid: retired, reason: "leaked" } };
    const second = (await ringOf(emulator, tenant)).current;
    await up(args);
    const before = await effects();
    expect(before).toEqual([`rotate ${retired}`, `rotate ${second}`, `revoke ${retired}`]);
    await new Stack(host).up({ ...base, ...args, revokePrevious: true });
    expect(await effects()).toEqual(before);
  });
});

describe("a static API token that the key to be revoked has signed", () => {
  test("is refused with the remedy, and nothing is revoked", async () => {
    const all = unmanaged();
    const apiToken = await emulator.token({ access: all.tenant });
    const withToken = { tenant: { domain: all.tenant.domain, apiToken } };
    const retired = (await ringOf(emulator, all.tenant)).current;
    await all.up({ ...withToken, generation: 1 });
    const before = all.stack.outputs;
    const error = await refusal(all.up({ ...withToken, generation: 1, revokePrevious: true }));
    expect(codesIn(error)).toEqual(["token_not_current"]);
    expect(error.message).toMatch(/client id and secret/);
    expect(error.message).not.toContain(apiToken);
    expect(all.stack.outputs).toEqual(before);
    expect(await all.effects()).toEqual([`rotate ${retired}`]);
    await all.up({ generation: 1, revokePrevious: true });
    expect(await all.effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
  });

  test("is no hindrance where it was issued after the rotation", async () => {
    const all = await rotated();
    const tenant = {
      domain: all.tenant.domain,
      apiToken: await emulator.token({ access: all.tenant }),
    };
    await all.up({ tenant, generation: 1, revokePrevious: true });
    expect(await all.effects()).toEqual([`rotate ${all.retired}`, `revoke ${all.retired}`]);
  });
});
