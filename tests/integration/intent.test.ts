import { setTimeout as sleep } from "node:timers/promises";
import type { Emulator, TenantAccess } from "../support/emulator";
import { type ProviderHost, startProviderHost } from "../support/providerHost";
import { CheckFailed, codesIn, refusal, Stack, type ProgramArgs } from "./stack";
import { dashboard, effectsOn, PATHS, requestsTo, ringOf, startTenants, tenantFields } from "./tenants";

jest.setTimeout(60_000);

let emulator: Emulator;
let nextTenant: () => TenantAccess;
/** One run of the engine. */
let host: ProviderHost;
const otherHosts: ProviderHost[] = [];

beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(21));
  host = await startHost();
});

afterEach(async () => {
  await Promise.all(otherHosts.splice(0).map((other) => other.stop()));
  await emulator.clearFaults();
});

afterAll(async () => {
  await host.stop();
  await emulator.stop();
});

function startHost(env: Record<string, string> = { NODE_EXTRA_CA_CERTS: emulator.caFile }) {
  return startProviderHost({ env: { AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "2s", ...env } });
}

/** A later run of the engine, which recorded nothing itself. */
async function laterHost(env?: Record<string, string>): Promise<ProviderHost> {
  const later = await startHost(env);
  otherHosts.push(later);
  return later;
}

interface Managed {
  readonly tenant: TenantAccess;
  readonly stack: Stack;
  /** The program's arguments but for what a test is about. */
  readonly base: ProgramArgs;
}

/** A tenant of its own whose keys a stack has adopted as they are. */
async function managed(args: ProgramArgs = { generation: 0 }): Promise<Managed> {
  const tenant = nextTenant();
  const base = { tenant: tenantFields(tenant) };
  const stack = new Stack(host);
  await stack.up({ ...base, ...args });
  return { tenant, stack, base };
}

let shared: Promise<Managed> | undefined;

/** The same, for refusals: they leave it as it is, so one does for all of them. */
function adopted(): Promise<Managed> {
  shared ??= managed();
  return shared;
}

/** Refused before anything is recorded or written: the state stays as it is, and the old program still has nothing to do. */
async function refusedWithoutTrace({ tenant, stack }: Managed, args: ProgramArgs, former: ProgramArgs) {
  const before = stack.state;
  const effects = await effectsOn(emulator, tenant);
  const error = await refusal(stack.up(args));
  expect(stack.state).toEqual(before);
  expect(await effectsOn(emulator, tenant)).toEqual(effects);
  expect(await stack.up(former)).toEqual({ intent: "same", rotation: "same" });
  return error;
}

/** An application with these scopes and no others. */
async function application(tenant: TenantAccess, scopes: string[]): Promise<Record<string, string>> {
  const answer = await emulator.control("POST", "/clients", { tenant: tenant.domain, scopes });
  return { domain: tenant.domain, ...(answer.body as { clientId: string; clientSecret: string }) };
}

/** The intent is recorded, and the engine is killed before the rotation has begun. */
async function recordedRaise(to: number): Promise<Managed & { retiring: string }> {
  const all = await managed();
  await all.stack.upIntent({ ...all.base, generation: to });
  return { ...all, retiring: (await ringOf(emulator, all.tenant)).current };
}

describe("recording a raise", () => {
  test("notes from which key it starts, and takes one token and one list", async () => {
    const { tenant, stack, base } = await managed();
    const { current, next } = await ringOf(emulator, tenant);
    stack.useHost(await laterHost());
    await emulator.clearJournal();
    expect(await stack.upIntent({ ...base, generation: 3 })).toBe("update");
    expect(await requestsTo(emulator, tenant)).toEqual(["token", "list"]);
    expect(stack.intent).toMatchObject({
      generation: 3,
      baselines: [{ generation: 3, from: 0, kid: current }],
      kids: [current, next],
    });
  });

  test("is not moved by a refresh, and a refresh of it makes no request", async () => {
    const { tenant, stack } = await recordedRaise(1);
    const { intent } = stack.state;
    await dashboard(emulator, tenant, "rotate");
    await emulator.clearJournal();
    await stack.refresh();
    expect(stack.state.intent).toEqual(intent);
    expect(await requestsTo(emulator, tenant)).toEqual(["list"]);
  });
});

describe("refused before anything is recorded", () => {
  test("a raise while the current key is younger than minKeyAge; its age is the tenant's", async () => {
    const all = await managed({ generation: 1 });
    const raise = { ...all.base, generation: 2 };
    const error = await refusedWithoutTrace(all, raise, { ...all.base, generation: 1 });
    expect(codesIn(error)).toEqual(["key_too_young"]);
    expect(error.message).toMatch(/minKeyAge is 1h/);
    await emulator.advanceClock("61m", all.tenant.domain);
    await all.stack.up(raise);
    expect(all.stack.outputs.retired).toHaveLength(2);
  });

  test("a raise where expectedCurrentKid is not the current key", async () => {
    const all = await managed();
    const { current } = await ringOf(emulator, all.tenant);
    const raise = { ...all.base, generation: 1, expectedCurrentKid: current };
    await dashboard(emulator, all.tenant, "rotate");
    const error = await refusedWithoutTrace(
      all,
      { ...raise, minKeyAge: "0s" },
      { ...all.base, generation: 0 },
    );
    expect(codesIn(error)).toEqual(["current_kid_mismatch"]);
    expect(error.message).toContain(current);
  });

  test("a raise with revokePrevious and no gracePeriod, in the preview, with both ways out", async () => {
    const all = await adopted();
    const raise = { ...all.base, generation: 1, revokePrevious: true };
    await emulator.clearJournal();
    const error = await refusal(all.stack.preview(raise));
    expect(error).toBeInstanceOf(CheckFailed);
    expect(error.message).toMatch(/gracePeriod.*revokeNow/);
    expect(await requestsTo(emulator, all.tenant)).toEqual([]);
    await refusedWithoutTrace(all, raise, { ...all.base, generation: 0 });
  });

  test("the same where revokeNow names another key than the one that retires", async () => {
    const all = await managed({ generation: 1 });
    const [retired] = all.stack.outputs.retired;
    const error = await refusedWithoutTrace(
      all,
      {
        ...all.base,
        generation: 2,
        minKeyAge: "0s",
        revokePrevious: true,
        revokeNow: { kid: retired?.kid, reason: "leaked" },
      },
      { ...all.base, generation: 1 },
    );
    expect(codesIn(error)).toEqual(["no_grace_period"]);
  });

  test.each([
    [["read:signing_keys"], ["create:signing_keys", "update:signing_keys"]],
    [["read:signing_keys", "update:signing_keys"], ["create:signing_keys"]],
    [["read:signing_keys", "create:signing_keys"], ["update:signing_keys"]],
    [["create:signing_keys", "update:signing_keys"], ["read:signing_keys"]],
  ])("a raise by an application with %j only, naming %j", async (scopes, missing) => {
    const all = await adopted();
    const args = { generation: 1, tenant: await application(all.tenant, scopes) };
    const error = await refusedWithoutTrace(all, args, { ...all.base, generation: 0 });
    expect(new Set(codesIn(error))).toEqual(new Set(["insufficient_scope"]));
    const granted = /grant the application (.*?) \[/.exec(error.message)?.[1]?.split(", ");
    expect(granted).toEqual(missing);
  });

  test("everything that is wrong, at once", async () => {
    const all = await managed({ generation: 1 });
    const error = await refusedWithoutTrace(
      all,
      {
        generation: 2,
        expectedCurrentKid: "another",
        revokePrevious: true,
        revokeNow: { kid: "unknown", reason: "leaked" },
        tenant: await application(all.tenant, ["read:signing_keys"]),
      },
      { ...all.base, generation: 1 },
    );
    expect(codesIn(error)).toEqual([
      "current_kid_mismatch",
      "no_grace_period",
      "key_too_young",
      "not_revocable",
      "insufficient_scope",
    ]);
  });

  test("a revocation by name without the scope for it", async () => {
    const all = await managed({ generation: 1 });
    const [retired] = all.stack.outputs.retired;
    const error = await refusedWithoutTrace(
      all,
      {
        generation: 1,
        revokeNow: { kid: retired?.kid, reason: "leaked" },
        tenant: await application(all.tenant, ["read:signing_keys", "create:signing_keys"]),
      },
      { ...all.base, generation: 1 },
    );
    expect(codesIn(error)).toEqual(["insufficient_scope"]);
    expect(error.message).toContain("update:signing_keys");
  });

  test.each([
    ["the current key", "current"],
    ["the next key", "next"],
    ["an unknown key", "unknown"],
  ])("revokeNow of %s without a raise", async (_, which) => {
    const all = await adopted();
    const { current, next } = await ringOf(emulator, all.tenant);
    const kid = which === "current" ? current : which === "next" ? next : "unknown";
    const args = { ...all.base, generation: 0, revokeNow: { kid, reason: "leaked" } };
    const error = await refusedWithoutTrace(all, args, { ...all.base, generation: 0 });
    expect(codesIn(error)).toEqual(["not_revocable"]);
    expect(error.message).toContain(kid);
  });

  test("revokeNow of the next key with a raise, which only makes it current", async () => {
    const all = await adopted();
    const { next } = await ringOf(emulator, all.tenant);
    const args = { ...all.base, generation: 1, revokeNow: { kid: next, reason: "leaked" } };
    const error = await refusedWithoutTrace(all, args, { ...all.base, generation: 0 });
    expect(codesIn(error)).toEqual(["not_revocable"]);
  });

  test("revokeNow of the key that signed the static API token, with the remedy", async () => {
    const all = await adopted();
    const { current } = await ringOf(emulator, all.tenant);
    const tenant = {
      domain: all.tenant.domain,
      apiToken: await emulator.token({ access: all.tenant }),
    };
    const args = { generation: 1, revokeNow: { kid: current, reason: "leaked" }, tenant };
    const error = await refusedWithoutTrace(all, args, { ...all.base, generation: 0 });
    expect(codesIn(error)).toEqual(["token_not_current"]);
    expect(error.message).toMatch(/client id and secret/);
  });

  test("a wrong secret", async () => {
    const all = await adopted();
    const tenant = { ...tenantFields(all.tenant), clientSecret: "wrong" };
    const error = await refusedWithoutTrace(all, { generation: 1, tenant }, { ...all.base, generation: 0 });
    expect(codesIn(error)).toEqual(["access_denied"]);
    expect(error.message).toMatch(/client id and secret/);
  });

  test("a tenant that doesn't exist", async () => {
    const { domain, ...credentials } = tenantFields((await adopted()).tenant);
    const unknown = domain?.replace("localhost", "nobody.localhost");
    const stack = new Stack(host);
    const error = await refusal(stack.up({ generation: 1, tenant: { domain: unknown, ...credentials } }));
    expect(codesIn(error)).toEqual(["tenant_not_found"]);
    expect(error.message).toContain(unknown);
    expect(stack.state).toEqual({});
  });

  test("a certificate that is not trusted", async () => {
    const stack = new Stack(await laterHost({}));
    const { tenant } = await adopted();
    await emulator.clearJournal();
    const error = await refusal(stack.up({ generation: 1, tenant: tenantFields(tenant) }));
    expect(codesIn(error)).toEqual(["tls_untrusted"]);
    expect(error.message).toMatch(/NODE_EXTRA_CA_CERTS/);
    expect(stack.state).toEqual({});
    expect(await requestsTo(emulator, tenant)).toEqual([]);
  });

  test("another tenant, and never a replacement", async () => {
    const all = await managed({ generation: 1 });
    const other = (await adopted()).tenant;
    const args = { generation: 2, minKeyAge: "0s", tenant: tenantFields(other) };
    expect(await all.stack.preview(args)).toEqual({ intent: "update", rotation: "update" });
    const error = await refusedWithoutTrace(all, args, { ...all.base, generation: 1 });
    expect(codesIn(error)).toEqual(["wrong_tenant"]);
    expect(error.message).toContain(all.tenant.domain);
    expect(error.message).toContain(other.domain);
    expect(await effectsOn(emulator, other)).toEqual([]);
  });
});

describe("a raise that was recorded and not carried out", () => {
  test("is carried out by the next update, once the ring has stood still", async () => {
    const { tenant, stack, base, retiring } = await recordedRaise(1);
    const later = await laterHost();
    expect(await stack.useHost(later).up({ ...base, generation: 1 })).toEqual({
      intent: "same",
      rotation: "update",
    });
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`]);
    expect(later.stdout()).toMatch(
      /watching the key ring until it has stood unchanged for 3 s \(12 s at the most\)/,
    );
  });

  test("may be taken back", async () => {
    const { tenant, stack, base } = await recordedRaise(4);
    const later = await laterHost();
    expect(await stack.useHost(later).up({ ...base, generation: 0 })).toEqual({
      intent: "update",
      rotation: "same",
    });
    expect(later.stdout()).toContain("the raise to 4 was not carried out and is taken back");
    expect(stack.intent).toMatchObject({ generation: 0, baselines: [] });
    expect(await effectsOn(emulator, tenant)).toEqual([]);
  });

  test("may be lowered, and then rotates once for the lower generation", async () => {
    const { tenant, stack, base, retiring } = await recordedRaise(4);
    await stack.useHost(await laterHost()).up({ ...base, generation: 2 });
    expect(stack.outputs).toMatchObject({ generation: 2, retired: [{ kid: retiring, generation: 2 }] });
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`]);
  });

  test("may be raised further, and rotates once in all", async () => {
    const { tenant, stack, base, retiring } = await recordedRaise(1);
    await stack.useHost(await laterHost()).up({ ...base, generation: 2 });
    expect(stack.outputs).toMatchObject({ generation: 2, retired: [{ kid: retiring, generation: 2 }] });
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`]);
  });

  test("stays in force where revokeNow names the key that it retires", async () => {
    const { tenant, stack, base, retiring } = await recordedRaise(1);
    const args = { ...base, generation: 1, revokeNow: { kid: retiring, reason: "leaked" } };
    await stack.useHost(await laterHost()).up(args);
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`, `revoke ${retiring}`]);
  });
});

describe("a raise that was recorded, carried out and not recorded as such", () => {
  /** The engine is killed after the rotation, before it has recorded it. */
  async function lostRotation() {
    const all = await recordedRaise(1);
    const recorded = all.stack.state;
    await all.stack.upRotation({ ...all.base, generation: 1 });
    all.stack.state = recorded;
    return { ...all, later: await laterHost() };
  }

  test("is adopted by the next update, which says so", async () => {
    const { tenant, stack, base, retiring, later } = await lostRotation();
    expect(await stack.useHost(later).up({ ...base, generation: 1 })).toEqual({
      intent: "same",
      rotation: "update",
    });
    expect(later.stdout()).toContain("rotation 1 has happened already");
    expect(stack.outputs).toMatchObject({ generation: 1, retired: [{ kid: retiring, generation: 1 }] });
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`]);
  });

  test("is adopted by the next raise, which forgets no key", async () => {
    const { tenant, stack, base, retiring, later } = await lostRotation();
    const second = (await ringOf(emulator, tenant)).current;
    await stack.useHost(later).up({ ...base, generation: 2, minKeyAge: "0s" });
    expect(stack.outputs).toMatchObject({
      generation: 2,
      retired: [
        { kid: retiring, generation: 1 },
        { kid: second, generation: 2 },
      ],
    });
    expect(stack.outputs.foreign).toEqual([]);
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`, `rotate ${second}`]);
  });

  test("can't be lowered any more", async () => {
    const all = await lostRotation();
    all.stack.useHost(all.later);
    const before = all.stack.state;
    const error = await refusal(all.stack.up({ ...all.base, generation: 0 }));
    expect(codesIn(error)).toEqual(["generation_lowered"]);
    expect(error.message).toContain("rotation 1 cannot be undone: keep 1, or raise to 2");
    expect(all.stack.state).toEqual(before);
  });
});

test("a generation that has been carried out can't be lowered", async () => {
  const all = await managed({ generation: 3 });
  await all.stack.up({ ...all.base, generation: 4, minKeyAge: "0s" });
  const error = await refusedWithoutTrace(
    all,
    { ...all.base, generation: 3 },
    { ...all.base, generation: 4, minKeyAge: "0s" },
  );
  expect(codesIn(error)).toEqual(["generation_lowered"]);
  expect(error.message).toContain("rotation 4 cannot be undone: keep 4, or raise to 5");
});

test("a rotation whose outcome another process still has in flight is not repeated", async () => {
  const { tenant, stack, base, retiring } = await recordedRaise(1);
  await emulator.fault({ fault: "late-effect", delayMs: 1500, tenant: tenant.domain, match: PATHS.rotate });
  const killed = await laterHost();
  const lost = new Stack(killed);
  lost.state = stack.state;
  // In a host that is killed while its request is under way, with the effect still to come.
  const started = lost.upRotation({ ...base, generation: 1 }).catch(() => undefined);
  while (!(await requestsTo(emulator, tenant)).includes("rotate")) await sleep(50);
  await killed.kill();
  await started;
  await stack.useHost(await laterHost()).up({ ...base, generation: 1 });
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retiring}`]);
  expect(stack.outputs).toMatchObject({ generation: 1, retired: [{ kid: retiring, generation: 1 }] });
});
