import { setTimeout as sleep } from "node:timers/promises";
import { codesIn, refusal, Stack } from "./stack";
import { dashboard, effectsOn, PATHS, requestsTo, ringOf, startTenants, tenantFields } from "./tenants";
import { startTrustingHost, startWorld, type World } from "./world";

jest.setTimeout(60_000);

let world: World;
let emulator: World["emulator"];
let host: World["host"];
let nextTenant: World["nextTenant"];
let unmanaged: World["unmanaged"];
let managed: World["managed"];
let rotated: World["rotated"];
let listening: World["listening"];

beforeAll(async () => {
  world = await startWorld(22);
  ({ emulator, host, nextTenant, unmanaged, managed, rotated, listening } = world);
});

afterEach(async () => {
  await emulator.clearFaults();
});

afterAll(async () => {
  await world.stop();
});

const UNCHANGED = { intent: "same", rotation: "same" };

describe("creation", () => {
  test("at generation 0 adopts the ring as it is, without a write", async () => {
    const { tenant, stack, effects } = await managed({ generation: 0 });
    const { current, next } = await ringOf(emulator, tenant);
    expect(stack.outputs).toMatchObject({
      domain: tenant.domain,
      jwksUri: `https://${tenant.domain}/.well-known/jwks.json`,
      generation: 0,
      currentKey: { kid: current },
      nextKey: { kid: next },
      previousKeys: [],
      retired: [],
      revocable: [],
      foreign: [],
      pending: [],
    });
    expect(stack.outputs).not.toHaveProperty("rotatedAt");
    expect(stack.outputs.currentKey.certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(stack.outputs.currentKey.fingerprint.replaceAll(":", "")).toBe(
      stack.outputs.currentKey.thumbprint,
    );
    expect(await effects()).toEqual([]);
  });

  test("at generation 1 rotates once, in six requests, and takes the next key as current from the list", async () => {
    const { tenant, stack, up } = unmanaged();
    const { current, next } = await ringOf(emulator, tenant);
    expect(await up({ generation: 1 })).toEqual({ intent: "create", rotation: "create" });
    expect(await requestsTo(emulator, tenant)).toEqual(["token", "list", "list", "rotate", "list", "jwks"]);
    expect(stack.outputs).toMatchObject({
      generation: 1,
      currentKey: { kid: next },
      previousKeys: [{ kid: current }],
      retired: [{ kid: current, generation: 1, retiredAt: stack.outputs.rotatedAt }],
      pending: [],
    });
    expect(stack.outputs.nextKey?.kid).not.toBe(next);
    expect(stack.outputs.retired[0]).not.toHaveProperty("revokeDueAt");
  });

  test("at generation 7 with nothing recorded adopts, revokes nothing and says so", async () => {
    const all = unmanaged();
    await dashboard(emulator, all.tenant, "rotate");
    const before = await all.effects();
    const says = listening();
    await all.preview({ generation: 7, revokePrevious: true });
    await says(/generation 7: no state for .*: taken as carried out; raise to 8 to rotate/);
    await all.up({ generation: 7, revokePrevious: true });
    expect(all.stack.outputs).toMatchObject({ generation: 7, retired: [] });
    expect(all.stack.outputs.foreign).toHaveLength(1);
    expect(await all.effects()).toEqual(before);
    await all.up({ generation: 8, revokePrevious: true, gracePeriod: "1h" });
    expect(await all.effects()).toHaveLength(before.length + 1);
  });

  test("at generation 7 rotates if expectedCurrentKid names the current key", async () => {
    const { tenant, stack, up, effects } = unmanaged();
    const { current } = await ringOf(emulator, tenant);
    await up({ generation: 7, expectedCurrentKid: current });
    expect(stack.outputs).toMatchObject({ generation: 7, retired: [{ kid: current, generation: 7 }] });
    expect(await effects()).toEqual([`rotate ${current}`]);
  });

  test("at generation 7 adopts if expectedCurrentKid names another key", async () => {
    const { stack, up, effects } = unmanaged();
    await up({ generation: 7, expectedCurrentKid: "of-the-other-tenant" });
    expect(stack.outputs).toMatchObject({ generation: 7, retired: [] });
    expect(await effects()).toEqual([]);
  });

  test("at generation 1 with the flag revokes nothing in the same update", async () => {
    const { retired, effects, up } = await rotated({ revokePrevious: true, gracePeriod: "1s" });
    expect(await effects()).toEqual([`rotate ${retired}`]);
    // The tenant tells its time in whole seconds.
    await sleep(2_500);
    await up({ generation: 1, revokePrevious: true, gracePeriod: "1s" });
    expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
  });
});

describe("a raise", () => {
  test("rotates once, whatever the step, and the same program again does nothing", async () => {
    const { tenant, stack, up, effects } = await managed();
    const { current } = await ringOf(emulator, tenant);
    await emulator.clearJournal();
    expect(await up({ generation: 5 })).toEqual({ intent: "update", rotation: "update" });
    expect(await requestsTo(emulator, tenant)).toEqual(["list", "list", "rotate", "list", "jwks"]);
    expect(stack.outputs).toMatchObject({ generation: 5, retired: [{ kid: current, generation: 5 }] });
    expect(await up({ generation: 5 })).toEqual(UNCHANGED);
    expect(await effects()).toEqual([`rotate ${current}`]);
  });

  test("is foretold by the preview in words, the tenant first", async () => {
    const { tenant, preview } = await managed();
    const { current } = await ringOf(emulator, tenant);
    const says = listening();
    await preview({ generation: 1 });
    await says(
      new RegExp(
        `^${tenant.domain}: generation 0 → 1: rotate \\(${current} retires.*revoke nothing.*ring as recorded at \\d{4}-`,
        "m",
      ),
    );
  });

  test("that crosses with another rotation records both keys, says so, and revokes nothing", async () => {
    const { tenant, stack, up, effects } = await managed();
    const { current, next } = await ringOf(emulator, tenant);
    const patient = await startTrustingHost(emulator, "20s");
    try {
      stack.useHost(patient);
      // Time for somebody else's rotation before this one's answer is there.
      await emulator.fault({ fault: "delay", delayMs: 4_000, tenant: tenant.domain, match: PATHS.rotate });
      const done = up({ generation: 1, revokeNow: { kid: current, reason: "leaked" } });
      while (!(await requestsTo(emulator, tenant)).includes("rotate")) await sleep(20);
      await dashboard(emulator, tenant, "rotate");
      await done;
      expect(stack.outputs.retired.map(({ kid }) => kid)).toEqual([current, next]);
      expect(await effects()).toEqual([`rotate ${current}`, `rotate ${next}`]);
      expect(patient.stdout()).toMatch(/two rotations crossed/);
    } finally {
      await patient.stop();
    }
  });

  test("after which the JWKS is stale stays pending, and revokes nothing until it is not", async () => {
    const { tenant, stack, up, effects } = await managed();
    const { current } = await ringOf(emulator, tenant);
    const args = { generation: 1, verifyTimeout: "2s", revokeNow: { kid: current, reason: "leaked" } };
    await emulator.fault({ fault: "stale-jwks", tenant: tenant.domain, times: 1000 });
    const error = await refusal(up(args));
    expect(codesIn(error)).toEqual(["verification_timeout"]);
    expect(stack.outputs.pending).toMatchObject([{ step: "verify-rotation" }]);
    expect(codesIn(await refusal(up(args)))).toEqual(["verification_timeout"]);
    expect(await effects()).toEqual([`rotate ${current}`]);
    await emulator.clearFaults();
    await up(args);
    expect(stack.outputs.pending).toEqual([]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });
});

describe("the day's budget of five rotations", () => {
  let counted: Awaited<ReturnType<typeof startTenants>>;

  beforeAll(async () => {
    counted = await startTenants(1, "--rotations-per-day", "2");
  });

  afterAll(async () => {
    await counted.emulator.stop();
  });

  test("stops a rotation at Auth0's 429: it stays recorded, and is carried out once when the day is over", async () => {
    const tenant = counted.nextTenant();
    const base = { tenant: tenantFields(tenant), minKeyAge: "0s" };
    const own = await startTrustingHost(counted.emulator);
    try {
      const stack = new Stack(own);
      await stack.up({ ...base, generation: 1 });
      await stack.up({ ...base, generation: 2 });
      const error = await refusal(stack.up({ ...base, generation: 3 }));
      expect(codesIn(error)).toEqual(["rate_limited"]);
      expect(error.message).toMatch(/answers again from \d{4}-/);
      expect(await stack.up({ ...base, generation: 2 })).toEqual({ intent: "update", rotation: "same" });
      await refusal(stack.up({ ...base, generation: 3 }));
      await counted.emulator.advanceClock("25h");
      expect(await stack.up({ ...base, generation: 3 })).toEqual({ intent: "same", rotation: "update" });
      expect(await effectsOn(counted.emulator, tenant)).toHaveLength(3);
      expect(stack.outputs.retired.map(({ generation }) => generation)).toEqual([1, 2, 3]);
    } finally {
      await own.stop();
    }
  });
});

describe("the wrong tenant", () => {
  test("is refused by the rotation itself, and by read", async () => {
    const all = await rotated();
    const other = nextTenant();
    const before = all.stack.state;
    const error = await refusal(all.stack.upRotation({ ...all.base, tenant: tenantFields(other) }));
    expect(codesIn(error)).toEqual(["wrong_tenant"]);
    expect(error.message).toMatch(new RegExp(`${all.tenant.domain}|${other.domain}`));
    expect(all.stack.state).toEqual(before);
    const properties = { ...all.stack.outputs, tenant: tenantFields(other) };
    const read = await refusal(host.read(all.tenant.domain, properties));
    expect(codesIn(read)).toEqual(["wrong_tenant"]);
    expect(await effectsOn(emulator, other)).toEqual([]);
  });

  test("is not the same tenant under another domain", async () => {
    const all = await rotated();
    const domain = all.tenant.domain.replace("localhost", "127.0.0.1");
    const tenant = { ...tenantFields(all.tenant), domain, audience: all.tenant.audience };
    const second = (await ringOf(emulator, all.tenant)).current;
    expect(await all.up({ tenant, generation: 2 })).toEqual({ intent: "update", rotation: "update" });
    expect(all.stack.outputs).toMatchObject({ domain, generation: 2 });
    expect(all.stack.outputs.retired).toHaveLength(2);
    expect(await all.effects()).toEqual([`rotate ${all.retired}`, `rotate ${second}`]);
    expect(all.stack.state.rotation?.id).toBe(all.tenant.domain);
    await all.stack.refresh();
    expect(all.stack.state.rotation?.id).toBe(all.tenant.domain);
  });
});

describe("refresh", () => {
  test("returns exactly what is recorded where nothing is new", async () => {
    const { tenant, stack } = await rotated({ gracePeriod: "24h", reason: "yearly" });
    const before = stack.state;
    await emulator.clearJournal();
    await stack.refresh();
    expect(stack.state).toEqual(before);
    expect(await requestsTo(emulator, tenant)).toEqual(["list"]);
  });

  test("records what somebody else has done, writes nothing, keeps the id, and leaves the next update nothing to do", async () => {
    const { tenant, stack, retired, up, effects } = await rotated({ gracePeriod: "24h" });
    const foreign = (await ringOf(emulator, tenant)).current;
    await dashboard(emulator, tenant, "rotate");
    await dashboard(emulator, tenant, `revoke/${retired}`);
    const before = await effects();
    await stack.refresh();
    expect(stack.state.rotation?.id).toBe(tenant.domain);
    expect(stack.outputs).toMatchObject({
      generation: 1,
      currentKey: { kid: (await ringOf(emulator, tenant)).current },
      previousKeys: [{ kid: foreign }],
      retired: [{ kid: retired, revokedAt: expect.any(String) as string }],
      foreign: [foreign],
    });
    expect(await up({ generation: 1, gracePeriod: "24h" })).toEqual(UNCHANGED);
    expect(await effects()).toEqual(before);
  });

  test("of an unmanaged tenant gives its ring, for get", async () => {
    const tenant = nextTenant();
    const { rotation } = (await managed()).stack.state;
    const properties = { tenant: tenantFields(tenant), __provider: rotation?.inputs["__provider"] };
    const { id, properties: read } = await host.read(tenant.domain, properties);
    expect(id).toBe(tenant.domain);
    expect(read).toMatchObject({ domain: tenant.domain, generation: 0, retired: [], foreign: [] });
    const error = await refusal(host.read("acme.auth0.com", properties));
    expect(codesIn(error)).toEqual(["wrong_tenant"]);
  });
});

test("destroying writes nothing in Auth0 and says so, and a new start adopts what is there", async () => {
  const { tenant, stack, retired, base, effects } = await rotated();
  const says = listening();
  await emulator.clearJournal();
  await stack.destroy();
  await says(
    `${tenant.domain}: the rotation is no longer managed here; the tenant's keys stay as they are, none is revoked`,
  );
  expect(await requestsTo(emulator, tenant)).toEqual([]);
  await stack.up({ ...base, generation: 0, revokePrevious: true });
  expect(stack.outputs).toMatchObject({ retired: [], foreign: [retired] });
  expect(await effects()).toEqual([]);
});

test("a change of words alone is recorded without a write", async () => {
  const { stack, retired, up, effects } = await rotated();
  expect(await up({ generation: 1, reason: "audit finding 12" })).toEqual({
    intent: "same",
    rotation: "update",
  });
  expect(stack.outputs.reason).toBe("audit finding 12");
  expect(await effects()).toEqual([`rotate ${retired}`]);
});
