import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { TenantSupply } from "../e2e/tenants";
import { checkout } from "../support/project";
import { BODY, Consumer, pack, type Tarball } from "./consumer";

jest.setTimeout(300_000);

/** A third more than they are: what grows them further is to be noticed. */
const LARGEST_BYTES = { product: 200_000, emulator: 70_000 };

const supply = new TenantSupply();
const consumer = new Consumer("npm");
const downloads = mkdtempSync(path.join(tmpdir(), "signing-keys-tarball-"));
let tarballs: Readonly<Record<keyof typeof LARGEST_BYTES, Tarball>>;

beforeAll(async () => {
  tarballs = {
    product: await pack(downloads),
    emulator: await pack(downloads, path.join(checkout, "emulator")),
  };
  await consumer.install(tarballs.product);
});
afterAll(async () => {
  await supply.stop();
  consumer.remove();
  rmSync(downloads, { recursive: true, force: true });
});

/** Runs a command of a devDependency, or a script of the consumer's. */
function node(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, { cwd: consumer.folder, encoding: "utf8" });
}

function tool(name: string, file: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = node(path.join(checkout, "node_modules", name, file), ...args);
  return { status, output: `${stdout}${stderr}` };
}

describe.each(["product", "emulator"] as const)("the tarball of the %s", (name) => {
  const folder = path.join(checkout, name === "product" ? "" : "emulator");

  test("holds what is built from the sources of today, the licence and the documentation, and nothing else", () => {
    const { paths } = tarballs[name];
    const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
      files: string[];
    };
    const documents = paths.filter((file) => !file.startsWith("dist/"));
    const named = manifest.files.filter((entry) => !/^!?dist/.test(entry));
    expect(documents).toEqual([...new Set(["LICENSE", "README.md", "package.json", ...named])].sort());
    for (const file of paths.filter((one) => one.startsWith("dist/"))) {
      const source = file.replace(/^dist\//, "src/").replace(/(\.d\.ts|\.js)$/, ".ts");
      expect([file, existsSync(path.join(folder, source))]).toEqual([file, true]);
    }
    expect(paths).not.toContain("dist/program.js");
  });

  test(`has at most ${LARGEST_BYTES[name]} bytes`, () => {
    const { bytes, paths } = tarballs[name];
    process.stdout.write(
      `figure: tarball-${name}-bytes ${bytes}\nfigure: tarball-${name}-files ${paths.length}\n`,
    );
    expect(bytes).toBeLessThanOrEqual(LARGEST_BYTES[name]);
    expect(bytes).toBeGreaterThan(LARGEST_BYTES[name] / 2);
  });

  test("is what publint takes for a package, strictly", () => {
    const { status, output } = tool("publint", "src/cli.js", "run", "--strict", tarballs[name].file);
    expect([status, output]).toEqual([0, expect.stringContaining("All good!")]);
  });
});

describe("the tarball", () => {
  test("gives types and code that fit each other to every way of importing, by are-the-types-wrong", () => {
    const { status, output } = tool(
      "@arethetypeswrong/cli",
      "dist/index.js",
      ...[tarballs.product.file, "--format", "ascii", "--no-emoji", "--no-color"],
    );
    expect([status, output]).toEqual([0, expect.stringContaining("No problems found")]);
    for (const entry of ["", "/provider", "/policy", "/plugin"])
      expect(output).toContain(`"pulumi-auth0-signing-keys${entry}"`);
  });

  test("of the emulator has a command and nothing to import, so that no types can be wrong", () => {
    const manifest = JSON.parse(readFileSync(path.join(checkout, "emulator/package.json"), "utf8")) as object;
    expect(manifest).toMatchObject({ bin: { "auth0-signing-keys-emulator": "dist/main.js" } });
    for (const entry of ["main", "exports", "types"]) expect(manifest).not.toHaveProperty(entry);
    expect(tarballs.emulator.paths.filter((file) => file.endsWith(".d.ts"))).toEqual([]);
  });

  test("brings a command that looks at a tenant, and says where to get the emulator", async () => {
    const { env, domain, ...tenant } = await supply.take();
    const command = path.join(consumer.folder, "node_modules/.bin/auth0-signing-keys");
    const run = (...args: string[]): SpawnSyncReturns<string> =>
      spawnSync(command, args, { cwd: consumer.folder, encoding: "utf8", env: { ...process.env, ...env } });
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

  test("is what `pulumi package add` of the folder `plugin` starts", async () => {
    const folder = path.join(consumer.folder, "added");
    cpSync(path.join(checkout, "plugin"), folder, { recursive: true });
    const runPlugin = path.join(consumer.folder, "node_modules/@pulumi/pulumi/cmd/run-plugin");
    expect(await consumer.firstLineOf(process.execPath, runPlugin, folder)).toMatch(/^\d+$/);
    const { dependencies } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const { version } = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8")) as {
      version: string;
    };
    expect(dependencies["pulumi-auth0-signing-keys"]).toBe(`^${version}`);
  });

  test("can be imported at the paths that it promises and at no other", () => {
    const script = `
      const found = (name) => { try { require(name); return true; } catch (error) { return error.code; } };
      console.log(JSON.stringify(["", "/provider", "/package.json", "/dist/index.js"]
        .map((path) => found("pulumi-auth0-signing-keys" + path))));
    `;
    expect(JSON.parse(node("-e", script).stdout)).toEqual([
      true,
      true,
      true,
      "ERR_PACKAGE_PATH_NOT_EXPORTED",
    ]);
  });

  test.each(["types.cts", "types.mts"])(
    "brings types that a strict program can use without @pulumi/auth0: %s",
    (file) => {
      expect(existsSync(path.join(consumer.folder, "node_modules/@pulumi/auth0"))).toBe(false);
      consumer.write(
        file,
        `import type * as pulumi from "@pulumi/pulumi";
import { SigningKeyRotation } from "pulumi-auth0-signing-keys";
${BODY}
export const kid: pulumi.Output<string> = keys.currentKey.kid;
// @ts-expect-error a generation is a number
new SigningKeyRotation("wrong", { generation: "1" });
`,
      );
      const tsc = path.join(consumer.folder, "node_modules/typescript/bin/tsc");
      const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
      const { stdout } = node(tsc, ...flags, file);
      expect(stdout.split("\n").filter((line) => !line.includes("node_modules/@pulumi/pulumi"))).toEqual([
        "",
      ]);
    },
  );
});
