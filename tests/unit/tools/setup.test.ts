import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkout, runNode, Sandbox, type Ended } from "./sandbox";

// A process takes a fraction of a second to start, and longer on a machine that is busy with other tests.
jest.setTimeout(60_000);

// Set-up's folder is the checkout that it belongs to; a small one of its own has no dependencies to download.
let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  cpSync(path.join(checkout, "tools"), file("tools"), { recursive: true });
  writeManifests("1.0.0");
  write(
    "build.mjs",
    `import fs from "node:fs";
     fs.appendFileSync("builds", "built\\n");
     const source = fs.readFileSync("src/index.ts", "utf8");
     if (source === "broken") throw new Error("src/index.ts is broken");
     fs.mkdirSync("dist", { recursive: true });
     fs.writeFileSync("dist/index.js", source);`,
  );
  write("src/index.ts", "one");
});

afterEach(() => {
  sandbox.remove();
});

function file(name: string): string {
  return path.join(sandbox.folder, name);
}

function write(name: string, text: string): void {
  mkdirSync(path.dirname(file(name)), { recursive: true });
  writeFileSync(file(name), text);
}

/** A package whose one dependency is a folder of its own. */
function writeManifests(version: string): void {
  const dependencies = { local: "file:local" };
  const small = { name: "small", version: "1.0.0", dependencies };
  write("package.json", JSON.stringify({ ...small, scripts: { build: "node build.mjs" } }));
  write("local/package.json", JSON.stringify({ name: "local", version }));
  const packages = {
    "": small,
    local: { version },
    "node_modules/local": { resolved: "local", link: true },
  };
  write(
    "package-lock.json",
    JSON.stringify({ name: "small", version: "1.0.0", lockfileVersion: 3, packages }),
  );
}

function setup(...args: readonly string[]): Promise<Ended> {
  return runNode(file("tools/setup.mjs"), ["--no-engine", ...args], environment());
}

function environment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: sandbox.directory("home") };
}

async function done(): Promise<unknown> {
  const ended = await setup("--json");
  expect(ended).toMatchObject({ code: 0 });
  return JSON.parse(ended.stdout);
}

function builds(): number {
  return readFileSync(file("builds"), "utf8").trim().split("\n").length;
}

test("does everything the first time and nothing the second", async () => {
  expect(await done()).toEqual({ dependencies: "installed", build: "built" });
  expect(await done()).toEqual({ dependencies: "present", build: "present" });
  expect(builds()).toBe(1);
});

test("builds again when a source has changed", async () => {
  await done();
  write("src/index.ts", "two");
  expect(await done()).toEqual({ dependencies: "present", build: "built" });
  expect(readFileSync(file("dist/index.js"), "utf8")).toBe("two");
});

test("builds again when the build was removed", async () => {
  await done();
  rmSync(file("dist"), { recursive: true });
  expect(await done()).toEqual({ dependencies: "present", build: "built" });
});

test("installs again when the lock file asks for something else", async () => {
  await done();
  writeManifests("1.1.0");
  expect(await done()).toMatchObject({ dependencies: "installed" });
  expect(await done()).toMatchObject({ dependencies: "present" });
});

test("leaves alone what npm installed by itself", async () => {
  await done();
  rmSync(file("node_modules/.setup-stamp"));
  expect(await done()).toMatchObject({ dependencies: "present" });
});

test("does everything once when two start at once", async () => {
  const results = await Promise.all([done(), done()]);
  expect(results).toContainEqual({ dependencies: "installed", build: "built" });
  expect(results).toContainEqual({ dependencies: "present", build: "present" });
  expect(builds()).toBe(1);
});

test("that fails says what was run and what it said, and tries again next time", async () => {
  write("src/index.ts", "broken");
  const ended = await setup();
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toContain("set-up: building: `npm run build` failed:\n");
  expect(ended.stderr).toContain("src/index.ts is broken");
  write("src/index.ts", "mended");
  expect(await done()).toEqual({ dependencies: "present", build: "built" });
});

test("with --quiet and nothing to do says nothing", async () => {
  await done();
  expect(await setup("--quiet")).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("refuses an unknown argument", async () => {
  expect(await setup("--everything")).toMatchObject({ code: 2, stdout: "" });
});

test("refuses an old Node before anything else", async () => {
  write(
    "old-node.mjs",
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.18.3" } });
     process.argv[1] = ${JSON.stringify(file("tools/setup.mjs"))};
     await import("./tools/setup.mjs");`,
  );
  expect(await runNode(file("old-node.mjs"), [], environment())).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "set-up: this is Node 20.18.3, and 20.19.0 or newer is needed: install one from https://nodejs.org\n",
  });
  expect(existsSync(file("node_modules"))).toBe(false);
});
