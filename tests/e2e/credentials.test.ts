import { generateKeyPairSync } from "node:crypto";
import { cpSync, symlinkSync } from "node:fs";
import path from "node:path";
import { checkout } from "../support/project";
import { effectsOf, expectExactlyOnce } from "./exactlyOnce";
import { keepSecret, stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf, rotationProgram } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

const ALL_SCOPES = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];

/** Another application of the tenant. */
async function newClient(
  tenant: TestTenant,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ clientId: string; clientSecret: string }> {
  const body = { tenant: tenant.domain, scopes: ALL_SCOPES, ...settings };
  const answer = await tenant.emulator.control("POST", "/clients", body);
  expect(answer.status).toBe(201);
  const client = answer.body as { clientId: string; clientSecret?: string };
  if (client.clientSecret !== undefined) keepSecret(client.clientSecret);
  return { clientSecret: "", ...client };
}

describe("stack configuration", () => {
  /** What a clone of this repository holds, as far as the program needs it. */
  function rootProject(folder: string): void {
    for (const name of ["Pulumi.yaml", "package.json", "tsconfig.json", "src", "dist"]) {
      cpSync(path.join(checkout, name), path.join(folder, name), { recursive: true });
    }
    symlinkSync(path.join(checkout, "node_modules"), path.join(folder, "node_modules"));
  }

  test("the root project rotates with nothing but configuration; a refresh takes credentials that were changed", async () => {
    const tenant = await supply.take();
    const { domain, clientId, clientSecret, bareEnv } = tenant;
    const stack = await stackFor(tenant, {
      project: rootProject,
      env: bareEnv,
      config: { "auth0:domain": domain, "auth0:clientId": clientId, generation: "0" },
      secretConfig: { "auth0:clientSecret": clientSecret },
    });
    const adopted = await stack.up();
    expect([adopted.outcome, adopted.output]).toEqual([0, expect.stringContaining("adopt")]);
    await stack.configure({ generation: "1", revokePrevious: "true", gracePeriod: "24h", reason: "yearly" });
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    const { current } = await tenant.ring();
    expect(await stack.outputs()).toMatchObject({ domain, generation: 1, currentKid: current, pending: [] });
    expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);

    const other = await newClient(tenant);
    await stack.configure({ "auth0:clientId": other.clientId }, { "auth0:clientSecret": other.clientSecret });
    const refreshed = await stack.up("--refresh", "--run-program");
    expect(refreshed.outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });

  test("a generation that is no number is refused before anything runs", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, {
      project: rootProject,
      config: { generation: "soon" },
    });
    const { outcome, output } = await stack.up();
    expect(outcome).not.toBe(0);
    expect(output).toMatch(/generation.*integer/);
    expect(await tenant.journal()).toEqual([]);
  });
});

describe("credentials as inputs", () => {
  const secretTenant = ({ domain, clientId, clientSecret }: TestTenant): Record<string, string> => ({
    domain,
    clientId,
    clientSecret,
  });

  test("stand in state encrypted only, serve a refresh, and changing them writes nothing in Auth0", async () => {
    const tenant = await supply.take();
    const program = rotationProgram({ generation: 1, tenant: secretTenant(tenant) });
    const stack = await stackFor(tenant, { program, env: tenant.bareEnv });
    expect((await stack.up()).outcome).toBe(0);
    const { tenant: stored } = rotationOf(stack);
    expect(stored).toMatchObject({ ciphertext: expect.any(String) as string });
    expect((await stack.refresh("--expect-no-changes")).outcome).toBe(0);
    expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);

    const other = await newClient(tenant);
    stack.write(rotationProgram({ generation: 1, tenant: { domain: tenant.domain, ...other } }));
    expect((await stack.preview("--diff")).output).toContain("[secret]");
    const changed = await stack.up();
    expect([changed.outcome, changed.output]).toEqual([0, expect.stringMatching(/~ 1 updated/)]);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
    expect((await stack.destroy()).outcome).toBe(0);
  });

  test("a private key instead of a client secret", async () => {
    const tenant = await supply.take();
    const { publicKey, privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    keepSecret(privateKey.split("\n")[1] ?? privateKey);
    const { clientId } = await newClient(tenant, { publicKeyPem: publicKey });
    const { domain } = tenant;
    const stack = await stackFor(tenant, {
      program: rotationProgram({
        generation: 1,
        tenant: { domain, clientId, clientAssertionPrivateKey: privateKey },
      }),
      env: tenant.bareEnv,
    });
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });

  test("a static token is refused to revoke the key that signed it", async () => {
    const tenant = await supply.take();
    const { domain, audience, clientId, clientSecret, emulator } = tenant;
    const apiToken = await emulator.token({ access: { domain, audience, clientId, clientSecret } });
    keepSecret(apiToken);
    const program = (args: Record<string, unknown>): string =>
      rotationProgram({ ...args, tenant: { domain, apiToken } });
    const stack = await stackFor(tenant, { program: program({ generation: 1 }), env: tenant.bareEnv });
    expect((await stack.up()).outcome).toBe(0);
    stack.write(program({ generation: 1, revokePrevious: true }));
    const { outcome, output } = await stack.up();
    expect(outcome).not.toBe(0);
    expect(output).toContain("[token_not_current]");
    expect(effectsOf(await tenant.journal()).revoked).toEqual([]);

    const fresh = await emulator.token({ access: { domain, audience, clientId, clientSecret } });
    keepSecret(fresh);
    stack.write(
      rotationProgram({ generation: 1, revokePrevious: true, tenant: { domain, apiToken: fresh } }),
    );
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
  });

  test("two tenants in one program: each has its own keys rotated, none the other's", async () => {
    const [one, two] = [await supply.take(), await supply.take()];
    keepSecret(two.clientSecret);
    const program = (generations: readonly [number, number]): string => `
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
new SigningKeyRotation("one", { generation: ${generations[0]}, tenant: ${JSON.stringify(secretTenant(one))} });
new SigningKeyRotation("two", { generation: ${generations[1]}, tenant: ${JSON.stringify(secretTenant(two))} });
`;
    // Both emulators have a CA of their own, unless they are of one batch.
    const stack = await stackFor(one, { program: program([1, 0]), env: one.bareEnv });
    expect(two.caFile).toBe(one.caFile);
    expect((await stack.up()).outcome).toBe(0);
    stack.write(program([1, 1]));
    expect((await stack.up()).outcome).toBe(0);
    for (const [tenant, name] of [
      [one, "one"],
      [two, "two"],
    ] as const) {
      const { rotated } = effectsOf(await tenant.journal());
      const recorded = rotationOf(stack, name);
      expect(recorded.retired.map((key) => key.kid)).toEqual(rotated);
      expect(rotated).toHaveLength(1);
      expect(recorded.domain).toBe(tenant.domain);
    }
  });
});

testWhatIsLeftBehind();
