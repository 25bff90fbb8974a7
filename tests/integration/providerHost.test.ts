import { providerShell } from "../../src/shell";
import { isPlugin } from "../support/adapter";
import type { Emulator, TenantAccess } from "../support/emulator";
import { HostError, type ProviderHost, startProviderHost } from "../support/providerHost";
import {
  codesIn,
  intentInputs,
  refusal,
  rotationInputs,
  Stack,
  STACK_TRACE,
  TOKEN,
  type IntentOutputs,
  type ProgramArgs,
} from "./stack";
import {
  effectsOn,
  journalOf,
  PATHS,
  requestsTo,
  ringOf,
  startTenants,
  tenantConfig,
  tenantFields,
} from "./tenants";

jest.setTimeout(60_000);

let emulator: Emulator;
let nextTenant: () => TenantAccess;
const hosts: ProviderHost[] = [];

beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(13));
});

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await emulator.clearFaults();
});

afterAll(async () => {
  await emulator.stop();
});

/** A host as a new run of the engine starts it, in the environment of somebody who trusts the emulator's CA. */
async function newHost(config: Readonly<Record<string, string>> = {}): Promise<ProviderHost> {
  const env = { NODE_EXTRA_CA_CERTS: emulator.caFile, AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "2s" };
  const host = await startProviderHost({ config, env });
  hosts.push(host);
  return host;
}

/** The same with the tenant given as stack configuration. */
async function newTenantHost(): Promise<{ tenant: TenantAccess; host: ProviderHost }> {
  const tenant = nextTenant();
  return { tenant, host: await newHost(tenantConfig(tenant)) };
}

/** Lets the JWKS show the state before the last change for longer than any verification waits. */
async function staleJwks({ domain }: TenantAccess): Promise<void> {
  await emulator.fault({ fault: "stale-jwks", tenant: domain, times: 1000 });
}

describe("the host", () => {
  test("configures both of two creates that are sent at once", async () => {
    const { tenant, host } = await newTenantHost();
    const [one, other] = await Promise.all([
      host.create(intentInputs({ generation: 0 })),
      host.create(intentInputs({ generation: 0, reason: "at the same time" })),
    ]);
    expect(one.properties["domain"]).toBe(tenant.domain);
    expect(other.properties["domain"]).toBe(tenant.domain);
    const rotations = await Promise.all(
      [one, other].map(({ properties }) =>
        host.create(rotationInputs({}, properties as unknown as IntentOutputs)),
      ),
    );
    expect(rotations.map(({ id }) => id)).toEqual([tenant.domain, tenant.domain]);
    expect(await effectsOn(emulator, tenant)).toEqual([]);
  });

  test("serves two tenants at once, each with its own keys", async () => {
    const host = await newHost();
    const tenants = [nextTenant(), nextTenant()];
    const before = await Promise.all(tenants.map((tenant) => ringOf(emulator, tenant)));
    const stacks = await Promise.all(
      tenants.map(async (tenant) => {
        const stack = new Stack(host);
        await stack.up({ generation: 1, tenant: tenantFields(tenant) });
        return stack;
      }),
    );
    for (const [index, tenant] of tenants.entries()) {
      const retired = before[index]?.current ?? "";
      expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retired}`]);
      expect(stacks[index]?.outputs).toMatchObject({
        domain: tenant.domain,
        currentKey: { kid: before[index]?.next },
        retired: [{ kid: retired, generation: 1 }],
      });
    }
  });

  test("refuses the second of two resources on one tenant, which would rotate from the same key", async () => {
    const { tenant, host } = await newTenantHost();
    const before = await ringOf(emulator, tenant);
    const stacks = [new Stack(host), new Stack(host)] as const;
    const outcomes = await Promise.allSettled(
      stacks.map((stack) => stack.up({ generation: 1, minKeyAge: "0s" })),
    );
    const refusals = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [String(outcome.reason)] : [],
    );
    expect(refusals).toEqual([expect.stringContaining("[tenant_managed_twice]")]);
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${before.current}`]);
    const served = stacks[outcomes.findIndex(({ status }) => status === "fulfilled")];
    expect(served?.outputs.retired.map(({ kid }) => kid)).toEqual([before.current]);
  });

  test("stores outputs without anything undefined, and without a secret", async () => {
    const { tenant, host } = await newTenantHost();
    const stack = new Stack(host);
    await stack.up({ generation: 1, gracePeriod: "24h", reason: "yearly" });
    // The host could not have answered with an undefined in it; null would be one that got through.
    const text = JSON.stringify(stack.state);
    expect(text).not.toContain("null");
    expect(text).not.toContain(tenant.clientSecret);
    expect(Object.keys(stack.outputs).sort()).toEqual([
      "__provider",
      "currentKey",
      "domain",
      "foreign",
      "generation",
      "gracePeriod",
      "jwksUri",
      "nextKey",
      "observedAt",
      "pending",
      "previousKeys",
      "reason",
      "retired",
      "revocable",
      "revokePrevious",
      "rotatedAt",
    ]);
    expect(stack.outputs.retired[0]).toHaveProperty("revokeDueAt");
  });
});

describe("a create that fails after the rotation", () => {
  const args: ProgramArgs = { generation: 1, verifyTimeout: "2s" };

  async function failedCreate() {
    const { tenant, host } = await newTenantHost();
    const { current } = await ringOf(emulator, tenant);
    await staleJwks(tenant);
    const stack = new Stack(host);
    const error = await refusal(stack.up(args));
    await emulator.clearFaults();
    return { tenant, stack, error, retired: current };
  }

  test("is an init failure whose properties say what happened and what is pending", async () => {
    const { tenant, stack, error, retired } = await failedCreate();
    expect(error).toBeInstanceOf(HostError);
    expect(codesIn(error)).toEqual(["verification_timeout"]);
    const failure = (error as HostError).initFailure;
    expect(failure?.id).toBe(tenant.domain);
    expect(failure?.reasons).toEqual([error.message]);
    expect(failure?.properties["__provider"]).toBe(providerShell("rotation"));
    expect(stack.outputs).toMatchObject({
      generation: 1,
      retired: [{ kid: retired, generation: 1 }],
      pending: [{ step: "verify-rotation", kid: stack.outputs.currentKey.kid }],
    });
  });

  test("converges in the next update, with no second rotation", async () => {
    const { tenant, stack, retired } = await failedCreate();
    stack.useHost(await newHost(tenantConfig(tenant)));
    expect(await stack.up(args)).toEqual({ intent: "same", rotation: "update" });
    expect(stack.outputs.pending).toEqual([]);
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retired}`]);
    expect(await stack.up(args)).toEqual({ intent: "same", rotation: "same" });
  });

  test("converges after a refresh too, which erases init errors", async () => {
    const { tenant, stack, retired } = await failedCreate();
    stack.useHost(await newHost(tenantConfig(tenant)));
    await stack.refresh();
    expect(stack.state.rotation?.initErrors).toEqual([]);
    expect(await stack.up(args)).toEqual({ intent: "same", rotation: "update" });
    expect(stack.outputs.pending).toEqual([]);
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retired}`]);
  });

  test("can be destroyed", async () => {
    const { tenant, stack, retired } = await failedCreate();
    const host = await newHost(tenantConfig(tenant));
    await stack.useHost(host).destroy();
    expect(stack.state).toEqual({});
    expect(host.stdout()).toContain("the tenant's keys stay as they are");
    expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${retired}`]);
  });
});

describe("secrets given in the tenant input", () => {
  test("are echoed in the rotation's outputs alone, and stand in no message and no line of output", async () => {
    const host = await newHost();
    const tenant = nextTenant();
    const fields = tenantFields(tenant);
    const args: ProgramArgs = { generation: 1, minKeyAge: "0s", verifyTimeout: "2s", tenant: fields };
    const stack = new Stack(host);
    await staleJwks(tenant);
    const messages = [(await refusal(stack.up(args))).message];
    await emulator.clearFaults();
    await stack.up(args);
    expect(stack.outputs.tenant).toEqual(fields);
    expect(stack.state.intent?.outputs).not.toHaveProperty("tenant");
    const texts: [string, unknown][] = [
      ["token", { clientSecret: `${tenant.clientSecret}x` }],
      ["two kinds at once", { apiToken: await emulator.token({ access: tenant }) }],
      ["no text", { clientSecret: { value: tenant.clientSecret } }],
    ];
    for (const [, change] of texts) {
      const wrong = { ...args, generation: 2, tenant: { ...fields, ...(change as object) } };
      messages.push((await refusal(stack.up(wrong))).message);
    }
    await emulator.fault({
      fault: "status",
      status: 400,
      tenant: tenant.domain,
      match: PATHS.list,
      body: {
        message: `a proxy that quotes ${tenant.clientSecret} and ${await emulator.token({ access: tenant })}`,
      },
    });
    messages.push((await refusal(stack.up({ ...args, generation: 2 }))).message);
    expect(messages.at(-1)).toContain("a proxy that quotes");
    const shown = [...messages, host.stdout(), host.stderr()].join("\n");
    expect(shown).not.toContain(tenant.clientSecret);
    expect(shown).not.toMatch(TOKEN);
  });

  test("that have changed are an update without a write", async () => {
    const host = await newHost();
    const tenant = nextTenant();
    const answer = await emulator.control("POST", "/clients", {
      tenant: tenant.domain,
      scopes: ["read:signing_keys"],
    });
    const other = answer.body as { clientId: string; clientSecret: string };
    const stack = new Stack(host);
    await stack.up({ generation: 0, tenant: tenantFields(tenant) });
    const changed = { generation: 0, tenant: { domain: tenant.domain, ...other } };
    expect(await stack.up(changed)).toEqual({ intent: "same", rotation: "update" });
    expect(stack.outputs.tenant).toEqual(changed.tenant);
    expect(await stack.up(changed)).toEqual({ intent: "same", rotation: "same" });
    expect(await effectsOn(emulator, tenant)).toEqual([]);
  });
});

describe("check and diff", () => {
  test("make no request, whatever is changed", async () => {
    const { tenant, host } = await newTenantHost();
    const stack = new Stack(host);
    await stack.preview({ generation: 1 });
    expect(await requestsTo(emulator, tenant)).toEqual([]);
    await stack.up({ generation: 1 });
    await emulator.clearJournal();
    const next = new Stack(await newHost(tenantConfig(tenant)));
    next.state = stack.state;
    expect(await next.preview({ generation: 2, gracePeriod: "1h", revokePrevious: true })).toEqual({
      intent: "update",
      rotation: "update",
    });
    await next.preview({ generation: 1, revokeNow: { kid: "some-key", reason: "leaked" } });
    await next.preview({ generation: 1, revokePrevious: true });
    expect(await next.up({ generation: 1 })).toEqual({ intent: "same", rotation: "same" });
    expect(await journalOf(emulator, tenant)).toEqual([]);
  });

  test.each<[string, ProgramArgs, string[]]>([
    ["no generation", {}, ["generation"]],
    ["a fraction", { generation: 1.5 }, ["generation"]],
    ["a negative generation", { generation: -1 }, ["generation"]],
    ["a huge generation", { generation: 2 ** 60 }, ["generation"]],
    ["a generation as text", { generation: "1" }, ["generation"]],
    ["an unknown property", { generation: 1, revokePrevius: true }, ["revokePrevius"]],
    ["a flag as text", { generation: 0, revokePrevious: "true" }, ["revokePrevious"]],
    ["a duration without a unit", { generation: 0, gracePeriod: "24" }, ["gracePeriod"]],
    ["a duration as number", { generation: 0, minKeyAge: 60 }, ["minKeyAge"]],
    ["no grace at all", { generation: 0, gracePeriod: "0h" }, ["gracePeriod"]],
    ["an empty kid", { generation: 0, expectedCurrentKid: " " }, ["expectedCurrentKid"]],
    ["a revocation without a reason", { generation: 0, revokeNow: { kid: "a" } }, ["revokeNow"]],
    ["the flag without grace", { generation: 1, revokePrevious: true }, ["revokePrevious"]],
    [
      "a domain with a scheme",
      { generation: 0, tenant: { domain: "https://acme.auth0.com", apiToken: "t" } },
      ["tenant.domain"],
    ],
    [
      "a domain with a path",
      { generation: 0, tenant: { domain: "acme.auth0.com/api", apiToken: "t" } },
      ["tenant.domain"],
    ],
    [
      "two kinds of credentials",
      { generation: 0, tenant: { domain: "a.b", clientId: "c", clientSecret: "s", apiToken: "t" } },
      ["tenant.clientSecret"],
    ],
    ["half of the credentials", { generation: 0, tenant: { domain: "a.b", clientId: "c" } }, ["tenant"]],
    ["a tenant that is a text", { generation: 0, tenant: "acme.auth0.com" }, ["tenant"]],
    ["an unknown tenant field", { generation: 0, tenant: { domain: "a.b", token: "t" } }, ["tenant.token"]],
    [
      "everything at once",
      { generation: "x", verifyTimeout: "soon", reason: "", tenant: { domain: 7 } },
      ["generation", "reason", "verifyTimeout", "tenant.domain"],
    ],
  ])("refuse %s, each property named, without a stack trace", async (_, args, properties) => {
    const host = await sharedHost();
    const { failures } = await host.check({}, intentInputs(args));
    const named = failures.map(({ property, reason }) => property || /^[\w.]+/.exec(reason)?.[0]);
    expect(named).toEqual(properties);
    // The engine prints the whole value of a property that a failure names, secrets included.
    for (const { property } of failures)
      expect(["tenant", "revokePrevius"]).not.toContain(property.split(".")[0]);
    for (const { reason } of failures) expect(reason).not.toMatch(STACK_TRACE);
    expect(host.stdout() + host.stderr()).not.toMatch(STACK_TRACE);
  });

  test("refuse to go on without credentials, and name where they may come from", async () => {
    const host = await newHost();
    const { failures } = await host.check({}, intentInputs({ generation: 0 }));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.reason).toMatch(/auth0(-signing-keys)?:clientId.*AUTH0_CLIENT_SECRET/);
  });

  let shared: Promise<ProviderHost> | undefined;

  /** `check` keeps nothing, so one host does for the table. */
  function sharedHost(): Promise<ProviderHost> {
    shared ??= startProviderHost({ config: { "auth0:domain": "a.b", "auth0:apiToken": "t" } });
    return shared;
  }

  afterAll(async () => {
    await (await shared)?.stop();
  });
});

describe("a refusal in read", () => {
  test("prints no stack trace", async () => {
    const { tenant, host } = await newTenantHost();
    const stack = new Stack(host);
    await stack.up({ generation: 0 });
    const before = stack.state;
    const wrong = await newHost({ ...tenantConfig(tenant), "auth0:clientSecret": "wrong" });
    const error = await refusal(stack.useHost(wrong).refresh());
    expect(codesIn(error)).toEqual(["access_denied"]);
    // The dynamic host prints what it answers, too.
    if (!isPlugin()) expect(wrong.stderr()).toContain("[access_denied]");
    expect(wrong.stdout() + wrong.stderr()).not.toMatch(STACK_TRACE);
    expect(stack.state).toEqual(before);
  });
});
