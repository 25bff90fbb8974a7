import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import lock from "../../tools/node/package-lock.json";
import { expectExactlyOnce } from "../e2e/exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "../e2e/leftBehind";
import { startTenant } from "../e2e/tenants";
import { checkout } from "../support/project";
import { Consumer, pack, PROGRAMS } from "./consumer";

jest.setTimeout(600_000);

const VERSIONS = Object.entries(lock.packages).flatMap(([, locked]) =>
  "version" in locked ? [locked.version] : [],
);

const consumer = new Consumer("npm");
const temporary = mkdtempSync(path.join(tmpdir(), "signing-keys-node-"));
let folders: Readonly<Record<string, string>>;

beforeAll(async () => {
  const found = execFileSync(process.execPath, [path.join(checkout, "tools/node/main.mjs")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  folders = JSON.parse(found) as Record<string, string>;
  await consumer.install(await pack(temporary));
});
afterAll(() => {
  consumer.remove();
  rmSync(temporary, { recursive: true, force: true });
});

test.each(["package.json", "emulator/package.json"])("%s claims the oldest of these versions", (file) => {
  const { engines } = JSON.parse(readFileSync(path.join(checkout, file), "utf8")) as {
    engines: { node: string };
  };
  expect(`${engines.node}.0`).toBe(`>=${VERSIONS[0] ?? ""}`);
});

const ENTRIES = `
const names = ["", "/provider", "/policy"].map((entry) => "pulumi-auth0-signing-keys" + entry);
Promise.all(names.map((name) => import(name)))
  .then((modules) => console.log(JSON.stringify(modules.flatMap((module) => Object.keys(module)))));
`;

describe.each(VERSIONS)("on Node %s", (version) => {
  const node = (): string => path.join(folders[version] ?? "", "node");
  const run = (
    args: readonly string[],
    env = {},
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(node(), args, { cwd: consumer.folder, encoding: "utf8", env: { ...process.env, ...env } });

  test("the entries load", () => {
    expect(run(["--version"]).stdout.trim()).toBe(`v${version}`);
    const { stdout, stderr } = run(["-e", ENTRIES]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        "SigningKeyRotation",
        "getSigningKeys",
        "rotation",
        "revocation",
        "intent",
        "signingKeyPolicies",
      ]),
    );
  });

  test("a tenant of the emulator is looked at and rotated, and nothing but this Node has a part in it", async () => {
    const tenant = await startTenant(node());
    try {
      const command = path.join(consumer.folder, "node_modules/pulumi-auth0-signing-keys/dist/cli/main.js");
      const status = run([command, "status", "--json"], tenant.env);
      expect([status.status, status.stderr]).toEqual([0, ""]);
      expect(JSON.parse(status.stdout)).toMatchObject({ domain: tenant.domain });

      const seen = path.join(temporary, `${version}.txt`);
      const witness = path.join(temporary, `${version}.cjs`);
      writeFileSync(
        witness,
        `require("node:fs").appendFileSync(${JSON.stringify(seen)}, process.version + " " + process.argv[1] + "\\n");`,
      );
      const stack = await stackFor(tenant, {
        project: consumer.project(PROGRAMS.TypeScript),
        env: {
          ...tenant.env,
          PATH: [folders[version], process.env["PATH"]].join(path.delimiter),
          NODE_OPTIONS: `--require ${witness}`,
        },
      });
      const { outcome, output } = await stack.up();
      expect([outcome, output]).toEqual([0, expect.stringContaining("rotated: ")]);
      await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
      expect((await stack.destroy()).outcome).toBe(0);

      const processes = readFileSync(seen, "utf8").trim().split("\n");
      expect(processes.filter((line) => !line.startsWith(`v${version} `))).toEqual([]);
      for (const part of ["cmd/run", "cmd/dynamic-provider"])
        expect(processes).toContainEqual(expect.stringContaining(part));
    } finally {
      await tenant.emulator.stop();
    }
  });
});

testWhatIsLeftBehind();
