import type { CliRun } from "../support/cli";
import type { TenantAccess } from "../support/emulator";
import { codesOf, machineFor, testNoSecretIsLeftBehind } from "./machines";
import { dashboard, effectsOn, ringOf, startTenants } from "./tenants";

jest.setTimeout(60_000);

let emulator: Awaited<ReturnType<typeof startTenants>>["emulator"];
let nextTenant: () => TenantAccess;
beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(5));
});
afterAll(async () => {
  await emulator.stop();
});

interface Verdict {
  readonly kid: string;
  readonly state?: string;
  readonly accepted: boolean;
  readonly reason: string;
  readonly expiresAt?: string;
}

/** From standard input, as `jq -r .id_token | auth0-signing-keys verify` does. */
function verify(tenant: TenantAccess, token: string, ...flags: string[]): Promise<CliRun> {
  return machineFor(tenant).runAfter(`${token}\n`, ["verify", "--tenant", tenant.domain, ...flags]);
}

async function verdict(tenant: TenantAccess, token: string): Promise<[CliRun["outcome"], Verdict]> {
  const { outcome, stdout, stderr } = await verify(tenant, token, "--json");
  expect(stderr).toBe("");
  return [outcome, JSON.parse(stdout) as Verdict];
}

test("a token is accepted while its key is current and while it is a previous one, and refused once that is revoked", async () => {
  const tenant = nextTenant();
  const { current } = await ringOf(emulator, tenant);
  const token = await emulator.token({ access: tenant });
  const [outcome, fresh] = await verdict(tenant, token);
  expect([outcome, fresh]).toMatchObject([0, { kid: current, state: "current", accepted: true }]);
  expect(Date.parse(fresh.expiresAt ?? "")).toBeGreaterThan(Date.now());

  await dashboard(emulator, tenant, "rotate");
  const previous = await verify(tenant, token);
  expect([previous.outcome, previous.stdout]).toEqual([
    0,
    expect.stringMatching(
      new RegExp(
        `^accepted: until \\S+ \\(.*\\), or until that key is revoked\\nRS256, key ${current}: a previous key of`,
      ),
    ),
  ]);

  await dashboard(emulator, tenant, `revoke/${current}`);
  const [refused, revoked] = await verdict(tenant, token);
  expect([refused, revoked]).toMatchObject([1, { kid: current, state: "revoked", accepted: false }]);
  expect(revoked.reason).toMatch(/^that key was revoked at \d{4}-/);
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${current}`, `revoke ${current}`]);
});

test("a token that was changed, another tenant's and one without these keys are refused, each with its reason", async () => {
  const tenant = nextTenant();
  const token = await emulator.token({ access: tenant });
  const [header = "", payload = "", signature = ""] = token.split(".");
  const [, other] = (await emulator.tenants()).filter(({ domain }) => domain !== tenant.domain);
  if (other === undefined) throw new Error("there is no other tenant");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const longer = Buffer.from(JSON.stringify({ ...claims, exp: 4_102_444_800 })).toString("base64url");
  const unsigned = Buffer.from(JSON.stringify({ alg: "HS256" })).toString("base64url");
  const cases: [string, string][] = [
    [[header, longer, signature].join("."), "that key has not signed it"],
    [await emulator.token({ access: other }), "the tenant lists no such key"],
    [[unsigned, payload, signature].join("."), "something else has signed it"],
  ];
  for (const [given, reason] of cases) {
    const [outcome, { accepted, reason: said }] = await verdict(tenant, given);
    expect([outcome, accepted, said]).toEqual([1, false, expect.stringContaining(reason)]);
  }
});

test("what is no token is refused without a request and without being repeated", async () => {
  const tenant = nextTenant();
  await emulator.clearJournal();
  const run = await verify(tenant, "s3cr3t-in-the-wrong-place");
  expect([run.outcome, run.stdout, codesOf(run)]).toEqual([1, "", ["invalid_input"]]);
  expect(run.stderr).toContain("25 characters that are no signed JWT");
  expect(run.stderr).not.toContain("s3cr3t");
  expect(await emulator.journal()).toEqual([]);
});

testNoSecretIsLeftBehind();
