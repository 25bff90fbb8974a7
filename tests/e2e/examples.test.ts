import { cpSync, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { checkout, linkDependencies } from "../support/engine";
import { expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

const examples = path.join(checkout, "examples");

/** Takes an example as it stands. */
function example(name: string): (folder: string) => void {
  return (folder) => {
    cpSync(path.join(examples, name), folder, { recursive: true });
    linkDependencies(folder);
  };
}

test("every example is run here, and says what it is about", () => {
  const names = readdirSync(examples, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  expect(names).toEqual(["minimal"]);
  for (const name of names) {
    for (const file of ["Pulumi.yaml", "README.md"])
      expect(existsSync(path.join(examples, name, file))).toBe(true);
  }
});

test("minimal: adopts, rotates, and waits for the grace period before it revokes", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, {
    project: example("minimal"),
    env: tenant.bareEnv,
    config: { "auth0:domain": tenant.domain, "auth0:clientId": tenant.clientId, generation: "0" },
    secretConfig: { "auth0:clientSecret": tenant.clientSecret },
  });
  expect((await stack.up()).outcome).toBe(0);
  await expectExactlyOnce(tenant, stack, { rotations: 0, revocations: 0 });
  await stack.configure({ generation: "1", revokePrevious: "true", gracePeriod: "24h" });
  expect((await stack.up()).outcome).toBe(0);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  const { current } = await tenant.ring();
  expect(await stack.outputs()).toMatchObject({ currentKid: current, retired: [{ generation: 1 }] });
  expect((await stack.preview()).output).toMatch(/revoke \S+ not before /);
});

testWhatIsLeftBehind();
