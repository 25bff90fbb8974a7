import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { checkout } from "../support/project";
import { keepTrace } from "../support/traces";
import { expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { example, examples, shellBlock } from "./readme";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const QUICKSTART = "examples/quickstart/README.md";

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

interface RolloverFigures {
  requests: number;
  refused: number;
  withoutGuards: { requests: number; refused: number };
}

function run(file: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
  });
}

test("every example is run, here or in a file of its own (bootstrap where its provider is installed), and says what it is about", () => {
  const names = readdirSync(examples, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  const projects: Readonly<Record<string, string>> = {
    bootstrap: "Pulumi.yaml",
    emergency: "Pulumi.yaml",
    gitops: "rotation/Pulumi.yaml",
    go: "main.go",
    policy: "PulumiPolicy.yaml",
    python: "__main__.py",
    quickstart: "Pulumi.yaml",
    rollover: "Pulumi.yaml",
    yaml: "Pulumi.yaml",
  };
  expect(names).toEqual(Object.keys(projects));
  for (const name of names) {
    for (const file of [projects[name] ?? "", "README.md"])
      expect(existsSync(path.join(examples, name, file))).toBe(true);
  }
});

test("quickstart: its README's commands adopt, rotate, wait for the grace period, and revoke", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, {
    project: example("quickstart"),
    env: tenant.bareEnv,
    config: { "auth0:domain": tenant.domain, "auth0:clientId": tenant.clientId },
    secretConfig: { "auth0:clientSecret": tenant.clientSecret },
  });
  const says = async (commands: string, said: RegExp): Promise<void> => {
    const { outcome, output } = await stack.shell(commands);
    expect([outcome, output]).toEqual([0, expect.stringMatching(said)]);
  };
  const { current: first } = await tenant.ring();
  await says(
    shellBlock(QUICKSTART, "4. Adopt", 0),
    /adopt the key ring as it is, rotate nothing; revoke nothing/,
  );
  await says(shellBlock(QUICKSTART, "4. Adopt", 1), /(-----BEGIN CERTIFICATE-----.*){2}/s);
  await expectExactlyOnce(tenant, stack, { rotations: 0, revocations: 0 });

  await says(
    shellBlock(QUICKSTART, "5. Rotate", 0),
    new RegExp(`rotated: \\S+ is current, ${first} is retired`),
  );
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  const { current } = await tenant.ring();
  expect(await stack.outputs()).toMatchObject({
    currentKid: current,
    retired: [{ kid: first, generation: 1, revokeDueAt: expect.any(String) as string }],
  });

  await says(
    shellBlock(QUICKSTART, "6. Wait, and let it revoke", 0),
    new RegExp(`revoke ${first} not before \\S+ \\(in 24 hours\\)`),
  );
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  await tenant.emulator.advanceClock("25h", tenant.domain);
  const moveTheClock = shellBlock(QUICKSTART, "6. Wait, and let it revoke", 1);
  const { outcome, output } = await stack.shell(moveTheClock.replace(/^curl .*\n/, ""));
  expect([outcome, output]).toEqual([0, expect.stringContaining(`revoked ${first}`)]);
  expect(output).toMatch(new RegExp(`: revoke ${first}; ring as recorded`));
  expect(output).toMatch(new RegExp(`revoking key ${first} \\(due since `));
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
});

test("rollover: no request is refused throughout, and without grace and consumers many are", async () => {
  const demo = path.join(checkout, "tools/demo/rollover.mjs");
  const { code, stdout, stderr } = await run(process.execPath, [demo, "--json"]);
  keepTrace("demo", `${stdout}${stderr}`);
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
