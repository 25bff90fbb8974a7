import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { generateKeyPairSync, randomBytes } from "node:crypto";
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
  for (const program of [
    "eslint/bin/eslint.js",
    "prettier/bin/prettier.cjs",
    "typescript/bin/tsc",
    "knip/bin/knip.js",
  ]) {
    write(`node_modules/${program}`, "");
  }
  fakeJest({ passed: ["adds", "subtracts"], secrets: [SECRET] });
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

/** As the emulator issues them. */
const SECRET = randomBytes(48).toString("base64url");
const CLAIMS = Buffer.from('{"sub":"app@clients"}').toString("base64url");
const SIGNATURE = randomBytes(256).toString("base64url");
const TOKEN = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.${CLAIMS}.${SIGNATURE}`;
const OTHER_TOKEN = TOKEN.replace(CLAIMS, CLAIMS.toUpperCase()).replace(
  SIGNATURE,
  randomBytes(256).toString("base64url"),
);
const [, PEM_LINE = ""] = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey.split("\n");

interface Outcome {
  readonly passed?: readonly string[];
  readonly failed?: readonly string[];
  readonly pending?: readonly string[];
  readonly brokenSuites?: number;
  readonly code?: number;
  /** What the tests used. */
  readonly secrets?: readonly string[];
  /** What they left. */
  readonly stored?: string;
  readonly printed?: string;
}

function fakeJest(outcome: Outcome): void {
  const { passed = [], failed = [], pending = [], brokenSuites = 0, code = 0 } = outcome;
  const { secrets, stored = "", printed = "" } = outcome;
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
     const keep = (kind, name, text) => {
       const folder = process.env.SUITE_TRACES + "/" + kind;
       fs.mkdirSync(folder, { recursive: true });
       fs.writeFileSync(folder + "/" + name, text);
     };
     const secrets = ${JSON.stringify(JSON.stringify(secrets))};
     if (secrets) keep("secrets", "sums.json", secrets);
     keep("traces", "sums.stored.txt", ${JSON.stringify(stored)});
     process.stderr.write(${JSON.stringify(printed)});
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

function npmTest(...args: readonly string[]): Promise<Ended & Counted> {
  return npmTestOn(process.env["PATH"] ?? "", ...args);
}

async function npmTestOn(programs: string, ...args: readonly string[]): Promise<Ended & Counted> {
  const engine = sandbox.engine("engine", "v3.259.0");
  const env = { PATH: `${engine}${path.delimiter}${programs}`, HOME: sandbox.folder };
  const ended = await runNode(file("tools/test.mjs"), args, env);
  return { ...ended, lastLine: ended.stdout.trimEnd().split("\n").at(-1) };
}

function jestSaw(): { args: string[]; path: string } {
  return JSON.parse(readFileSync(file("jest-saw.json"), "utf8")) as { args: string[]; path: string };
}

test("counts each test and each check, the search for secrets among them", async () => {
  expect(await npmTest()).toMatchObject({ code: 0, lastLine: "7 passed, 0 failed" });
  expect(jestSaw().path.startsWith(file("engine"))).toBe(true);
});

test("counts a check that fails, and shows what it said", async () => {
  write("node_modules/eslint/bin/eslint.js", 'console.log("no-unused-vars"); process.exitCode = 1;');
  const ended = await npmTest();
  expect(ended).toMatchObject({ code: 1, lastLine: "6 passed, 1 failed" });
  expect(ended.stdout).toContain("no-unused-vars");
});

test("with arguments runs Jest with these and checks nothing", async () => {
  write("node_modules/eslint/bin/eslint.js", "process.exitCode = 1;");
  fakeJest({ passed: ["adds", "subtracts"] });
  expect(await npmTest("tests/unit", "--runInBand")).toMatchObject({
    code: 0,
    lastLine: "2 passed, 0 failed",
  });
  expect(jestSaw().args.slice(2)).toEqual(["tests/unit", "--runInBand"]);
});

test("says which languages' tests are left out, and why", async () => {
  sandbox.script("programs", "npm", "");
  sandbox.script("programs", "python3", "");
  sandbox.script("programs", "pulumi-language-python", "");
  expect((await npmTestOn(file("programs"))).stderr.match(/^test: the tests that need .*$/gm)).toEqual([
    `test: the tests that need pulumi-language-yaml are left out: none in ${file("engine")} or on PATH`,
    "test: the tests that need pulumi-language-go are left out: no go on PATH",
  ]);
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

describe("what the tests have printed and stored", () => {
  const leaks: readonly [string, Outcome, string][] = [
    ["a secret in what was stored", { stored: `{"secret":"${SECRET}"}` }, "sums.stored.txt"],
    ["a secret inside of a longer word", { stored: `x=${SECRET}${SECRET}` }, "sums.stored.txt"],
    ["a secret in what Jest printed", { printed: `received: ${SECRET}\n` }, "jest.txt"],
    ["a secret that is no single word", { stored: "pass phrase of mine!" }, "sums.stored.txt"],
    ["a token's claims", { stored: `claims: ${CLAIMS}` }, "sums.stored.txt"],
    ["a token's signature", { stored: SIGNATURE }, "sums.stored.txt"],
    ["a line of a private key", { stored: `key\\n${PEM_LINE}\\n` }, "sums.stored.txt"],
    ["a token that nobody has named", { stored: `Bearer ${OTHER_TOKEN}` }, "sums.stored.txt"],
    ["a private key that nobody has named", { stored: "-----BEGIN PRIVATE KEY-----" }, "sums.stored.txt"],
  ];

  test.each(leaks)("%s fails, with the file's name and without the secret", async (_name, leak, name) => {
    const secrets = [SECRET, TOKEN, PEM_LINE, "pass phrase of mine!"];
    fakeJest({ passed: ["adds"], secrets, ...leak });
    const ended = await npmTest("tests");
    expect(ended).toMatchObject({ code: 1, lastLine: "1 passed, 1 failed" });
    expect(ended.stdout).toMatch(/^figure: secrets searched 4 in \S+ MB, found 1$/m);
    const [, kept = ""] = /a secret or a token stands in (.*)\n/.exec(ended.stderr) ?? [];
    expect(path.basename(kept)).toBe(name);
    const said = `${ended.stdout}${ended.stderr}`.replace(leak.printed ?? "", "");
    for (const secret of [...secrets, CLAIMS, SIGNATURE, OTHER_TOKEN])
      expect(said.includes(secret)).toBe(false);
    rmSync(path.dirname(path.dirname(kept)), { recursive: true });
  });

  test("no secret is one more check that passes, and nothing is kept", async () => {
    fakeJest({
      passed: ["adds"],
      secrets: [SECRET, TOKEN],
      stored: `${SECRET.slice(1)} ${TOKEN.slice(0, 20)}`,
    });
    const ended = await npmTest("tests");
    expect(ended).toMatchObject({ code: 0, lastLine: "2 passed, 0 failed" });
    expect(ended.stdout).toMatch(/^figure: secrets searched 2 in \S+ MB, found 0$/m);
    const report =
      jestSaw()
        .args.find((arg) => arg.startsWith("--outputFile="))
        ?.slice("--outputFile=".length) ?? "";
    expect(existsSync(path.dirname(report))).toBe(false);
  });

  test("a whole suite that has kept no secret has lost them, which is a failure", async () => {
    fakeJest({ passed: ["adds"] });
    const ended = await npmTest();
    expect(ended).toMatchObject({ code: 1, lastLine: "5 passed, 1 failed" });
    expect(ended.stderr).toContain("test: no test has kept the secrets that it used");
  });
});

test("shows what Jest prints", async () => {
  fakeJest({ passed: ["adds"], printed: "PASS tests/sums.test.ts\n" });
  expect((await npmTest("tests")).stderr).toContain("PASS tests/sums.test.ts\n");
});
