import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineNotFound, findEngine } from "./engine/find.mjs";
import { withLock } from "./engine/lock.mjs";
import { lastLines, run } from "./engine/run.mjs";
import { compareVersions, parseVersion } from "./engine/version.mjs";

// Imports only what Node 16 has too, so that an old Node gets as far as the refusal below.
const OLDEST_NODE_VERSION = "20.19.0";

const HELP = `Usage: npm run setup -- [--quiet] [--no-engine] [--json]

Does whatever set-up is missing: dependencies, build, Pulumi engine.

  --quiet      say nothing unless something has to be done
  --no-engine  leave the engine out
  --json       print what there was to do as JSON; progress goes to standard error
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const dependenciesStamp = join(root, "node_modules", ".setup-stamp");
const buildStamp = join(root, "node_modules", ".setup-stamp-build");
const lockFolder = join(root, ".setup-stamp", "lock");

const BUILD_INPUTS = ["src", "emulator/src", "tsconfig.json", "emulator/tsconfig.json", "package-lock.json"];
const BUILD_OUTPUTS = ["dist", "emulator/dist"];

/** Set-up is impossible; the message says what was tried, what was seen and what to do. */
export class SetupFailed extends Error {
  /** @override */
  name = "SetupFailed";
}

/**
 * @typedef {object} SetupResult
 * @property {"present" | "installed"} dependencies
 * @property {"present" | "built"} build
 * @property {import("./engine/find.mjs").Engine} [engine] absent if it was left out
 */

/**
 * Does whatever set-up is missing. Nothing to do: a fraction of a second.
 *
 * @param {{log?: import("./engine/run.mjs").Log, engine?: boolean}} [options]
 *   `log` gets a line for each thing that has to be done and for its progress; `engine: false` leaves it out
 * @returns {Promise<SetupResult>}
 * @throws {SetupFailed | EngineNotFound}
 */
export async function setup({ log = () => {}, engine = true } = {}) {
  refuseOldNode(process.versions.node);
  /** @type {SetupResult} */
  const result = { dependencies: "present", build: "present" };
  if (!(await dependenciesArePresent()) || !(await buildIsPresent())) {
    const label = "waiting for another set-up of this checkout";
    await withLock(lockFolder, { label, log }, async () => {
      // Looked at again: whoever held the lock may have done all of it.
      if (!(await dependenciesArePresent())) {
        await installDependencies(log);
        result.dependencies = "installed";
      }
      if (!(await buildIsPresent())) {
        await build(log);
        result.build = "built";
      }
    });
  }
  if (engine) result.engine = await findEngine({ log });
  return result;
}

/** @param {string} version */
function refuseOldNode(version) {
  const actual = parseVersion(version);
  const oldest = parseVersion(OLDEST_NODE_VERSION);
  if (actual && oldest && compareVersions(actual, oldest) >= 0) return;
  throw new SetupFailed(
    `this is Node ${version}, and ${OLDEST_NODE_VERSION} or newer is needed: install one from https://nodejs.org`,
  );
}

async function dependenciesArePresent() {
  const wanted = await readFile(join(root, "package-lock.json"), "utf8");
  const hash = sha256([wanted]);
  if ((await readFile(dependenciesStamp, "utf8").catch(() => "")) === hash) return true;
  if (!(await isInstalled(wanted))) return false;
  await writeFile(dependenciesStamp, hash);
  return true;
}

/**
 * Whether node_modules, by npm's own record of it, is what the lock file asks for. It is after an
 * `npm install` by hand, and `npm ci` would only pull it from under the processes that use it.
 *
 * @param {string} wantedText of package-lock.json
 */
async function isInstalled(wantedText) {
  const record = join(root, "node_modules", ".package-lock.json");
  const installedText = await readFile(record, "utf8").catch(() => undefined);
  if (installedText === undefined) return false;
  /** @type {Record<string, {version?: string, integrity?: string, optional?: boolean, peer?: boolean}>} */
  const installed = JSON.parse(installedText).packages ?? {};
  /** @type {typeof installed} */
  const wanted = JSON.parse(wantedText).packages;
  delete wanted[""]; // The root itself; npm's record leaves it out.
  for (const path of new Set([...Object.keys(wanted), ...Object.keys(installed)])) {
    const [want, have] = [wanted[path], installed[path]];
    if (want && !have && (want.optional || want.peer)) continue;
    if (!want || !have || want.version !== have.version || want.integrity !== have.integrity) return false;
  }
  return true;
}

/** @param {import("./engine/run.mjs").Log} log */
async function installDependencies(log) {
  log("installing the dependencies (npm ci)");
  const sources = await hashOfSources();
  // NODE_ENV=production or an `omit` of the user's would leave out what builds and tests.
  await npm(["ci", "--include=dev", "--no-audit", "--no-fund"], "installing the dependencies", log);
  await writeFile(dependenciesStamp, sha256([await readFile(join(root, "package-lock.json"), "utf8")]));
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  if (scripts.prepare === "npm run build") await writeBuildStamp(sources);
}

async function buildIsPresent() {
  const stamp = await readFile(buildStamp, "utf8").catch(() => "");
  return stamp !== "" && stamp === `${await hashOfSources()} ${await hashOfOutputs()}`;
}

/** @param {import("./engine/run.mjs").Log} log */
async function build(log) {
  log("building (npm run build)");
  // Taken before: a source that changes during the build is built again next time.
  const sources = await hashOfSources();
  await npm(["run", "build"], "building", log);
  await writeBuildStamp(sources);
}

/** @param {string} sources */
async function writeBuildStamp(sources) {
  await writeFile(buildStamp, `${sources} ${await hashOfOutputs()}`);
}

async function hashOfSources() {
  const files = await list(BUILD_INPUTS);
  return sha256(
    await Promise.all(files.map(async (file) => `${file}\0${await readFile(join(root, file), "utf8")}`)),
  );
}

/** Of names and sizes: enough to see that somebody has removed the build, or a part of it. */
async function hashOfOutputs() {
  const files = await list(BUILD_OUTPUTS);
  return sha256(
    await Promise.all(files.map(async (file) => `${file}\0${(await stat(join(root, file))).size}`)),
  );
}

/**
 * @param {string[]} paths files and folders, relative to the root; those that don't exist are left out
 * @returns {Promise<string[]>} every file, sorted
 */
async function list(paths) {
  /** @type {string[]} */
  const files = [];
  for (const path of paths) {
    const entry = await stat(join(root, path)).catch(() => undefined);
    if (entry?.isFile()) files.push(path);
    if (entry?.isDirectory()) {
      const names = await readdir(join(root, path));
      files.push(...(await list(names.map((name) => `${path}/${name}`))));
    }
  }
  return files.sort();
}

/** @param {string[]} parts */
function sha256(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

/**
 * @param {string[]} args
 * @param {string} label
 * @param {import("./engine/run.mjs").Log} log
 */
async function npm(args, label, log) {
  const cli = npmCli();
  // `npm test --silent` hands its silence down; without this a failure would have no message.
  const all = [...args, "--loglevel=notice"];
  const [command, ...rest] = cli ? [process.execPath, cli, ...all] : ["npm", ...all];
  const finished = await run(command, rest, { cwd: root, label, log });
  if (finished.code === 0) return;
  // npm follows some refusals with its whole usage, and precedes others with pages of warnings.
  const [stderr = ""] = finished.stderr.split("npm error Clean install a project");
  const withoutWarnings = stderr.replaceAll(/^npm warn .*\n/gm, "");
  const said = lastLines({ ...finished, stderr: withoutWarnings }, 40);
  throw new SetupFailed(`${label}: \`npm ${args.join(" ")}\` failed:\n${said}`);
}

/** npm's own script: the one that runs this, or the one beside Node, since Windows can't start `npm` directly. */
function npmCli() {
  const own = process.env["npm_execpath"];
  if (own && basename(own) === "npm-cli.js") return own;
  const besideNode = join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js");
  return existsSync(besideNode) ? besideNode : undefined;
}

/** @param {string[]} args */
async function main(args) {
  const unknown = args.find((arg) => !["--quiet", "--no-engine", "--json", "--help", "-h"].includes(arg));
  if (unknown !== undefined) {
    console.error(`unknown argument: ${unknown}\n\n${HELP}`);
    return 2;
  }
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const result = await setup({
      engine: !args.includes("--no-engine"),
      log: (line) => console.error(`set-up: ${line}`),
    });
    if (args.includes("--json")) console.log(JSON.stringify(result, undefined, 2));
    else if (!args.includes("--quiet")) console.error(`set-up: ${summary(result)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupFailed || error instanceof EngineNotFound)) throw error;
    console.error(`set-up: ${error.message}`);
    return 1;
  }
}

/** @param {SetupResult} result */
function summary({ dependencies, build, engine }) {
  const parts = [`dependencies ${dependencies}`, `build ${build}`];
  if (engine) parts.push(`engine ${engine.version} (${engine.source}, ${engine.dir})`);
  return parts.join(", ");
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
