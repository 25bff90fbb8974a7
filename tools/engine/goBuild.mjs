import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findExecutable, inspect, pathFolders } from "./binaries.mjs";
import { lastLines, run } from "./run.mjs";
import { compareVersions, ENGINE_VERSION, LANGUAGE_HOST_VERSION, parseVersion } from "./version.mjs";

const CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const HOST_PACKAGE = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
const SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3";

/** The first one that reads the `go` and `tool` lines of our go.mod, and fetches a newer Go if it must. */
const OLDEST_GO_VERSION = "1.24.0";

/**
 * Builds the engine from the Go modules that `go/` pins.
 *
 * @param {string} folder an empty one, which then holds the binaries
 * @param {{env: NodeJS.ProcessEnv, log: import("./run.mjs").Log}} context
 * @returns {Promise<import("./cache.mjs").Origin>}
 * @throws {Error} whose message says what was tried and seen
 */
export async function buildEngine(folder, { env, log }) {
  if (process.platform === "win32") {
    throw new Error("Windows is no target of this build: the language host is too old for it");
  }
  const go = await findGo(env);
  const context = { go, folder, env: { ...env, GOWORK: "off" }, log };
  // Without this the version reads as unknown, and the Automation API rejects the engine.
  const version = `-X ${SDK_MODULE}/go/common/version.Version=v${ENGINE_VERSION}`;
  await build(context, "cli", CLI_PACKAGE, `pulumi ${ENGINE_VERSION} (1 of 2)`, `-s -w ${version}`);
  await build(
    context,
    "host",
    HOST_PACKAGE,
    `pulumi-language-nodejs ${LANGUAGE_HOST_VERSION} (2 of 2)`,
    "-s -w",
  );
  const script = await copyPluginScript(context);
  const installation = await inspect(join(folder, "pulumi"), [], env);
  if (typeof installation === "string") throw new Error(`built, but ${installation}`);
  return {
    source: "go build",
    binaries: {
      pulumi: { version: ENGINE_VERSION, from: CLI_PACKAGE },
      "pulumi-language-nodejs": { version: LANGUAGE_HOST_VERSION, from: HOST_PACKAGE },
      "pulumi-resource-pulumi-nodejs": { version: ENGINE_VERSION, from: script },
    },
  };
}

/** @param {NodeJS.ProcessEnv} env */
async function findGo(env) {
  const go = await findExecutable("go", [...pathFolders(env), "/usr/local/go/bin"]);
  if (go === undefined) throw new Error("no `go` on PATH or in /usr/local/go/bin");
  const finished = await run(go, ["env", "GOVERSION"], { env });
  const text = finished.stdout.trim().replace(/^go/, "").split(/[\s-]/)[0] ?? "";
  const version = parseVersion(/^\d+\.\d+$/.test(text) ? `${text}.0` : text);
  const oldest = /** @type {import("./version.mjs").Version} */ (parseVersion(OLDEST_GO_VERSION));
  if (!version) throw new Error(`\`${go} env GOVERSION\` told no version: ${lastLines(finished, 2)}`);
  if (compareVersions(version, oldest) < 0)
    throw new Error(`${go} is Go ${text}, older than ${OLDEST_GO_VERSION}`);
  return go;
}

/**
 * @typedef {{go: string, folder: string, env: NodeJS.ProcessEnv, log: import("./run.mjs").Log}} Context
 */

/** @param {"cli" | "host"} name */
function moduleFolder(name) {
  return fileURLToPath(new URL(`./go/${name}/`, import.meta.url));
}

/**
 * @param {Context} context
 * @param {"cli" | "host"} module
 * @param {string} package_
 * @param {string} title
 * @param {string} linkerFlags
 */
async function build({ go, folder, env, log }, module, package_, title, linkerFlags) {
  log(`building ${title} with ${go}; the first time this takes some minutes`);
  // -v names each package once it is compiled. -mod stands here so that a GOFLAGS of the user's can't change it.
  const args = ["build", "-v", "-mod=readonly", "-ldflags", linkerFlags, "-o", folder, package_];
  const finished = await run(go, args, {
    cwd: moduleFolder(module),
    env,
    log,
    label: `building ${title}`,
    describe: describeBuild,
  });
  if (finished.code !== 0) throw new Error(`go build ${package_} failed:\n${lastLines(finished)}`);
}

/** @param {string} stderr */
function describeBuild(stderr) {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const downloads = lines.filter((line) => line.startsWith("go: downloading ")).length;
  const compiled = lines.length - downloads;
  if (compiled > 0) return `${compiled} packages compiled`;
  return downloads > 0 ? `${downloads} modules downloaded` : "";
}

/** @param {Context} context */
async function copyPluginScript({ go, folder, env }) {
  const args = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE];
  const finished = await run(go, args, { cwd: moduleFolder("cli"), env });
  const moduleDir = finished.stdout.trim();
  if (finished.code !== 0 || moduleDir === "")
    throw new Error(`go list ${SDK_MODULE} failed:\n${lastLines(finished)}`);
  const name = "pulumi-resource-pulumi-nodejs";
  await copyFile(join(moduleDir, "nodejs", "dist", name), join(folder, name));
  // Files in Go's module cache are read-only, and not executable.
  await chmod(join(folder, name), 0o755);
  return `${SDK_MODULE}/nodejs/dist`;
}
