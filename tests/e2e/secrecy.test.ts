import { readFileSync } from "node:fs";
import path from "node:path";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationProgram } from "./program";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

const TOKEN = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/;

test.each(["stack configuration", "an input"])(
  "a preview, its JSON and a saved plan give away no secret of %s",
  async (source) => {
    const tenant = await supply.take();
    const { domain, clientId, clientSecret, bareEnv } = tenant;
    const asInput = source === "an input";
    const stack = await stackFor(tenant, {
      program: rotationProgram({
        generation: 1,
        ...(asInput && { tenant: { domain, clientId, clientSecret } }),
      }),
      env: { ...bareEnv, PULUMI_EXPERIMENTAL: "true" },
      ...(!asInput && {
        config: { "auth0:domain": domain, "auth0:clientId": clientId },
        secretConfig: { "auth0:clientSecret": clientSecret },
      }),
    });
    const plan = path.join(stack.folder, "plan.json");
    for (const flags of [["--save-plan", plan], ["--json"], ["--diff", "--show-config"]]) {
      const { outcome, output } = await stack.preview(...flags);
      expect([flags, outcome, output.includes(clientSecret)]).toEqual([flags, 0, false]);
    }
    const saved = readFileSync(plan, "utf8");
    expect(saved).toContain("SigningKeyRotationIntent");
    expect(saved).toContain("ciphertext");
    expect(saved.includes(clientSecret)).toBe(false);
  },
);

test("the engine's own traces hold neither credentials of the environment nor a token", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
  const calls = path.join(stack.folder, "calls.json");
  stack.setEnvironment({ PULUMI_DEBUG_GRPC: calls });
  const { outcome, output } = await stack.up("--logtostderr", "-v=9");
  expect(outcome).toBe(0);
  for (const trace of [output, readFileSync(calls, "utf8")]) {
    expect(trace).toContain("SigningKeyRotationIntent");
    expect(trace.includes(tenant.clientSecret)).toBe(false);
    expect(TOKEN.test(trace)).toBe(false);
  }
});

test("a preview asks nobody anything, so that of a pull request needs no credentials that are good for anything", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
  expect((await stack.up()).outcome).toBe(0);
  const before = (await tenant.journal()).length;
  stack.write(rotationProgram({ generation: 1, minKeyAge: "0s" }));
  stack.setEnvironment({ AUTH0_CLIENT_ID: "none", AUTH0_CLIENT_SECRET: "made-up" });
  const { outcome, output } = await stack.preview();
  expect([outcome, output]).toEqual([0, expect.stringContaining("generation 0 → 1: rotate")]);
  expect(await tenant.journal()).toHaveLength(before);
});

testWhatIsLeftBehind();
