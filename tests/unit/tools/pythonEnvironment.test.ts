import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkout, runNode, Sandbox, type Ended } from "./sandbox";

// A process takes a fraction of a second to start, and longer on a machine that is busy with other tests.
jest.setTimeout(60_000);

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  const programs = ["mkdir", "cp"].map((name) =>
    execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(),
  );
  sandbox.directory("programs", programs);
  sandbox.script("programs", "python3", fakePython);
  writeRequirement("pulumi==3.259.0");
});

afterEach(() => {
  sandbox.remove();
});

/** Stands in for Python: notes what is made and installed. */
const fakePython = `
case "$2" in
  "import sys"*) echo "/usr/bin/python3 \${PYTHON_VERSION:-3.11}" ;;
  venv) echo made >> "$PYTHON_LOG"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
  pip)
    if [ -n "$PIP_FAILS" ]; then echo "no matching distribution" >&2; exit 1; fi
    echo installed >> "$PYTHON_LOG" ;;
esac`;

function file(name: string): string {
  return path.join(sandbox.folder, name);
}

function writeRequirement(requirement: string): void {
  writeFileSync(file("requirements.txt"), `${requirement}\n`);
}

function environment(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runNode(path.join(checkout, "tools/pythonEnvironment.mjs"), [file("requirements.txt")], {
    PATH: file("programs"),
    PULUMI_AUTH0_SIGNING_KEYS_CACHE: file("cache"),
    PYTHON_LOG: file("log"),
    ...env,
  });
}

function log(): string[] {
  return readFileSync(file("log"), "utf8").trimEnd().split("\n");
}

test("is made, filled and kept", async () => {
  const first = await environment();
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(path.join(first.stdout.trim(), "bin/python"))).toBe(true);
  expect(await environment()).toEqual(first);
  expect(log()).toEqual(["made", "installed"]);
  expect(readdirSync(file("cache/python"))).toEqual([path.basename(first.stdout.trim())]);
});

test("is made once when two ask at once", async () => {
  const [one, other] = await Promise.all([environment(), environment()]);
  expect(one.code).toBe(0);
  expect(one.stdout).toBe(other.stdout);
  expect(log()).toEqual(["made", "installed"]);
});

test("is another one for another Python and for other requirements", async () => {
  const folders = [await environment(), await environment({ PYTHON_VERSION: "3.12" })];
  writeRequirement("pulumi==3.260.0");
  folders.push(await environment());
  expect(new Set(folders.map(({ stdout }) => stdout)).size).toBe(3);
});

test("that could not be filled is made anew", async () => {
  const failed = await environment({ PIP_FAILS: "yes" });
  expect(failed).toMatchObject({ code: 1, stdout: "" });
  expect(failed.stderr).toMatch(
    /^python: \S+\/bin\/python -m pip install .* failed:\nno matching distribution\n$/,
  );
  expect(await environment()).toMatchObject({ code: 0 });
  expect(log()).toEqual(["made", "made", "installed"]);
});

test("needs a Python", async () => {
  rmSync(file("programs/python3"));
  const { code, stderr } = await environment();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^python: python3 .* failed:\n.*ENOENT/);
});
