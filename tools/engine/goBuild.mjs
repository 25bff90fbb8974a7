import { chmod, copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findExecutable, inspect, pathFolders } from "./binaries.mjs";
import { lastLines, run } from "./run.mjs";
import {
  compareVersions,
  ENGINE_VERSION,
  GO_HOST_VERSION,
  LANGUAGE_HOST_VERSION,
  parseVersion,
  YAML_HOST_VERSION,
} from "./version.mjs";

const CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const HOST_PACKAGE = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
const SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3";

/**
 * What builds the host of another language than Node's.
 *
 * @typedef {object} LanguageHostSource
 * @property {string} version
 * @property {string} from the Go package
 * @property {"host" | "yaml" | "go"} module the folder in `go/` that pins it
 * @property {string} [script] of the SDK, which has to stand beside the host
 */

/** @satisfies {Record<string, LanguageHostSource>} */
export const LANGUAGE_HOST_SOURCES = {
  "pulumi-language-yaml": {
    version: YAML_HOST_VERSION,
    from: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    module: "yaml",
  },
  "pulumi-language-python": {
    version: LANGUAGE_HOST_VERSION,
    from: `${SDK_MODULE}/python/cmd/pulumi-language-python`,
    module: "host",
    script: "python/cmd/pulumi-language-python-exec",
  },
  "pulumi-language-go": {
    version: GO_HOST_VERSION,
    from: `${SDK_MODULE}/go/pulumi-language-go`,
    module: "go",
  },
};

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
  const context = await prepare(folder, { env, log });
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
  await copyScript(context, "cli", "nodejs/dist/pulumi-resource-pulumi-nodejs");
  const installation = await inspect(join(folder, "pulumi"), [], env);
  if (typeof installation === "string") throw new Error(`built, but ${installation}`);
  return {
    source: "go build",
    binaries: {
      pulumi: { version: ENGINE_VERSION, from: CLI_PACKAGE },
      "pulumi-language-nodejs": { version: LANGUAGE_HOST_VERSION, from: HOST_PACKAGE },
      "pulumi-resource-pulumi-nodejs": {
        version: ENGINE_VERSION,
        from: `${SDK_MODULE}/nodejs/dist`,
      },
    },
  };
}

/**
 * Builds the host of another language than Node's.
 *
 * @param {string} name
 * @param {LanguageHostSource} source
 * @param {string} folder an empty one, which then holds the host and what has to stand beside it
 * @param {{env: NodeJS.ProcessEnv, log: import("./run.mjs").Log}} context
 * @throws {Error} whose message says what was tried and seen
 */
export async function buildLanguageHost(name, { version, from, module, script }, folder, { env, log }) {
  const context = await prepare(folder, { env, log });
  await build(context, module, from, `${name} ${version}`, "-s -w");
  if (script !== undefined) await copyScript(context, module, script);
}

/**
 * @param {string} folder
 * @param {{env: NodeJS.ProcessEnv, log: import("./run.mjs").Log}} context
 * @returns {Promise<Context>}
 */
async function prepare(folder, { env, log }) {
  if (process.platform === "win32") {
    throw new Error("Windows is no target of this build: the language hosts are too old for it");
  }
  return { go: await findGo(env), folder, env: { ...env, GOWORK: "off" }, log };
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
 * @typedef {"cli" | LanguageHostSource["module"]} ModuleName
 */

/** @param {ModuleName} name */
function moduleFolder(name) {
  return fileURLToPath(new URL(`./go/${name}/`, import.meta.url));
}

/**
 * @param {Context} context
 * @param {ModuleName} module
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

/**
 * @param {Context} context
 * @param {ModuleName} module the one whose version of the SDK is meant
 * @param {string} script its path in the SDK
 */
async function copyScript({ go, folder, env }, module, script) {
  const args = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE];
  const finished = await run(go, args, { cwd: moduleFolder(module), env });
  const moduleDir = finished.stdout.trim();
  if (finished.code !== 0 || moduleDir === "")
    throw new Error(`go list ${SDK_MODULE} failed:\n${lastLines(finished)}`);
  const copy = join(folder, basename(script));
  await copyFile(join(moduleDir, script), copy);
  // Files in Go's module cache are read-only, and not executable.
  await chmod(copy, 0o755);
}
