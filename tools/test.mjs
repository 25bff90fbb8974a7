import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineNotFound, findEngine } from "./engine/find.mjs";
import { findLanguageHosts } from "./engine/languageHosts.mjs";
import { run } from "./engine/run.mjs";
import { searchForSecrets } from "./secretSearch.mjs";
import { setup, SetupFailed } from "./setup.mjs";

const HELP = `Usage: npm test [-- <Jest arguments>]

Without arguments: lint, formatting and types, then every test. With arguments
only Jest, with these: npm test -- tests/unit
What the tests printed and stored is then searched for each secret and token
that they used, which counts as a check where they used any.
The last line is "N passed, N failed"; each check and each test counts as one.
`;

const MAX_WORKERS = 3;

const root = fileURLToPath(new URL("..", import.meta.url));

/** @type {import("./engine/run.mjs").Log} */
const log = (line) => console.error(`test: ${line}`);

/** What is checked besides the tests: each a name and the programs that all have to succeed. */
const CHECKS = [
  { name: "lint", commands: [["eslint/bin/eslint.js", "."]] },
  { name: "formatting", commands: [["prettier/bin/prettier.cjs", "--check", "."]] },
  {
    name: "types",
    commands: [
      ["typescript/bin/tsc", "-p", "tests/tsconfig.json"],
      ["typescript/bin/tsc", "-p", "emulator/tsconfig.json", "--noEmit"],
      ["typescript/bin/tsc", "-p", "tools/tsconfig.json"],
    ],
  },
  { name: "nothing unused", commands: [["knip/bin/knip.js"]] },
];

/** @typedef {{passed: number, failed: number}} Count */

/** @param {string[]} args */
async function main(args) {
  if (args.length === 1 && ["--help", "-h"].includes(args[0] ?? "")) {
    process.stdout.write(HELP);
    return 0;
  }
  const count = { passed: 0, failed: 0 };
  try {
    await setup({ log, engine: false });
    if (args.length === 0) for (const checked of await Promise.all(CHECKS.map(runCheck))) add(count, checked);
    const env = await environmentWithEngine(count);
    add(count, await runTests(args, env));
  } catch (error) {
    if (!(error instanceof SetupFailed)) throw error;
    log(error.message);
    count.failed += 1;
  }
  console.log(`${count.passed} passed, ${count.failed} failed`);
  return count.failed === 0 && count.passed > 0 ? 0 : 1;
}

/**
 * @param {Count} total
 * @param {Count} more
 */
function add(total, more) {
  total.passed += more.passed;
  total.failed += more.failed;
}

/**
 * @param {typeof CHECKS[number]} check
 * @returns {Promise<Count>}
 */
async function runCheck({ name, commands }) {
  let passed = true;
  for (const [script = "", ...args] of commands) {
    const command = [join(root, "node_modules", script), ...args];
    const finished = await run(process.execPath, command, { cwd: root, label: name, log });
    if (finished.code === 0) continue;
    passed = false;
    process.stdout.write(finished.stdout);
    process.stderr.write(finished.stderr);
  }
  log(`${name}: ${passed ? "passed" : "failed"}`);
  return passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Without an engine the tests that need one fail; the others still tell something.
 *
 * @param {Count} count
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function environmentWithEngine(count) {
  try {
    const engine = await findEngine({ log });
    const { dir, version, source } = engine;
    log(`engine ${version} (${source}, ${dir})`);
    const { missing } = await findLanguageHosts(engine, { log });
    for (const { name, reason } of missing) log(`the tests that need ${name} are left out: ${reason}`);
    const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
    const path = `${dir}${delimiter}${process.env[pathName] ?? ""}`;
    return { ...process.env, [pathName]: path, PULUMI_SKIP_UPDATE_CHECK: "true" };
  } catch (error) {
    if (!(error instanceof EngineNotFound)) throw error;
    log(error.message);
    count.failed += 1;
    return process.env;
  }
}

/**
 * Runs the tests, then searches what they have printed and stored for the secrets that they have used.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Count>}
 */
async function runTests(args, env) {
  const folder = await mkdtemp(join(tmpdir(), "test-report-"));
  const count = await runJest(args, { ...env, SUITE_TRACES: folder }, folder);
  const { searched, megabytes, found } = await searchForSecrets(folder);
  if (found.length === 0) await rm(folder, { recursive: true, force: true });
  // A few tests that use no secret leave nothing to search; a whole suite that does so has lost them.
  if (searched === 0 && found.length === 0 && args.length > 0) return count;
  console.log(`figure: secrets searched ${searched} in ${megabytes} MB, found ${found.length}`);
  for (const name of found) log(`a secret or a token stands in ${join(folder, "traces", name)}`);
  if (searched === 0) log("no test has kept the secrets that it used, so the search says nothing");
  add(count, searched > 0 && found.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  return count;
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} folder
 * @returns {Promise<Count>}
 */
async function runJest(args, env, folder) {
  const report = join(folder, "report.json");
  // One more than there are processors: tests of the engine wait for a good part of their time.
  const ownWorkers = args.some((arg) => /^(--maxWorkers|-w|--runInBand|-i)\b/.test(arg));
  const workers = ownWorkers ? [] : [`--maxWorkers=${Math.min(MAX_WORKERS, availableParallelism() + 1)}`];
  const jest = join(root, "node_modules", "jest", "bin", "jest.js");
  const colours = process.stderr.isTTY ? ["--color"] : [];
  const all = [jest, "--json", `--outputFile=${report}`, ...workers, ...colours, ...args];
  const { code, stdout, stderr } = await run(process.execPath, all, { cwd: root, env, show: true });
  await mkdir(join(folder, "traces"), { recursive: true });
  await writeFile(join(folder, "traces", "jest.txt"), `${stdout}\n${stderr}`);
  if (!existsSync(report)) {
    log(`Jest ended with ${code} and left no report`);
    return { passed: 0, failed: 1 };
  }
  return countTests(JSON.parse(await readFile(report, "utf8")), code, args);
}

/**
 * @typedef {object} JestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numRuntimeErrorTestSuites
 * @property {{name: string, assertionResults: {fullName: string, status: string}[]}[]} testResults
 */

/**
 * @param {JestReport} report
 * @param {number} code Jest's exit code
 * @param {string[]} args
 * @returns {Count}
 */
function countTests(report, code, args) {
  let failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  // `-t` chooses tests by name, and Jest calls the others pending.
  const chosenByName = args.some((arg) => /^(-t|--testNamePattern)\b/.test(arg));
  for (const { name, assertionResults } of chosenByName ? [] : report.testResults) {
    for (const { fullName, status } of assertionResults) {
      if (!["pending", "todo", "disabled", "skipped", "focused"].includes(status)) continue;
      log(`not run, which counts as failed: ${relative(root, name)}: ${fullName}`);
      failed += 1;
    }
  }
  if (report.numPassedTests + failed === 0) {
    log("no test was run");
    failed = 1;
  } else if (failed === 0 && code !== 0) {
    log(`every test passed, but Jest ended with ${code}`);
    failed = 1;
  }
  return { passed: report.numPassedTests, failed };
}

process.exitCode = await main(process.argv.slice(2));
