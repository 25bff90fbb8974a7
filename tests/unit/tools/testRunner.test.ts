import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkout, runNode, Sandbox, type Ended } from "./sandbox";

// A process takes a fraction of a second to start, and longer on a machine that is busy with other tests.
jest.setTimeout(60_000);

// A small checkout with programs in place of ESLint, Prettier, the compiler and Jest.
let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  cpSync(path.join(checkout, "tools"), file("tools"), { recursive: true });
  write("package.json", JSON.stringify({ name: "small", scripts: { build: "node --version" } }));
  write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": { name: "small" } } }));
  write("node_modules/.package-lock.json", JSON.stringify({ packages: {} }));
  for (const program of ["eslint/bin/eslint.js", "prettier/bin/prettier.cjs", "typescript/bin/tsc"]) {
    write(`node_modules/${program}`, "");
  }
  fakeJest({ passed: ["adds", "subtracts"] });
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

interface Outcome {
  readonly passed?: readonly string[];
  readonly failed?: readonly string[];
  readonly pending?: readonly string[];
  readonly brokenSuites?: number;
  readonly code?: number;
}

function fakeJest({ passed = [], failed = [], pending = [], brokenSuites = 0, code = 0 }: Outcome): void {
  const assertionResults = Object.entries({ passed, failed, pending }).flatMap(([status, names]) =>
    names.map((fullName) => ({ fullName, status })),
  );
  const report = {
    numPassedTests: passed.length,
    numFailedTests: failed.length,
    numRuntimeErrorTestSuites: brokenSuites,
    testResults: [{ name: file("tests/sums.test.ts"), assertionResults }],
  };
  write(
    "node_modules/jest/bin/jest.js",
    `const fs = require("node:fs");
     fs.writeFileSync("jest-saw.json", JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH }));
     const output = process.argv.find((arg) => arg.startsWith("--outputFile=")).slice("--outputFile=".length);
     fs.writeFileSync(output, ${JSON.stringify(JSON.stringify(report))});
     process.exitCode = ${code};`,
  );
}

interface Counted {
  readonly code: number | null;
  readonly lastLine: string | undefined;
}

async function npmTest(...args: readonly string[]): Promise<Ended & Counted> {
  const engine = sandbox.engine("engine", "v3.259.0");
  const env = { PATH: `${engine}${path.delimiter}${process.env["PATH"] ?? ""}`, HOME: sandbox.folder };
  const ended = await runNode(file("tools/test.mjs"), args, env);
  return { ...ended, lastLine: ended.stdout.trimEnd().split("\n").at(-1) };
}

function jestSaw(): { args: string[]; path: string } {
  return JSON.parse(readFileSync(file("jest-saw.json"), "utf8")) as { args: string[]; path: string };
}

test("counts each test and each check", async () => {
  expect(await npmTest()).toMatchObject({ code: 0, lastLine: "5 passed, 0 failed" });
  expect(jestSaw().path.startsWith(file("engine"))).toBe(true);
});

test("counts a check that fails, and shows what it said", async () => {
  write("node_modules/eslint/bin/eslint.js", 'console.log("no-unused-vars"); process.exitCode = 1;');
  const ended = await npmTest();
  expect(ended).toMatchObject({ code: 1, lastLine: "4 passed, 1 failed" });
  expect(ended.stdout).toContain("no-unused-vars");
});

test("with arguments runs Jest with these and checks nothing", async () => {
  write("node_modules/eslint/bin/eslint.js", "process.exitCode = 1;");
  expect(await npmTest("tests/unit", "--runInBand")).toMatchObject({
    code: 0,
    lastLine: "2 passed, 0 failed",
  });
  expect(jestSaw().args.slice(2)).toEqual(["tests/unit", "--runInBand"]);
});

const outcomes: readonly [string, Outcome, string][] = [
  ["a test that fails", { passed: ["a"], failed: ["b"], code: 1 }, "1 passed, 1 failed"],
  ["a suite that can't be run", { passed: ["a"], brokenSuites: 1, code: 1 }, "1 passed, 1 failed"],
  ["a skipped test", { passed: ["a"], pending: ["b"] }, "1 passed, 1 failed"],
  ["no test at all", {}, "0 passed, 1 failed"],
  ["Jest failing although all tests pass", { passed: ["a"], code: 1 }, "1 passed, 1 failed"],
];

test.each(outcomes)("counts %s as a failure", async (_name, outcome, lastLine) => {
  fakeJest(outcome);
  expect(await npmTest("tests")).toMatchObject({ code: 1, lastLine });
});

test("names a skipped test", async () => {
  fakeJest({ passed: ["adds"], pending: ["divides by zero"] });
  expect((await npmTest("tests")).stderr).toContain(
    "test: not run, which counts as failed: tests/sums.test.ts: divides by zero\n",
  );
});

test("does not mind tests left out by -t", async () => {
  fakeJest({ passed: ["adds"], pending: ["divides by zero"] });
  expect(await npmTest("-t", "adds")).toMatchObject({ code: 0, lastLine: "1 passed, 0 failed" });
});

test("counts Jest leaving no report as a failure", async () => {
  write("node_modules/jest/bin/jest.js", "process.exitCode = 7;");
  const ended = await npmTest("tests");
  expect(ended).toMatchObject({ code: 1, lastLine: "0 passed, 1 failed" });
  expect(ended.stderr).toContain("test: Jest ended with 7 and left no report\n");
});

test("counts a build that fails as a failure", async () => {
  write("package.json", JSON.stringify({ name: "small", scripts: { build: "node missing.mjs" } }));
  const ended = await npmTest();
  expect(ended).toMatchObject({ code: 1, lastLine: "0 passed, 1 failed" });
  expect(ended.stderr).toContain("test: building: `npm run build` failed:\n");
});
