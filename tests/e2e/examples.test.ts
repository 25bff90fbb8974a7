import { execFile } from "node:child_process";
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

interface RolloverFigures {
  requests: number;
  refused: number;
  withoutGuards: { requests: number; refused: number };
}

/** Takes an example as it stands. */
function example(name: string): (folder: string) => void {
  return (folder) => {
    cpSync(path.join(examples, name), folder, { recursive: true });
    linkDependencies(folder);
  };
}

function run(file: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
  });
}

test("every example is run here, and says what it is about", () => {
  const names = readdirSync(examples, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  expect(names).toEqual(["minimal", "rollover"]);
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

test("rollover: no request is refused throughout, and without grace and consumers many are", async () => {
  const demo = path.join(checkout, "tools/demo/rollover.mjs");
  const { code, stdout, stderr } = await run(process.execPath, [demo, "--json"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("All 8 steps did what they say")]);
  const figures = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as RolloverFigures;
  expect(figures).toEqual({
    requests: expect.any(Number) as number,
    refused: 0,
    withoutGuards: { requests: expect.any(Number) as number, refused: expect.any(Number) as number },
  });
  expect(figures.requests).toBeGreaterThanOrEqual(2_000);
  expect(figures.withoutGuards.refused).toBeGreaterThan(0);
  expect(`${stdout}${stderr}`).not.toMatch(/\beyJ[\w-]{8,}\.[\w-]{8,}\./);
}, 360_000);

testWhatIsLeftBehind();
