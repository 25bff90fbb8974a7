import "./usePlugin";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SigningKeys } from "../../src/tenant/signingKeys";
import { RING_RESOURCE } from "../../src/plugin/tokens";
import type { Stack } from "../support/engine";
import { linkDependencies } from "../support/project";
import { reach, whileVerifying } from "../e2e/crash";
import { effectsOf, expectExactlyOnce } from "../e2e/exactlyOnce";
import { keepSecret, stackFor, testWhatIsLeftBehind } from "../e2e/leftBehind";
import { shellBlock } from "../e2e/readme";
import { intentOf, rotationOf, rotationProgram, yamlProgram } from "../e2e/program";
import { TenantSupply, type TestTenant } from "../e2e/tenants";
import { mustFail, mustUp } from "../e2e/updates";
import { yamlExample } from "../support/languages";
import { followExample } from "./example";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

const README = "examples/yaml/README.md";
const TITLE = "YAML: rotate, hand on the certificates, revoke";
const GUIDE = "docs/guides/other-languages.md";
const ROTATION = "auth0-signing-keys:SigningKeyRotation";
const REVOCATION = "auth0-signing-keys:SigningKeyRevocation";

async function effects(tenant: TestTenant): Promise<{ rotated: string[]; revoked: string[] }> {
  return effectsOf(await tenant.journal());
}

function credentialsOf({ domain, clientId, clientSecret }: TestTenant): Record<string, string> {
  return { domain, clientId, clientSecret };
}

describe("a program in YAML", () => {
  test("adopts, says in a preview what a raise changes, rotates, and revokes once the key is due", async () => {
    const tenant = await supply.take();
    const before = await tenant.ring();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    expect(await mustUp(stack)).toContain(
      `${tenant.domain}: generation 0: adopt the key ring as it is, rotate nothing; revoke nothing`,
    );
    const raise = { generation: 1, gracePeriod: "2s", minKeyAge: "0s", reason: "scheduled" };
    stack.write(rotationProgram(raise));
    const seen = (await tenant.journal()).length;
    const { output: preview } = await stack.preview("--diff");
    expect(preview).toMatch(/SigningKeyRotationIntent: \(update\)[^~+]*~ generation: 0 => 1/);
    expect(preview).toMatch(/SigningKeyRing: \(update\)[\s\S]*~ generation +: 0 => 1\n/);
    expect(preview).toMatch(/\+ gracePeriod: "2s"\n\s*\+ reason +: "scheduled"/);
    expect(preview).toContain(`generation 0 → 1: rotate (${before.current} retires`);
    expect(await tenant.journal()).toHaveLength(seen);

    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    expect(await stack.outputs()).toMatchObject({
      currentKid: before.next,
      retired: [{ kid: before.current, generation: 1 }],
      pending: [],
    });
    stack.write(rotationProgram({ ...raise, revokePrevious: true }));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
  });

  test("shows what is said at the resource that it is about, warnings as such, and progress only while it lasts", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 7 }) });
    const output = await mustUp(stack);
    const diagnostics = output.slice(output.indexOf("Diagnostics:"));
    expect(diagnostics).toMatch(
      /auth0-signing-keys:index:SigningKeyRing \(keys-ring\):\n(?:.*\n)?\s+warning: \S+: no state for generation 7: taken as carried out/,
    );
    await tenant.emulator.fault({ fault: "stale-jwks", times: 20, tenant: tenant.domain });
    stack.write(rotationProgram({ generation: 8, verifyTimeout: "4s", minKeyAge: "0s" }));
    const waited = await mustFail(stack, "[verification_timeout]");
    const [during = "", after = ""] = waited.split("Diagnostics:");
    expect([during, after]).toEqual([
      expect.stringContaining("waiting for the JWKS"),
      expect.not.stringContaining("waiting for the JWKS"),
    ]);
  });

  test("is refused in its preview, with every fault and without a request", async () => {
    const tenant = await supply.take();
    const program = rotationProgram({ generation: 1.5, gracePeriod: "24" });
    const stack = await stackFor(tenant, { program });
    const { outcome, output } = await stack.preview();
    expect(outcome).not.toBe(0);
    for (const fault of ["given 1.5; allowed: a whole number", 'given "24"; allowed: "auto"'])
      expect(output).toContain(fault);
    expect(await tenant.journal()).toEqual([]);
  });

  test("adopts, rotates once, and revokes once the key is due and its consumer has been updated", async () => {
    await followExample(await supply.take(), yamlExample(), {
      adopt: shellBlock(README, TITLE, 1),
      rotate: shellBlock(README, TITLE, 2),
    });
  });

  test("never revokes a key in the update that retires it: one process serves the rotation and the revocation", async () => {
    const tenant = await supply.take();
    const { current } = await tenant.ring();
    const program = yamlProgram({
      keys: { type: ROTATION, properties: { generation: 1, gracePeriod: "1ms" } },
      old: { type: REVOCATION, properties: { retired: "${keys.retired}" } },
    });
    const stack = await stackFor(tenant, { program });
    await mustUp(stack);
    const providers = stack.stateFile.resources.filter(({ type }) => type.startsWith("pulumi:providers:"));
    expect(providers.map(({ urn }) => urn.split("::").at(-1))).toEqual(["default"]);
    expect(await effects(tenant)).toEqual({ rotated: [current], revoked: [] });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await mustUp(stack);
    expect(await effects(tenant)).toEqual({ rotated: [current], revoked: [current] });
    expect(await mustUp(stack, "--refresh")).not.toContain("revoking key");
  });

  test("says in its preview that a ring whose record is lost rotates all the same if its intent records the raise", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await mustUp(stack);
    const ring = stack.stateFile.resources.find(({ type }) => type === RING_RESOURCE)?.urn ?? "";
    expect(await stack.shell(`pulumi state delete '${ring}' --yes`)).toMatchObject({ outcome: 0 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    expect((await stack.preview()).output).toContain("if its intent is still on record, rotate once");
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });

  test("gets the key ring by a function", async () => {
    const tenant = await supply.take();
    const ring = await tenant.ring();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    stack.write(`name: e2e
runtime: yaml
variables:
  keys: {"fn::invoke": {function: "auth0-signing-keys:getSigningKeys"}}
outputs: {keys: "\${keys}"}
`);
    await mustUp(stack);
    const { keys } = (await stack.outputs()) as { keys: SigningKeys };
    expect([keys.domain, keys.current.kid, keys.next?.kid]).toEqual([tenant.domain, ring.current, ring.next]);
    expect(keys.current.certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(Date.parse(keys.observedAt)).toBeGreaterThan(0);
  });
});

describe("credentials", () => {
  test("come from stack configuration and from a provider of one's own, and are stored encrypted", async () => {
    const [one, other] = [await supply.take(), await supply.take()];
    keepSecret(other.clientSecret);
    const { clientSecret, ...plain } = credentialsOf(one);
    const settings = Object.entries(plain).map(([name, value]) => [`auth0-signing-keys:${name}`, value]);
    const program = yamlProgram({
      other: { type: "pulumi:providers:auth0-signing-keys", properties: credentialsOf(other) },
      keys: { type: ROTATION, properties: { generation: 1 } },
      otherKeys: { type: ROTATION, properties: { generation: 1 }, options: { provider: "${other}" } },
    });
    const stack = await stackFor(one, {
      program,
      env: one.bareEnv,
      config: Object.fromEntries(settings) as Record<string, string>,
      secretConfig: { "auth0-signing-keys:clientSecret": clientSecret ?? "" },
    });
    const authorities = path.join(stack.folder, "authorities.pem");
    writeFileSync(authorities, [one, other].map(({ caFile }) => readFileSync(caFile, "utf8")).join("\n"));
    stack.setEnvironment({ NODE_EXTRA_CA_CERTS: authorities });
    await mustUp(stack);
    for (const tenant of [one, other]) expect((await effects(tenant)).rotated).toHaveLength(1);
  });

  test("given as inputs serve a refresh too, and stand nowhere in the clear", async () => {
    const tenant = await supply.take();
    const program = rotationProgram({ generation: 1, tenant: credentialsOf(tenant) });
    const stack = await stackFor(tenant, { program, env: tenant.bareEnv });
    await mustUp(stack);
    expect((await stack.refresh("--expect-no-changes")).outcome).toBe(0);
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
    const state = await stack.export();
    expect(state).not.toContain(tenant.clientSecret);
  });

  test("that are secret as a whole stay so, also in what a failure records", async () => {
    const tenant = await supply.take();
    const secret = { "fn::secret": credentialsOf(tenant) };
    const program = rotationProgram({ generation: 1, verifyTimeout: "1s", tenant: secret });
    const stack = await stackFor(tenant, { program, env: tenant.bareEnv });
    await tenant.emulator.fault({ fault: "stale-jwks", times: 20, tenant: tenant.domain });
    await mustFail(stack, "[verification_timeout]");
    expect(await stack.export()).not.toContain(tenant.clientId);
    await tenant.emulator.clearFaults();
    await mustUp(stack);
    expect(await stack.export()).not.toContain(tenant.clientId);
  });

  test("of a name that there isn't are refused with those that there are", async () => {
    const tenant = await supply.take();
    const program = rotationProgram({ generation: 1 });
    const stack = await stackFor(tenant, { program, config: { "auth0-signing-keys:domian": tenant.domain } });
    const { outcome, output } = await stack.preview();
    expect(outcome).not.toBe(0);
    expect(output).toContain("domian: there is no such setting; allowed: domain, clientId");
  });
});

describe("import", () => {
  const PROTECTED = { options: { protect: true } };

  test("records the ring and the generation, and the program goes on from there", async () => {
    const tenant = await supply.take();
    const ring = await tenant.ring();
    const stack = await stackFor(tenant);
    const commands = shellBlock(GUIDE, "Adopt a tenant, or import what another stack managed", 0);
    const importing = commands.replaceAll("acme.eu.auth0.com", tenant.domain);
    expect(await stack.shell(importing)).toMatchObject({ outcome: 0 });
    const { currentKey, generation, retired } = rotationOf(stack);
    expect([currentKey.kid, generation, retired]).toEqual([ring.current, 4, []]);
    stack.write(rotationProgram({ generation: 4, minKeyAge: "0s" }, PROTECTED));
    await mustUp(stack);
    expect(stack.stateFile.resources.filter(({ type }) => type === RING_RESOURCE)).toHaveLength(1);
    expect(await effects(tenant)).toEqual({ rotated: [], revoked: [] });
    expect(intentOf(stack).outputs).toMatchObject({ generation: 4, baselines: [] });
    stack.write(rotationProgram({ generation: 5, minKeyAge: "0s" }, PROTECTED));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });

  test.each([
    ["another tenant's", "SigningKeyRing", "acme.invalid?generation=1", "[wrong_tenant]"],
    ["no id", "SigningKeyRing", "acme.invalid?gen=1", 'such as "acme.eu.auth0.com?generation=4"'],
    ["a revocation", "SigningKeyRevocation", "acme.invalid", "there is nothing to import"],
  ])("of %s is refused", async (_, type, id, expected) => {
    const stack = await stackFor(await supply.take());
    const { outcome, output } = await stack.shell(
      `pulumi import auth0-signing-keys:index:${type} keys '${id}'`,
    );
    expect([outcome, output]).toEqual([expect.not.stringMatching(/^0$/), expect.stringContaining(expected)]);
    expect(outcome).not.toBe(0);
  });
});

/** A stack of dynamic resources, with which the program of a rotation and its revocation has run. */
async function dynamicStack(
  tenant: TestTenant,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<Stack> {
  const stack = await stackFor(tenant, {
    project: (folder) => {
      writeFileSync(
        path.join(folder, "Pulumi.yaml"),
        "name: e2e\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n",
      );
      writeFileSync(
        path.join(folder, "index.js"),
        `const { SigningKeyRotation, SigningKeyRevocation } = require("pulumi-auth0-signing-keys");
const keys = new SigningKeyRotation("${name}", ${JSON.stringify(args)});
new SigningKeyRevocation("old", { retired: keys.retired });`,
      );
      writeFileSync(path.join(folder, "package.json"), '{ "name": "e2e", "private": true }\n');
      linkDependencies(folder);
    },
  });
  await mustUp(stack);
  return stack;
}

const DYNAMIC = "pulumi-nodejs:dynamic/auth0:SigningKeyRotation";

test.each([
  ["its name", "signing", { name: "signing" }],
  ["its URN", "signing", `urn:pulumi:test::e2e::${DYNAMIC}::signing`],
  ["its type", "keys", { type: DYNAMIC }],
])(
  "a dynamic resource that the component's alias gives by %s is the one that goes on",
  async (_, name, alias) => {
    const tenant = await supply.take();
    const args = { generation: 1, gracePeriod: "1h", minKeyAge: "0s" };
    const stack = await dynamicStack(tenant, name, args);
    const before = await tenant.ring();
    stack.write(rotationProgram(args, { options: { aliases: [alias] } }));
    await mustUp(stack);
    expect(await tenant.ring()).toEqual(before);
    stack.write(rotationProgram({ ...args, generation: 2 }, { options: { aliases: [alias] } }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  },
);

test("a stack of dynamic resources goes on with the plugin: nothing is rotated, nothing is forgotten", async () => {
  const tenant = await supply.take();
  const args = { generation: 1, gracePeriod: "1h", minKeyAge: "0s" };
  const stack = await dynamicStack(tenant, "keys", args);
  const seen = (await tenant.journal()).length;
  const before = new Map(
    stack.stateFile.resources.map(({ type, outputs }) => [type.split(":").at(-1), outputs]),
  );

  const resources = (generation: number): Record<string, unknown> => ({
    keys: { type: ROTATION, properties: { ...args, generation } },
    old: {
      type: REVOCATION,
      properties: { retired: "${keys.retired}" },
      options: { aliases: [{ type: "pulumi-nodejs:dynamic/auth0:SigningKeyRevocation" }] },
    },
  });
  stack.write(yamlProgram(resources(1)));
  const output = await mustUp(stack);
  expect(output).toMatch(/\+ 1 created\n\s+4 unchanged/);
  expect(await tenant.journal()).toHaveLength(seen);
  expect(rotationOf(stack)).toEqual(before.get("SigningKeyRotation"));
  expect(intentOf(stack).outputs).toEqual(before.get("SigningKeyRotationIntent"));

  stack.write(yamlProgram(resources(2)));
  await mustUp(stack, "--refresh");
  await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  expect(rotationOf(stack).retired.map(({ revokeDueAt }) => typeof revokeDueAt)).toEqual([
    "string",
    "string",
  ]);
  expect(await stack.destroy()).toMatchObject({ outcome: 0 });
  await expectEffects(tenant, 2);
});

async function expectEffects(tenant: TestTenant, rotations: number): Promise<void> {
  const { rotated, revoked } = await effects(tenant);
  expect([rotated.length, revoked.length]).toEqual([rotations, 0]);
}

test("an update that is interrupted stops waiting at once, and what has happened is recorded", async () => {
  const tenant = await supply.take();
  const stack: Stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
  await mustUp(stack);
  stack.write(rotationProgram({ generation: 1, verifyTimeout: "10m" }));
  await tenant.emulator.fault({ fault: "stale-jwks", times: 1_000, tenant: tenant.domain });
  const { isReached } = whileVerifying(2);
  const update = await reach(tenant, stack, { faults: [], isReached });
  const { outcome, output } = await update.interrupt("SIGINT");
  expect([outcome, output]).toEqual([expect.anything(), expect.stringContaining("[cancelled]")]);
  expect(outcome).not.toBe(0);
  expect(rotationOf(stack)).toMatchObject({ generation: 1, pending: [{ step: "verify-rotation" }] });
  await tenant.emulator.clearFaults();
  await mustUp(stack);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
});

testWhatIsLeftBehind();
