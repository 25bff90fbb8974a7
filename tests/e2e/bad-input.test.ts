import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationProgram } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";
import type { EngineRun, Stack } from "../support/engine";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** The errors of a run, one text each, without the engine's own "update failed". */
function errorsOf({ output }: EngineRun): string[] {
  const diagnostics = output.slice(output.indexOf("Diagnostics:"));
  return diagnostics
    .split(/^\s+error: /m)
    .slice(1)
    .filter((error) => !/^(update|preview) failed/.test(error));
}

/** One clear error, no stack trace, and nothing done. */
function expectOneClearError(run: EngineRun, message: RegExp): void {
  expect(run.outcome).not.toBe(0);
  expect(run.output).toMatch(message);
  expect(errorsOf(run)).toEqual([expect.stringMatching(message)]);
  expect(run.output).not.toMatch(/^\s+at .*[(/]|\bnode_modules\b|\.[jt]s:\d+/m);
}

async function expectNoEffect(tenant: TestTenant): Promise<void> {
  expect((await tenant.journal()).filter(({ effect }) => effect !== undefined)).toEqual([]);
}

// One of each kind; what else is refused, and how, the tests of `check` say without an engine.
describe("inputs", () => {
  let tenant: TestTenant;
  let stack: Stack;
  beforeAll(async () => {
    tenant = await supply.take();
    stack = await stackFor(tenant);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["a generation with a fraction", { generation: 1.5 }, /given 1\.5; allowed: a whole number from 0 to/],
    ["no generation", {}, /property generation value .*missing; required: a whole number/],
    [
      "a flag that is text",
      { generation: 1, revokePrevious: "yes" },
      /revokePrevious .*given "yes"; allowed: true or false/,
    ],
    [
      "an unknown property",
      { generation: 1, graceperiod: "24h" },
      /graceperiod: there is no such input; allowed: generation/,
    ],
    [
      "a duration without a unit",
      { generation: 1, gracePeriod: "24" },
      /gracePeriod .*given "24"; allowed: "auto", or a number with a unit/,
    ],
    [
      "a raise with the flag on and no grace period",
      { generation: 1, revokePrevious: true },
      /set gracePeriod .*name the key in revokeNow/,
    ],
    [
      "a revokeNow without a reason",
      { generation: 1, revokeNow: { kid: "abc" } },
      /revokeNow .*allowed: \{ kid, reason \}/,
    ],
  ])("%s: refused without a request", async (_, args, message) => {
    stack.write(rotationProgram(args));
    expectOneClearError(await stack.up(), message);
    expect(await tenant.journal()).toEqual([]);
  });

  test("a preview names all faults at once", async () => {
    stack.write(rotationProgram({ generation: -1, gracePeriod: "soon", revokePrevious: 1, typo: true }));
    const run = await stack.preview();
    expect(errorsOf(run)).toHaveLength(4);
    for (const property of ["generation", "gracePeriod", "revokePrevious"])
      expect(run.output).toMatch(new RegExp(`\\b${property}\\b.* has a problem: given`));
    expect(run.output).toContain("typo: there is no such input");
  });
});

describe("credentials", () => {
  const tenantOf = ({ domain, clientId, clientSecret }: TestTenant): Record<string, unknown> => ({
    domain,
    clientId,
    clientSecret,
  });
  let tenant: TestTenant;
  let stack: Stack;
  beforeAll(async () => {
    tenant = await supply.take();
    stack = await stackFor(tenant, { env: tenant.bareEnv });
  });

  test.each<[string, (of: Record<string, unknown>) => Record<string, unknown> | undefined, RegExp]>([
    [
      "a domain with a scheme",
      (of) => ({ ...of, domain: "https://acme.eu.auth0.com" }),
      /tenant\.domain is "https:\/\/acme\.eu\.auth0\.com"; allowed: a bare domain/,
    ],
    [
      "none",
      () => undefined,
      /no credentials: set the tenant input, or stack configuration .*, or AUTH0_DOMAIN/,
    ],
    [
      "two kinds at once",
      (of) => ({ ...of, apiToken: "token" }),
      /tenant\.clientSecret and tenant\.apiToken are given at once; keep one/,
    ],
    [
      "an unknown field",
      (of) => ({ ...of, secret: "s" }),
      /tenant\.secret: there is no such field; allowed: domain/,
    ],
  ])("%s: refused without a request", async (_, change, message) => {
    stack.write(rotationProgram({ generation: 1, tenant: change(tenantOf(tenant)) }));
    expectOneClearError(await stack.up(), message);
    expect(await tenant.journal()).toEqual([]);
  });

  test("a secret in the wrong place is not printed", async () => {
    stack.write(rotationProgram({ generation: 1, ...tenantOf(tenant) }));
    const run = await stack.preview();
    expect(errorsOf(run)).toHaveLength(4);
    expect(run.output).toMatch(/clientSecret: there is no such input/);
    expect(run.output).not.toContain(tenant.clientSecret);
  });

  test("a wrong secret", async () => {
    stack.write(rotationProgram({ generation: 1, tenant: { ...tenantOf(tenant), clientSecret: "wrong" } }));
    expectOneClearError(
      await stack.up(),
      /getting a Management API token from localhost:\d+: 40[13] .*check the client id and secret.*\[access_denied\]/,
    );
    await expectNoEffect(tenant);
  });

  test("a tenant that doesn't exist", async () => {
    const nowhere = { ...tenantOf(tenant), domain: "no-such-tenant.invalid" };
    stack.write(rotationProgram({ generation: 1, tenant: nowhere }));
    expectOneClearError(
      await stack.up(),
      /no-such-tenant\.invalid can't be reached .*check the domain.*\[(tenant_not_found|unreachable)\]/,
    );
    await expectNoEffect(tenant);
  });

  test("TLS that is not trusted", async () => {
    const untrusting = await stackFor(tenant, {
      program: rotationProgram({ generation: 1 }),
      env: Object.fromEntries(Object.entries(tenant.env).filter(([name]) => name !== "NODE_EXTRA_CA_CERTS")),
    });
    expectOneClearError(await untrusting.up(), /is not trusted .*NODE_EXTRA_CA_CERTS.*\[tls_untrusted\]/);
    await expectNoEffect(tenant);
  });
});

describe("scopes", () => {
  test.each<[missing: string, granted: string[], args: Record<string, unknown>]>([
    ["read:signing_keys", ["create:signing_keys", "update:signing_keys"], { generation: 1 }],
    ["create:signing_keys", ["read:signing_keys", "update:signing_keys"], { generation: 1 }],
    ["update:signing_keys", ["read:signing_keys", "create:signing_keys"], { generation: 1 }],
  ])("without %s: refused, naming it", async (missing, scopes, args) => {
    const tenant = await supply.take();
    const { emulator, domain } = tenant;
    const { body } = await emulator.control("POST", "/clients", { tenant: domain, scopes });
    const client = body as { clientId: string; clientSecret: string };
    const program = rotationProgram({ ...args, tenant: { domain, ...client } });
    const stack = await stackFor(tenant, { program, env: tenant.bareEnv });
    const run = await stack.up();
    expectOneClearError(run, new RegExp(`grant the application ${missing}.*\\[insufficient_scope\\]`));
    await expectNoEffect(tenant);
  });
});

describe("a lowered generation", () => {
  test("is refused once the rotation has happened, at preview", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await stack.up();
    const before = (await tenant.journal()).length;
    stack.write(rotationProgram({ generation: 0 }));
    expectOneClearError(await stack.up(), /rotation 1 cannot be undone: keep 1, or raise to 2/);
    expect((await stack.preview()).output).toContain("rotation 1 cannot be undone");
    const entries = (await tenant.journal()).slice(before);
    expect(entries.filter(({ method, path }) => method !== "GET" && path !== "/oauth/token")).toEqual([]);
    stack.write(rotationProgram({ generation: 1 }));
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
  });
});

testWhatIsLeftBehind();
