import { readFileSync } from "node:fs";
import path from "node:path";
import type { Finding } from "../../src/cli/doctor/finding";
import type { CliRun } from "../support/cli";
import type { TenantAccess } from "../support/emulator";
import { applicationWith, codesOf, machineFor, staticToken, testNoSecretIsLeftBehind } from "./machines";
import { dashboard, effectsOn, PATHS, requestsTo, ringOf, startTenants } from "./tenants";

jest.setTimeout(60_000);

let emulator: Awaited<ReturnType<typeof startTenants>>["emulator"];
let nextTenant: () => TenantAccess;
beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(8));
});
afterEach(async () => {
  await emulator.clearFaults();
});
afterAll(async () => {
  await emulator.stop();
});

const NEEDED = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
const FOR_AUTO = ["read:resource_servers", "read:clients"];

describe("the command line", () => {
  const run = (...args: string[]): Promise<CliRun> => machineFor(emulator).run(args);

  test.each(["", "status", "doctor", "verify", "emergency"])(
    "%s --help explains itself on standard output",
    async (name) => {
      const { outcome, stdout, stderr } = await run(...name.split(" ").filter(Boolean), "--help");
      expect([outcome, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`Usage: auth0-signing-keys ${name}`);
    },
  );

  test("--version is the package's", async () => {
    const manifest = readFileSync(path.join(__dirname, "../../package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    expect(await run("--version")).toEqual({ outcome: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([
    [[]],
    [["rotate"]],
    [["status", "--force"]],
    [["status", "--tenant", "not a domain"]],
    [["status", "extra"]],
  ])("wrong usage is exit code 2 and no request: %j", async (args) => {
    await emulator.clearJournal();
    const { outcome, stdout, stderr } = await run(...args);
    expect([outcome, stdout, stderr === ""]).toEqual([2, "", false]);
    expect(await emulator.journal()).toEqual([]);
  });

  test("emulator runs the emulator with all flags its own", async () => {
    const { outcome, stdout } = await run("emulator", "--help");
    expect([outcome, stdout]).toEqual([
      0,
      expect.stringContaining("Usage: auth0-signing-keys-emulator [options]"),
    ]);
    const wrong = await run("emulator", "--tenants", "0");
    expect([wrong.outcome, wrong.stderr]).toEqual([
      1,
      expect.stringContaining("a whole number from 1 to 100"),
    ]);
  });
});

describe("status", () => {
  test("shows each key with its dates, and the day's rotations, in one request that writes nothing", async () => {
    const tenant = nextTenant();
    const { current: revoked } = await ringOf(emulator, tenant);
    await dashboard(emulator, tenant, "rotate");
    await dashboard(emulator, tenant, "rotate");
    await dashboard(emulator, tenant, `revoke/${revoked}`);
    const ring = await ringOf(emulator, tenant);
    const machine = machineFor(tenant);
    await emulator.clearJournal();
    const { outcome, stdout, stderr } = await machine.run(["status", "--tenant", tenant.domain]);
    expect([outcome, stderr, await requestsTo(emulator, tenant)]).toEqual([0, "", ["token", "list"]]);
    const rows = stdout.split("\n").flatMap((line) => {
      const [kid, state, ...others] = line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim());
      return kid === undefined || kid === "kid" ? [] : [[kid, state, others.filter(Boolean).length]];
    });
    // A next key has no dates; each of the others has one more than the one before; and all have a fingerprint.
    expect(rows).toEqual([
      [ring.next, "next", 1],
      [ring.current, "current", 2],
      [ring.previous[0], "previous", 3],
      [revoked, "revoked", 4],
    ]);
    expect(stdout).toContain(
      "Rotations in the last 24 hours: 2 at least; of Auth0's 5 a day 3 are left at most.",
    );

    const json = await machine.run(["status", "--json"], { AUTH0_DOMAIN: tenant.domain });
    expect(JSON.parse(json.stdout)).toMatchObject({
      domain: tenant.domain,
      jwksUri: `https://${tenant.domain}/.well-known/jwks.json`,
      keys: [
        { kid: ring.next, state: "next", certificate: expect.stringMatching(/^-----BEGIN CERT/) as string },
        { kid: ring.current, state: "current" },
        { kid: ring.previous[0], state: "previous" },
        { kid: revoked, state: "revoked" },
      ],
      rotationsInLastDay: 2,
      rotationsLeftAtMost: 3,
    });
  });

  test("fails in one line, without a result", async () => {
    const machine = machineFor(nextTenant());
    const { outcome, stdout, stderr } = await machine.run(["status", "--json"]);
    expect([outcome, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^auth0-signing-keys: [^\n]*AUTH0_DOMAIN is missing[^\n]*\[invalid_input\]\n$/);
  });

  test("a reader that stops reading is no error", async () => {
    const tenant = nextTenant();
    const running = machineFor(tenant).start(["status", "--tenant", tenant.domain]);
    running.closeOutput();
    expect(await running.ended).toMatchObject({ outcome: 0, stderr: "" });
  });
});

test("status --expect-current-kid fails if somebody else has rotated, and says what to do", async () => {
  const tenant = nextTenant();
  const machine = machineFor(tenant);
  const { current, next } = await ringOf(emulator, tenant);
  const args = ["status", "--tenant", tenant.domain, "--expect-current-kid", current];
  expect(await machine.run(args)).toMatchObject({ outcome: 0, stderr: "" });
  await dashboard(emulator, tenant, "rotate");
  const run = await machine.run(args);
  expect([run.outcome, run.stdout, codesOf(run)]).toEqual([1, "", ["current_kid_mismatch"]]);
  expect(run.stderr).toContain(
    `${next} is: somebody else has rotated; find out who did it, then record the ring`,
  );
});

describe("doctor", () => {
  async function examine(tenant: TenantAccess, env: Readonly<Record<string, string>> = {}) {
    const run = await machineFor(tenant).run(["doctor", "--tenant", tenant.domain, "--json"], env);
    const result = JSON.parse(run.stdout) as { findings: Finding[]; failed: number; warned: number };
    const with_ = (outcome: Finding["outcome"]): string[] =>
      result.findings.filter((finding) => finding.outcome === outcome).map(({ check }) => check);
    for (const { outcome, remedy } of result.findings) expect(remedy === undefined).toBe(outcome === "ok");
    expect([result.failed, result.warned]).toEqual([with_("fail").length, with_("warn").length]);
    return { ...run, findings: result.findings, fails: with_("fail"), warns: with_("warn") };
  }

  test("finds nothing wrong with a sound tenant and an application of the five scopes, and writes nothing", async () => {
    const tenant = nextTenant();
    const env = await applicationWith(emulator, tenant, ...NEEDED, ...FOR_AUTO);
    const { outcome, stderr, findings, fails, warns } = await examine(tenant, env);
    expect([outcome, stderr, fails, warns, findings.length]).toEqual([0, "", [], [], 13]);
    expect(await effectsOn(emulator, tenant)).toEqual([]);
    const { stdout } = await machineFor(tenant).run(["doctor", "--tenant", tenant.domain], env);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("13 checks: 0 failed, 0 warned");
  });

  describe("on one tenant", () => {
    let tenant: TenantAccess;
    beforeAll(() => {
      tenant = nextTenant();
    });

    test("names the scopes that are missing, with exit code 1, and those that are too many, with 0", async () => {
      const few = await examine(tenant, await applicationWith(emulator, tenant, ...NEEDED.slice(0, 2)));
      expect([few.outcome, few.fails, few.warns]).toEqual([
        1,
        ["scopes"],
        ['scopes for a gracePeriod of "auto"'],
      ]);
      const many = await examine(tenant);
      expect([many.outcome, many.fails, many.warns]).toEqual([0, [], ["least privilege"]]);
      expect(many.findings.find(({ check }) => check === "least privilege")?.observation).toContain(
        "read:logs",
      );
    });

    test("sees that the JWKS lacks a key, and that a clock is off", async () => {
      await dashboard(emulator, tenant, "rotate");
      await emulator.fault({ fault: "stale-jwks", times: 9, match: PATHS.jwks, tenant: tenant.domain });
      await emulator.advanceClock("5m", tenant.domain);
      const { outcome, fails, warns, findings } = await examine(tenant);
      expect([outcome, fails, warns]).toEqual([1, ["JWKS"], ["least privilege", "clock"]]);
      expect(findings.find(({ check }) => check === "clock")?.observation).toMatch(
        /5 minutes behind the tenant/,
      );
    });

    test("warns of a static token that ends with a key that is current no longer", async () => {
      const token = await staticToken(emulator, tenant);
      await dashboard(emulator, tenant, "rotate");
      const { outcome, warns } = await examine(tenant, token);
      expect([outcome, warns]).toEqual([0, expect.arrayContaining(["static API token"])]);
    });

    test.each<[string, Record<string, string>, string[]]>([
      [
        "verification that is turned off, before credentials are sent",
        { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
        ["TLS verification"],
      ],
      ["credentials of another tenant", { AUTH0_DOMAIN: "acme.auth0.com" }, ["credentials"]],
      ["no credentials", { AUTH0_CLIENT_ID: "", AUTH0_CLIENT_SECRET: "" }, ["credentials"]],
      ["a certificate that isn't trusted", { NODE_EXTRA_CA_CERTS: "" }, ["reachability"]],
      ["a wrong secret", { AUTH0_CLIENT_SECRET: "wrong" }, ["token"]],
    ])("stops at %s", async (_, env, fails) => {
      await emulator.clearJournal();
      const found = await examine(tenant, env);
      expect([found.outcome, found.fails, found.findings.at(-1)?.check]).toEqual([1, fails, fails[0]]);
      expect(codesOf(found)).toEqual([]);
      const isSent = fails[0] === "token";
      expect((await requestsTo(emulator, tenant)).includes("token")).toBe(isSent);
    });
  });
});

testNoSecretIsLeftBehind();
