import type { SigningKeys } from "../../src/tenant/signingKeys";
import { effectsOf } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { TenantSupply } from "./tenants";

jest.setTimeout(120_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

test("the ring with its dates, from stack configuration, in the preview too, and nothing is written", async () => {
  const tenant = await supply.take();
  const { domain, clientId, clientSecret, bareEnv } = tenant;
  const before = await tenant.ring();
  const stack = await stackFor(tenant, {
    program: `
const { getSigningKeys } = require("pulumi-auth0-signing-keys");
module.exports = async () => ({ keys: await getSigningKeys() });`,
    env: bareEnv,
    config: { "auth0:domain": domain, "auth0:clientId": clientId },
    secretConfig: { "auth0:clientSecret": clientSecret },
  });
  expect((await stack.preview()).output).toContain(before.current);
  const dashboard = `/tenants/${encodeURIComponent(domain)}`;
  for (const path of [`${dashboard}/rotate`, `${dashboard}/revoke/${before.current}`])
    expect((await tenant.emulator.control("POST", path, {})).status).toBeLessThan(300);
  expect((await stack.up()).outcome).toBe(0);
  const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
  const { keys } = (await stack.outputs()) as unknown as { keys: SigningKeys };
  expect(keys).toMatchObject({
    domain,
    jwksUri: `https://${domain}/.well-known/jwks.json`,
    observedAt: date,
    current: { kid: before.next, state: "current", since: date },
    previous: [],
    revoked: [{ kid: before.current, state: "revoked", since: date, until: date, revokedAt: date }],
  });
  expect(keys.next?.certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
  const journal = await tenant.journal();
  expect(journal.filter(({ method, effect }) => effect !== undefined && method !== "DASHBOARD")).toEqual([]);
});

test("as an output it comes after what it depends on, takes credentials as inputs, and is no secret", async () => {
  const tenant = await supply.take();
  const { domain, clientId, clientSecret, bareEnv } = tenant;
  const before = await tenant.ring();
  const fields = JSON.stringify({ domain, clientId });
  const stack = await stackFor(tenant, {
    program: `
const pulumi = require("@pulumi/pulumi");
const { SigningKeyRotation, getSigningKeysOutput } = require("pulumi-auth0-signing-keys");
const tenant = { ...${fields}, clientSecret: new pulumi.Config().requireSecret("secret") };
const rotation = new SigningKeyRotation("keys", { generation: 1, tenant });
const keys = getSigningKeysOutput({ tenant }, { dependsOn: rotation });
module.exports = { current: keys.current.kid, previous: keys.previous.apply((all) => all.map((key) => key.kid)) };`,
    env: bareEnv,
    secretConfig: { secret: clientSecret },
  });
  expect((await stack.preview()).outcome).toBe(0);
  expect(await tenant.journal()).toEqual([]);
  const { outcome, output } = await stack.up();
  expect([outcome, output]).toEqual([0, expect.stringMatching(new RegExp(`current *: "${before.next}"`))]);
  expect(await stack.outputs()).toEqual({ current: before.next, previous: [before.current] });
  expect(effectsOf(await tenant.journal())).toMatchObject({ rotated: [before.current], revoked: [] });
});

test("wrong credentials and none are one clear error, without the secret", async () => {
  const tenant = await supply.take();
  const program = (args: object): string => `
const { getSigningKeys } = require("pulumi-auth0-signing-keys");
module.exports = async () => ({
  refusal: await getSigningKeys(${JSON.stringify(args)}).then(() => "", ({ message }) => message),
});`;
  const { domain, clientId, clientSecret } = tenant;
  const cases: [object, string][] = [
    [{ tenant: { domain, clientId, clientSecret: `${clientSecret}x` } }, "[access_denied]"],
    [{ tenant: { domain: `https://${domain}/`, clientSecret: "x", apiToken: "y" } }, "[invalid_input]"],
    [{}, "[invalid_input]"],
  ];
  for (const [args, code] of cases) {
    const stack = await stackFor(tenant, { program: program(args), env: tenant.bareEnv });
    expect((await stack.up()).outcome).toBe(0);
    const { refusal } = await stack.outputs();
    expect(refusal).toContain(code);
    expect(refusal).not.toContain(clientSecret);
  }
});

testWhatIsLeftBehind();
