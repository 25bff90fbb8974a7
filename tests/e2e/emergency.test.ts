import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Stack } from "../support/engine";
import { atEffect, killUpdate, REVOKE, ROTATE } from "./crash";
import { effectsOf } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { example, shellBlock } from "./readme";
import { rotationOf } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply({ rotationsPerDay: 5 });
afterAll(async () => {
  await supply.stop();
});

const README = "examples/emergency/README.md";
const CURRENT = "The current key is compromised";
const BOTH = "The current and the next key are compromised";

/** A stack of the example, with the settings that every recipe leaves as they are. */
function emergencyStack(tenant: TestTenant, config: Readonly<Record<string, string>> = {}): Promise<Stack> {
  return stackFor(tenant, {
    project: example("emergency"),
    env: tenant.bareEnv,
    config: { "auth0:domain": tenant.domain, "auth0:clientId": tenant.clientId, ...config },
    secretConfig: { "auth0:clientSecret": tenant.clientSecret },
  });
}

/** The same in use by day: the keys adopted. */
async function adopted(tenant: TestTenant): Promise<Stack> {
  const stack = await emergencyStack(tenant, { generation: "0" });
  const { outcome, output } = await stack.up();
  expect([outcome, output]).toEqual([0, expect.any(String)]);
  return stack;
}

/** What the night's settings are, without an update. */
async function configure(stack: Stack, commands: string): Promise<void> {
  const settings = commands.replaceAll(/^pulumi up\n/gm, "");
  const { outcome, output } = await stack.shell(settings);
  expect([outcome, output]).toEqual([0, expect.any(String)]);
}

async function succeeds(run: ReturnType<Stack["up"]>): Promise<string> {
  const { outcome, output } = await run;
  expect([outcome, output]).toEqual([0, expect.any(String)]);
  return output;
}

/** What was done to the tenant's keys, in order: `rotate KID`, `revoke KID`. */
async function effects(tenant: TestTenant): Promise<string[]> {
  return (await tenant.journal()).flatMap(({ effect, kid }) =>
    effect === undefined ? [] : [`${effect} ${kid ?? ""}`],
  );
}

/** The serial numbers of the certificates in the file that verifiers read. */
function bundled(stack: Stack, file = "trusted.pem"): string[] {
  const text = readFileSync(path.resolve(stack.folder, file), "utf8");
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs)].map(
    ([pem]) => new X509Certificate(pem).fingerprint,
  );
}

function fingerprints(stack: Stack): { current: string; next: string } {
  const { currentKey, nextKey } = rotationOf(stack);
  return { current: currentKey.fingerprint, next: nextKey?.fingerprint ?? "" };
}

test("the current key: one update rotates it out, revokes it and drops its certificate, whatever stands in the way by day", async () => {
  const tenant = await supply.take();
  const stack = await adopted(tenant);
  const { current: compromised } = await tenant.ring();
  const before = fingerprints(stack);
  expect(bundled(stack)).toEqual([before.current, before.next]);
  await stack.configure({
    minKeyAge: "300d",
    canaryUrl: `https://${tenant.domain}/nowhere`,
    canaryAudience: "https://api.example.com/",
  });
  // Token lifetimes, which a grace period of auto is derived from, can't be had.
  const match = { method: "GET", path: "/api/v2/clients" };
  await tenant.emulator.fault({ fault: "status", status: 503, times: 99, match, tenant: tenant.domain });

  const values = { COMPROMISED_KID: compromised, GENERATION: "1" };
  const commands = shellBlock(README, CURRENT, 0, values);
  const output = await succeeds(stack.shell(commands));
  expect(output).toMatch(
    new RegExp(`rotate \\(${compromised} retires.*revoke ${compromised} now \\(INC-42: `),
  );
  expect(output).toContain(`revoked ${compromised}`);
  expect(await effects(tenant)).toEqual([`rotate ${compromised}`, `revoke ${compromised}`]);
  const after = fingerprints(stack);
  expect(after.current).toBe(before.next);
  expect(bundled(stack)).toEqual([after.current, after.next]);

  // Pasted once more.
  await succeeds(stack.shell(commands));
  expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);
  expect(await effects(tenant)).toHaveLength(2);

  // Verifiers that can't be updated delay the revocation no more than the rest.
  await tenant.emulator.clearFaults();
  const { current: second } = await tenant.ring();
  await stack.configure({ bundle: "no-such-folder/trusted.pem", compromisedKid: second, generation: "2" });
  const failed = await stack.up();
  expect([failed.outcome === 0, failed.output]).toEqual([false, expect.stringContaining("no-such-folder")]);
  expect((await effects(tenant)).slice(2)).toEqual([`rotate ${second}`, `revoke ${second}`]);
  await stack.configure({ bundle: "mended.pem" });
  await succeeds(stack.up());
  expect(bundled(stack, "mended.pem")).toEqual(Object.values(fingerprints(stack)));
  expect(await effects(tenant)).toHaveLength(4);
});

describe("the current and the next key", () => {
  test("the rotations left are said first; then both are rotated out and revoked, one after the other", async () => {
    const tenant = await supply.take();
    const stack = await adopted(tenant);
    const { current: first, next: second } = await tenant.ring();
    const seen = await succeeds(stack.shell(shellBlock(README, "First: look", 0)));
    expect(seen).toContain(`in the last 24 hours: 0 at least, so 5 of Auth0's 5 a day are left at most`);
    expect(seen).toMatch(new RegExp(`currentKid +${first}\\n`));
    expect(seen).toMatch(new RegExp(`nextKid +${second}\\n`));
    expect(await effects(tenant)).toEqual([]);

    const values = { FIRST_KID: first, FIRST_GENERATION: "1" };
    await succeeds(stack.shell(shellBlock(README, BOTH, 0, values)));
    const then = { SECOND_KID: second, SECOND_GENERATION: "2" };
    await succeeds(stack.shell(shellBlock(README, BOTH, 1, then)));
    expect(await effects(tenant)).toEqual([
      `rotate ${first}`,
      `revoke ${first}`,
      `rotate ${second}`,
      `revoke ${second}`,
    ]);
    const ring = await tenant.ring();
    expect([...ring.revoked].sort()).toEqual([first, second].sort());
    expect(ring.previous).toEqual([]);
    for (const fresh of [ring.current, ring.next]) expect([first, second]).not.toContain(fresh);
    expect(bundled(stack)).toEqual(Object.values(fingerprints(stack)));
    expect((await stack.preview("--expect-no-changes")).output).toContain(
      "2 at least, so 3 of Auth0's 5 a day",
    );
  });

  test("with one rotation left, the second step waits for the next day, and is then carried out as it stands", async () => {
    const tenant = await supply.take();
    const { emulator, domain, audience, clientId, clientSecret } = tenant;
    for (let count = 0; count < 4; count += 1) {
      const { current } = await tenant.ring();
      const token = await emulator.token({ access: { domain, audience, clientId, clientSecret } });
      expect((await emulator.request(ROTATE, { method: "POST", token, domain })).status).toBe(201);
      await emulator.control("POST", `/tenants/${domain}/revoke/${current}`);
    }
    const stack = await adopted(tenant);
    expect((await stack.preview()).output).toMatch(
      /warning: .*: 4 at least, so 1 of Auth0's 5 a day are left/,
    );
    const { current: first, next: second } = await tenant.ring();
    const before = (await effects(tenant)).length;
    const night = async (): Promise<string[]> => (await effects(tenant)).slice(before);

    await stack.configure({ compromisedKid: first, incident: "both leaked", generation: "1" });
    await succeeds(stack.up());
    await stack.configure({ compromisedKid: second, generation: "2" });
    const refused = await stack.up();
    expect([refused.outcome === 0, refused.output]).toEqual([
      false,
      expect.stringContaining("[rate_limited]"),
    ]);
    expect(await night()).toEqual([`rotate ${first}`, `revoke ${first}`]);
    await emulator.advanceClock("24h", domain);
    await succeeds(stack.up());
    expect((await night()).slice(2)).toEqual([`rotate ${second}`, `revoke ${second}`]);
    expect((await tenant.ring()).revoked).toEqual(expect.arrayContaining([first, second]));
  });
});

describe("an update that ends half-way: the same again, and there is one rotation and one revocation", () => {
  const half: [string, (tenant: TestTenant, stack: Stack) => Promise<void>][] = [
    [
      "the rotation's answer is a 500 after its effect, the revocation's a 503",
      async ({ emulator, domain }, stack) => {
        const rotation = { method: "POST", path: ROTATE };
        const revocation = { method: "PUT", path: REVOKE };
        await emulator.fault({ fault: "status-after-effect", status: 500, match: rotation, tenant: domain });
        await emulator.fault({ fault: "status", status: 503, times: 9, match: revocation, tenant: domain });
        const { outcome, output } = await stack.up();
        expect([outcome === 0, output]).toEqual([false, expect.stringContaining("[outcome_unknown]")]);
        await emulator.clearFaults();
      },
    ],
    [
      "killed right after the rotation",
      (tenant, stack) => killUpdate(tenant, stack, atEffect("POST", ROTATE), "all processes"),
    ],
    [
      "killed right after the revocation",
      (tenant, stack) => killUpdate(tenant, stack, atEffect("PUT", REVOKE), "all processes"),
    ],
  ];
  let tenant: TestTenant;
  let stack: Stack;
  let generation = 0;
  beforeAll(async () => {
    tenant = await supply.take();
    stack = await adopted(tenant);
  });

  test.each(half)("%s", async (_, interrupt) => {
    const { current: compromised } = await tenant.ring();
    const before = (await effects(tenant)).length;
    generation += 1;
    const values = { COMPROMISED_KID: compromised, GENERATION: String(generation) };
    await configure(stack, shellBlock(README, CURRENT, 0, values));
    await interrupt(tenant, stack);
    const again = shellBlock(README, "It failed half-way, or was killed", 0);
    await succeeds(stack.shell(again.replace("pulumi cancel\n", "pulumi cancel || true\n")));
    expect((await effects(tenant)).slice(before)).toEqual([`rotate ${compromised}`, `revoke ${compromised}`]);
    expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);
    const { retired, pending } = rotationOf(stack);
    expect(retired.filter(({ revokedAt }) => revokedAt === undefined)).toEqual([]);
    expect([retired.length, pending]).toEqual([generation, []]);
    expect(effectsOf(await tenant.journal()).revoked).toHaveLength(generation);
  });
});

test("a tenant without a stack, and a previous key, too", async () => {
  const tenant = await supply.take();
  const { current: leaked } = await tenant.ring();
  const stack = await emergencyStack(tenant);
  const values = { COMPROMISED_KID: leaked };
  await succeeds(stack.shell(shellBlock(README, "There is no stack for this tenant", 0, values)));
  expect(await effects(tenant)).toEqual([`rotate ${leaked}`, `revoke ${leaked}`]);

  const { current: second } = await tenant.ring();
  await configure(stack, shellBlock(README, "Afterwards", 0));
  await stack.configure({ generation: "2", minKeyAge: "0s" });
  await succeeds(stack.up());
  expect((await stack.outputs())["pendingRevocations"]).toMatchObject([{ kid: second }]);
  const named = { COMPROMISED_KID: second };
  await configure(stack, shellBlock(README, "A previous key is compromised", 0, named));
  await succeeds(stack.up());
  expect((await effects(tenant)).slice(2)).toEqual([`rotate ${second}`, `revoke ${second}`]);
});

testWhatIsLeftBehind();
