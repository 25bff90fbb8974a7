import { setTimeout as sleep } from "node:timers/promises";
import type { TenantAccess } from "../support/emulator";
import { codesIn, refusal, Stack } from "./stack";
import {
  customDomainFields,
  dashboard,
  journalOf,
  PATHS,
  requestName,
  requestsTo,
  ringOf,
  tenantFields,
  type Request,
} from "./tenants";
import { startWorld, type World } from "./world";

jest.setTimeout(60_000);

/** For as long somebody else has time, on a machine that is busy. */
const MEANWHILE_MS = 1_000;

let world: World;

beforeAll(async () => {
  world = await startWorld(11);
});

afterAll(async () => {
  await world.stop();
});

/** How often a tenant has been asked for something. */
async function timesAsked(tenant: TenantAccess, request: Request): Promise<number> {
  return (await requestsTo(world.emulator, tenant)).filter((name) => name === request).length;
}

/** Runs an update whose nth request of a kind is answered late, and lets somebody act in the meantime. */
async function meanwhile(
  tenant: TenantAccess,
  request: Request,
  nth: number,
  update: () => Promise<unknown>,
  others: () => Promise<void>,
): Promise<void> {
  const { emulator } = world;
  const met = { tenant: tenant.domain, match: PATHS[request], fault: "delay" } as const;
  if (nth > 1) await emulator.fault({ ...met, delayMs: 0, times: nth - 1 });
  await emulator.fault({ ...met, delayMs: MEANWHILE_MS });
  const before = await timesAsked(tenant, request);
  const updated = update();
  while ((await timesAsked(tenant, request)) < before + nth) await sleep(20);
  await others();
  await updated;
}

describe("the key that signed the token is revoked by somebody else", () => {
  test("after the rotation that retired it: the update looks with a fresh token and takes it as revoked", async () => {
    const { tenant, stack, up, effects } = await world.managed();
    const { current } = await ringOf(world.emulator, tenant);
    const args = { generation: 1, revokeNow: { kid: current, reason: "leaked" } };
    await meanwhile(
      tenant,
      "rotate",
      1,
      () => up(args),
      () => dashboard(world.emulator, tenant, `revoke/${current}`),
    );
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
    expect(await requestsTo(world.emulator, tenant)).not.toContain("revoke");
    expect(stack.outputs.retired).toMatchObject([{ kid: current, revokedAt: expect.any(String) as string }]);
  });

  test("just before the rotation, after another rotation: that one is adopted, and none is added", async () => {
    const { tenant, stack, up, effects } = await world.managed();
    const { current } = await ringOf(world.emulator, tenant);
    await meanwhile(
      tenant,
      "list",
      2,
      () => up({ generation: 1 }),
      async () => {
        await dashboard(world.emulator, tenant, "rotate");
        await dashboard(world.emulator, tenant, `revoke/${current}`);
      },
    );
    expect(await requestsTo(world.emulator, tenant)).toContain("rotate");
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
    expect(stack.outputs).toMatchObject({ generation: 1, retired: [{ kid: current, generation: 1 }] });
  });

  test("just before a revocation, after another rotation: the key is revoked with a fresh token", async () => {
    const { tenant, stack, up, effects, retired } = await world.rotated();
    const { current } = await ringOf(world.emulator, tenant);
    await meanwhile(
      tenant,
      "list",
      2,
      () => up({ generation: 1, revokePrevious: true }),
      async () => {
        await dashboard(world.emulator, tenant, "rotate");
        await dashboard(world.emulator, tenant, `revoke/${current}`);
      },
    );
    const somebodyElse = [`rotate ${current}`, `revoke ${current}`];
    expect(await effects()).toEqual([`rotate ${retired}`, ...somebodyElse, `revoke ${retired}`]);
    expect(stack.outputs.retired).toMatchObject([{ kid: retired, revokedAt: expect.any(String) as string }]);
    expect(stack.outputs.pending).toEqual([]);
  });
});

describe("the key that is to be revoked is revoked by somebody else a moment before", () => {
  const REVOKED_SINCE = expect.any(String) as string;

  test("for being due: Auth0's refusal is looked into, and the key is recorded as revoked", async () => {
    const { tenant, stack, up, effects, retired } = await world.rotated();
    await meanwhile(
      tenant,
      "list",
      2,
      () => up({ generation: 1, revokePrevious: true }),
      () => dashboard(world.emulator, tenant, `revoke/${retired}`),
    );
    expect(await requestsTo(world.emulator, tenant)).toContain("revoke");
    expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
    expect(stack.outputs.retired).toMatchObject([{ kid: retired, revokedAt: REVOKED_SINCE }]);
    expect(await up({ generation: 1, revokePrevious: true })).toEqual({ intent: "same", rotation: "same" });
  });

  test("by name: done, and not asked again", async () => {
    const { tenant, stack, up, retired } = await world.rotated();
    const args = { generation: 1, revokeNow: { kid: retired, reason: "leaked" } };
    await meanwhile(
      tenant,
      "list",
      3,
      () => up(args),
      () => dashboard(world.emulator, tenant, `revoke/${retired}`),
    );
    expect(await timesAsked(tenant, "revoke")).toBe(1);
    expect(stack.outputs.retired).toMatchObject([{ kid: retired, revokedAt: REVOKED_SINCE }]);
    expect(await up(args)).toEqual({ intent: "same", rotation: "same" });
  });

  test("of a list: the rest of it is revoked all the same", async () => {
    const tenant = world.nextTenant();
    const { current: first, next: second } = await ringOf(world.emulator, tenant);
    await dashboard(world.emulator, tenant, "rotate");
    await dashboard(world.emulator, tenant, "rotate");
    const stack = new Stack(world.host);
    await meanwhile(
      tenant,
      "list",
      2,
      () => stack.upRevocation({ retired: [first, second], tenant: tenantFields(tenant) }),
      () => dashboard(world.emulator, tenant, `revoke/${first}`),
    );
    expect(stack.revocation.keys).toMatchObject(
      [first, second].map((kid) => ({ kid, revokedAt: REVOKED_SINCE })),
    );
    const { revoked } = await ringOf(world.emulator, tenant);
    expect(new Set(revoked)).toEqual(new Set([first, second]));
  });
});

test("what somebody else revokes is verified like what we revoke: a JWKS that goes on showing it is no success", async () => {
  const { emulator } = world;
  const { tenant, stack, up, retired } = await world.rotated();
  const met = { tenant: tenant.domain, match: PATHS.jwks };
  await emulator.fault({ ...met, fault: "delay", delayMs: 0 });
  await emulator.fault({ ...met, fault: "stale-jwks", times: 1_000 });
  // The key is revoked, and the answer says that it can't be.
  const lie = {
    fault: "status-after-effect",
    status: 400,
    match: PATHS.revoke,
    tenant: tenant.domain,
  } as const;
  await emulator.fault(lie);
  const args = { generation: 1, revokePrevious: true, verifyTimeout: "1s" };
  const error = await refusal(up(args));
  expect(codesIn(error)).toEqual(["verification_timeout"]);
  expect(stack.outputs.retired).toMatchObject([{ kid: retired, revokedAt: expect.any(String) as string }]);
  expect(stack.outputs.pending).toMatchObject([{ step: "verify-revocation", kid: retired }]);
  await emulator.clearFaults();
  await up(args);
  expect(stack.outputs.pending).toEqual([]);
  expect(await timesAsked(tenant, "revoke")).toBe(1);
});

test("a refused rotation is not asked for again, however the list changes", async () => {
  const { emulator } = world;
  const { tenant, up, effects } = await world.managed();
  await emulator.fault({
    tenant: tenant.domain,
    fault: "status",
    status: 400,
    times: 1_000,
    match: PATHS.rotate,
  });
  for (let list = 0; list < 20; list += 1) {
    await emulator.fault({
      tenant: tenant.domain,
      match: PATHS.list,
      fault: "delay",
      delayMs: 0,
      times: list === 0 ? 2 : 1,
    });
    await emulator.fault({
      tenant: tenant.domain,
      match: PATHS.list,
      fault: "rewrite",
      rewriting: "no-next",
    });
  }
  const error = await refusal(up({ generation: 1 }));
  expect(codesIn(error)).toEqual(["refused_by_auth0"]);
  expect(await timesAsked(tenant, "rotate")).toBe(1);
  expect(await effects()).toEqual([]);
  await emulator.clearFaults();
});

describe("somebody rotates once the canaries have passed: they have to pass with the key that is current then", () => {
  async function guarded() {
    const { emulator } = world;
    const tenant = world.nextTenant();
    const { current: first, next: second } = await ringOf(emulator, tenant);
    await dashboard(emulator, tenant, "rotate");
    await dashboard(emulator, tenant, "rotate");
    const stack = new Stack(world.host);
    const canaries = [{ audience: "https://api.example.com/", url: `https://${tenant.domain}/demo/api` }];
    const up = () => stack.upRevocation({ retired: [first, second], canaries, tenant: tenantFields(tenant) });
    await emulator.clearJournal();
    return { emulator, tenant, up };
  }

  /** The canaries and the revocations, and when somebody rotated in between. */
  async function order(tenant: TenantAccess): Promise<string[]> {
    const entries = await journalOf(world.emulator, tenant);
    return entries.flatMap((entry) => {
      if (entry.effect === "rotate") return ["somebody rotates"];
      const name = requestName(entry);
      return ["canary", "revoke"].includes(name) ? [name] : [];
    });
  }

  test("while a write waits for the rate limit", async () => {
    const { emulator, tenant, up } = await guarded();
    await emulator.fault({
      tenant: tenant.domain,
      fault: "status",
      status: 429,
      resetSeconds: 3,
      match: PATHS.revoke,
    });
    const updated = up();
    while (!(await requestsTo(emulator, tenant)).includes("revoke")) await sleep(20);
    await dashboard(emulator, tenant, "rotate");
    await updated;
    expect(await order(tenant)).toEqual([
      "canary",
      "revoke",
      "somebody rotates",
      "canary",
      "revoke",
      "revoke",
    ]);
  });

  test("between two keys", async () => {
    const { tenant, up } = await guarded();
    await meanwhile(tenant, "revoke", 1, up, () => dashboard(world.emulator, tenant, "rotate"));
    expect(await order(tenant)).toEqual(["canary", "revoke", "somebody rotates", "canary", "revoke"]);
  });
});

test("a revocation with nothing on record follows its tenant to a custom domain", async () => {
  const tenant = world.nextTenant();
  const stack = new Stack(world.host);
  await stack.upRevocation({ retired: [], tenant: tenantFields(tenant) });
  const custom = customDomainFields(tenant);
  await stack.upRevocation({ retired: [], tenant: custom });
  expect(stack.revocation.domain).toBe(custom["domain"]);
  await stack.refresh();
});
