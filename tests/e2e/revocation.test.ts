import type { RevocationOutputs } from "../../src/lifecycle/revocation";
import { REVOCATION_TYPE } from "../../src/shell";
import type { Stack } from "../support/engine";
import { effectsOf } from "./exactlyOnce";
import { keepSecret, stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** A rotation and a revocation of what it retired, or of other keys. */
function program(
  rotation: Readonly<Record<string, unknown>>,
  revocation: Readonly<Record<string, unknown>> = {},
): string {
  return `
const { SigningKeyRotation, SigningKeyRevocation } = require("pulumi-auth0-signing-keys");
const rotation = new SigningKeyRotation("keys", ${JSON.stringify({ minKeyAge: "0s", ...rotation })});
new SigningKeyRevocation("keys", { retired: rotation.retired, ...${JSON.stringify(revocation)} });
`;
}

function revocationOf(stack: Stack): RevocationOutputs {
  const found = stack.stateFile.resources.find(({ type }) => type === REVOCATION_TYPE);
  return found?.outputs as unknown as RevocationOutputs;
}

async function revokedOn(tenant: TestTenant): Promise<readonly string[]> {
  return effectsOf(await tenant.journal()).revoked;
}

async function advance({ emulator, domain }: TestTenant, by: string): Promise<void> {
  expect((await emulator.control("POST", "/clock", { advance: by, tenant: domain })).status).toBe(200);
}

test("revokes what the rotation retired once it is due, not before, in one update, and then has nothing to do", async () => {
  const tenant = await supply.take();
  const { current: first } = await tenant.ring();
  const stack = await stackFor(tenant, { program: program({ generation: 0, gracePeriod: "1h" }) });
  expect((await stack.up()).outcome).toBe(0);
  expect(revocationOf(stack)).toMatchObject({ keys: [], revocable: [], pending: [] });

  stack.write(program({ generation: 1, gracePeriod: "1h" }));
  expect((await stack.up()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([]);
  expect(revocationOf(stack).keys).toMatchObject([{ kid: first }]);
  const waiting = await stack.preview("--expect-no-changes");
  expect([waiting.outcome, waiting.output]).toEqual([
    0,
    expect.stringMatching(/revoke \S+ not before \S+ \(in /),
  ]);

  await advance(tenant, "2h");
  expect((await stack.refresh()).outcome).toBe(0);
  const { output } = await stack.up();
  expect(output).toContain(`revoked ${first}`);
  // By the tenant's clock: this machine's is two hours behind.
  expect(output).not.toMatch(/revoke \S+ not before/);
  expect(await revokedOn(tenant)).toEqual([first]);
  expect(revocationOf(stack).keys).toMatchObject([{ kid: first, revokedAt: expect.any(String) as string }]);
  expect(rotationOf(stack).generation).toBe(1);
  await stack.refresh();
  expect((await stack.up()).outcome).toBe(0);
  expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);
  expect((await stack.destroy()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([first]);
});

test("never revokes in the update that retires, not even a key whose time is over before its turn comes", async () => {
  const tenant = await supply.take();
  const { current: first } = await tenant.ring();
  const stack = await stackFor(tenant, {
    program: `
const pulumi = require("@pulumi/pulumi");
const { SigningKeyRotation, SigningKeyRevocation } = require("pulumi-auth0-signing-keys");
class SlowConsumer extends pulumi.dynamic.Resource {
  constructor(name, props) {
    super({ create: async (inputs) => { await new Promise((done) => setTimeout(done, 3000)); return { id: "slow", outs: inputs }; } }, name, props);
  }
}
const rotation = new SigningKeyRotation("keys", { generation: 1, gracePeriod: "1s", minKeyAge: "0s" });
const consumer = new SlowConsumer("consumer", { pems: rotation.trustedCertificates });
new SigningKeyRevocation("keys", { retired: rotation.retired }, { dependsOn: consumer });
`,
  });
  expect((await stack.up()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([]);
  expect(revocationOf(stack).revocable).toEqual([first]);
  expect((await stack.up()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([first]);
});

test("never revokes in the update that retires, nor an entry without a due date in the next", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, { program: program({ generation: 1 }) });
  for (let run = 0; run < 2; run += 1) {
    const { outcome, output } = await stack.up();
    expect(outcome).not.toBe(0);
    expect(output).toContain("[no_grace_period]");
  }
  expect(await revokedOn(tenant)).toEqual([]);
  stack.write(program({ generation: 1 }, { gracePeriod: "1h" }));
  expect((await stack.up()).outcome).toBe(0);
  expect(revocationOf(stack).keys[0]).toHaveProperty("revokeDueAt");
  expect(await revokedOn(tenant)).toEqual([]);
});

test("refuses the current, the next and an unknown key, all at once, before it revokes any; a kid by name is due at once", async () => {
  const tenant = await supply.take();
  const before = (await tenant.ring()).current;
  const stack = await stackFor(tenant, { program: program({ generation: 1 }, { retired: [] }) });
  expect((await stack.up()).outcome).toBe(0);
  const { current, next } = await tenant.ring();
  stack.write(program({ generation: 1 }, { retired: [before, current, next, "unknown"] }));
  const { outcome, output } = await stack.up();
  expect(outcome).not.toBe(0);
  for (const said of ["it is the current key", "it is the next key", "the tenant lists no such key"])
    expect(output).toContain(said);
  expect(await revokedOn(tenant)).toEqual([]);

  stack.write(program({ generation: 1 }, { retired: [before], hold: true }));
  expect((await stack.up()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([]);
  stack.write(program({ generation: 1 }, { retired: [before, before] }));
  expect((await stack.up()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([before]);
  stack.write(program({ generation: 1 }, { retired: [] }));
  expect((await stack.up()).outcome).toBe(0);
  stack.write(program({ generation: 1 }, { retired: [before] }));
  expect((await stack.up()).outcome).toBe(0);
  expect(await revokedOn(tenant)).toEqual([before]);
});

describe("canaries", () => {
  const audience = "https://api.example.com/";

  test("a consumer that doesn't answer as expected keeps the key; once it does, the key is revoked", async () => {
    const tenant = await supply.take();
    const { domain, emulator } = tenant;
    const { current: first } = await tenant.ring();
    const stack = await stackFor(tenant, { program: program({ generation: 1 }, { retired: [] }) });
    expect((await stack.up()).outcome).toBe(0);
    const { current } = await tenant.ring();
    const url = `https://${domain}/demo/api?key=not-shown`;
    const canaries = [{ audience, url, timeout: "1s" }];
    const match = { method: "GET", path: "/demo/api" };
    stack.write(program({ generation: 1 }, { retired: [first], canaries }));
    for (const [fault, status] of [
      [{ fault: "status", status: 401 }, "401"],
      [{ fault: "status", status: 302 }, "302"],
      [{ fault: "delay", delayMs: 3_000 }, "no answer (timed out)"],
    ] as const) {
      await emulator.fault({ ...fault, match, tenant: domain, times: 50 });
      const { outcome, output } = await stack.up();
      await emulator.clearFaults();
      expect(outcome).not.toBe(0);
      expect(output).toContain("[canary_failed]");
      expect(output).toContain(`calling https://${domain}/demo/api for 1s: ${status} instead of 200`);
      expect(output).toContain(current);
      expect(output).not.toContain("not-shown");
      expect(await revokedOn(tenant)).toEqual([]);
    }
    const { outcome, output } = await stack.up();
    expect([outcome, output]).toEqual([0, expect.stringContaining(`accepts tokens of ${current}`)]);
    expect(await revokedOn(tenant)).toEqual([first]);
  });

  test("a URL that is not HTTPS or holds a password, the Management API and a static token are refused before any request", async () => {
    const tenant = await supply.take();
    keepSecret("s3cr3t-of-the-url");
    for (const url of ["http://localhost/", "https://me:s3cr3t-of-the-url@localhost/", "nonsense"]) {
      const canaries = [{ audience, url }];
      const stack = await stackFor(tenant, {
        program: program({ generation: 0 }, { retired: [], canaries }),
      });
      const { outcome, output } = await stack.up();
      expect(outcome).not.toBe(0);
      expect(output).toMatch(/canaries.*https/);
    }
    const canaries = [{ audience, url: "https://localhost/" }];
    const token = { domain: tenant.domain, apiToken: "opaque-token" };
    const stack = await stackFor(tenant, {
      program: program({ generation: 0 }, { retired: [], canaries, tenant: token }),
    });
    const { outcome, output } = await stack.up();
    expect(outcome).not.toBe(0);
    expect(output).toContain("a canary needs a token of its own");
    const toManagement = [{ audience: tenant.audience, url: "https://localhost/" }];
    stack.write(program({ generation: 0 }, { retired: [], canaries: toManagement }));
    expect((await stack.up()).output).toContain("a canary's audience is the Management API");
    expect(await revokedOn(tenant)).toEqual([]);
  });
});

testWhatIsLeftBehind();
