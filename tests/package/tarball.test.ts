import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectExactlyOnce } from "../e2e/exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "../e2e/leftBehind";
import { TenantSupply } from "../e2e/tenants";
import { checkout } from "../support/project";

jest.setTimeout(300_000);

const supply = new TenantSupply();
const consumer = mkdtempSync(path.join(tmpdir(), "signing-keys-consumer-"));
let packed: string[] = [];

beforeAll(() => {
  // Not the build of `prepack`: it would rewrite what other tests are running.
  const answer = npm(checkout, "pack", "--ignore-scripts", "--json", "--pack-destination", consumer);
  const [tarball] = JSON.parse(answer) as { filename: string; files: { path: string }[] }[];
  packed = (tarball?.files ?? []).map((file) => file.path).sort();
  writeFileSync(path.join(consumer, "package.json"), '{ "name": "consumer", "private": true }\n');
  npm(
    consumer,
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    `./${tarball?.filename ?? ""}`,
    ...["@pulumi/pulumi", "@types/node", "typescript"].map((name) => `${name}@${installedVersion(name)}`),
  );
});
afterAll(async () => {
  await supply.stop();
  rmSync(consumer, { recursive: true, force: true });
});

function npm(folder: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")}: ${String(status)}\n${stderr}`);
  return stdout;
}

function installedVersion(name: string): string {
  const manifest = readFileSync(path.join(checkout, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** A project of a user who has installed the tarball. */
function project(runtime: string, main: string, program: string): (folder: string) => void {
  return (folder) => {
    writeFileSync(
      path.join(folder, "Pulumi.yaml"),
      `name: consumer\nmain: ${main}\nruntime:\n  name: nodejs\n${runtime}`,
    );
    writeFileSync(path.join(folder, "package.json"), '{ "name": "consumer", "private": true }\n');
    writeFileSync(path.join(folder, main), program);
    symlinkSync(path.join(consumer, "node_modules"), path.join(folder, "node_modules"));
  };
}

const BODY = `
const keys = new SigningKeyRotation("keys", { generation: 1, gracePeriod: "24h" });
`;
const JAVASCRIPT = "  options:\n    typescript: false\n";

describe("the tarball", () => {
  test("holds what is built from the sources of today, the licence and the documentation, and nothing else", () => {
    const documents = packed.filter((file) => !file.startsWith("dist/"));
    expect(documents).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "docs/errors.md",
      "docs/reliability.md",
      "examples/emergency/README.md",
      "package.json",
      "schema.json",
    ]);
    for (const file of packed.filter((name) => name.startsWith("dist/"))) {
      const source = file.replace(/^dist\//, "src/").replace(/(\.d\.ts|\.js)$/, ".ts");
      expect([file, existsSync(path.join(checkout, source))]).toEqual([file, true]);
    }
    expect(packed).toEqual(expect.arrayContaining(["dist/index.js", "dist/lifecycle/provider.js"]));
    expect(packed).not.toContain("dist/program.js");
  });

  test("brings a command that looks at a tenant, and says where to get the emulator", async () => {
    const { env, domain, ...tenant } = await supply.take();
    const command = path.join(consumer, "node_modules/.bin/auth0-signing-keys");
    const run = (...args: string[]): SpawnSyncReturns<string> =>
      spawnSync(command, args, { cwd: consumer, encoding: "utf8", env: { ...process.env, ...env } });
    const status = run("status", "--json");
    expect([status.status, status.stderr]).toEqual([0, ""]);
    expect(JSON.parse(status.stdout)).toMatchObject({
      domain,
      keys: [{ state: "next" }, { state: "current", kid: (await tenant.ring()).current }],
    });
    expect(run("status").stdout).toContain("│ kid ");
    const { status: code, stderr } = run("emulator");
    expect([code, stderr]).toEqual([1, expect.stringContaining("npx auth0-signing-keys-emulator")]);
  });

  test("can be imported at the paths that it promises and at no other", () => {
    const script = `
      const found = (name) => { try { require(name); return true; } catch (error) { return error.code; } };
      console.log(JSON.stringify(["", "/provider", "/package.json", "/dist/index.js"]
        .map((path) => found("pulumi-auth0-signing-keys" + path))));
    `;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { cwd: consumer, encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual([true, true, true, "ERR_PACKAGE_PATH_NOT_EXPORTED"]);
  });

  test("brings types that a strict program can use without @pulumi/auth0", () => {
    expect(existsSync(path.join(consumer, "node_modules/@pulumi/auth0"))).toBe(false);
    writeFileSync(
      path.join(consumer, "types.ts"),
      `import type * as pulumi from "@pulumi/pulumi";
import { SigningKeyRotation } from "pulumi-auth0-signing-keys";
${BODY}
export const kid: pulumi.Output<string> = keys.currentKey.kid;
// @ts-expect-error a generation is a number
new SigningKeyRotation("wrong", { generation: "1" });
`,
    );
    const tsc = path.join(consumer, "node_modules/typescript/bin/tsc");
    const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
    const { stdout } = spawnSync(process.execPath, [tsc, ...flags, "types.ts"], {
      cwd: consumer,
      encoding: "utf8",
    });
    expect(stdout.split("\n").filter((line) => !line.includes("node_modules/@pulumi/pulumi"))).toEqual([""]);
  });
});

describe("a program that has it installed", () => {
  test.each<[string, (folder: string) => void]>([
    [
      "in TypeScript",
      project(
        "",
        "index.ts",
        `import { SigningKeyRotation } from "pulumi-auth0-signing-keys";${BODY}export const { retired } = keys;\n`,
      ),
    ],
    [
      "in JavaScript",
      project(
        JAVASCRIPT,
        "index.js",
        `const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");${BODY}exports.retired = keys.retired;\n`,
      ),
    ],
    [
      "in JavaScript, as an ES module",
      project(
        JAVASCRIPT,
        "index.mjs",
        `import { SigningKeyRotation } from "pulumi-auth0-signing-keys";${BODY}export const retired = keys.retired;\n`,
      ),
    ],
  ])("%s: rotates, refreshes, and is destroyed", async (_, fill) => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { project: fill });
    const created = await stack.up();
    expect([created.outcome, created.output]).toEqual([0, expect.stringContaining("rotated: ")]);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    expect(await stack.outputs()).toMatchObject({ retired: [{ generation: 1 }] });
    expect((await stack.refresh("--expect-no-changes")).outcome).toBe(0);
    expect((await stack.destroy()).outcome).toBe(0);
  });
});

testWhatIsLeftBehind();
