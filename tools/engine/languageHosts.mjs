import { dirname } from "node:path";
import { findExecutable, pathFolders } from "./binaries.mjs";
import { addToCache, cachedEngineFolder, readOrigin } from "./cache.mjs";
import { buildLanguageHost, LANGUAGE_HOST_SOURCES } from "./goBuild.mjs";

/** The hosts of other languages than Node's, each with the program that it starts. */
const LANGUAGE_HOSTS = /** @type {const} */ ([
  { name: "pulumi-language-yaml" },
  { name: "pulumi-language-python", starts: "python3" },
  { name: "pulumi-language-go", starts: "go" },
]);

/**
 * @typedef {object} LanguageHosts
 * @property {import("./find.mjs").EngineBinary[]} found
 * @property {{name: string, reason: string}[]} missing
 */

/**
 * Finds what programs in YAML, Python and Go need besides an engine. Tests run such programs; users of the package and
 * the demo do without. Looks beside the engine and on PATH; the cached engine, if it was built here, is completed by
 * building what it lacks. One that can't be had is no error.
 *
 * @param {import("./find.mjs").Engine} engine
 * @param {{log?: import("./run.mjs").Log, env?: NodeJS.ProcessEnv}} [options] `log` gets progress lines
 * @returns {Promise<LanguageHosts>}
 */
export async function findLanguageHosts(engine, { log = () => {}, env = process.env } = {}) {
  /** @type {LanguageHosts} */
  const hosts = { found: [], missing: [] };
  for (const host of LANGUAGE_HOSTS) {
    const found = await findHost(engine, host, { log, env });
    if (typeof found === "string") hosts.missing.push({ name: host.name, reason: found });
    else hosts.found.push(found);
  }
  return hosts;
}

/**
 * @param {import("./find.mjs").Engine} engine
 * @param {{name: keyof typeof LANGUAGE_HOST_SOURCES, starts?: string}} host
 * @param {{log: import("./run.mjs").Log, env: NodeJS.ProcessEnv}} context
 * @returns {Promise<import("./find.mjs").EngineBinary | string>} a string says why it can't be had
 */
async function findHost(engine, { name, starts }, { log, env }) {
  const folders = pathFolders(env);
  if (starts !== undefined && !(await findExecutable(starts, folders))) return `no ${starts} on PATH`;
  // Of an engine on PATH too: that may be the cached one.
  const isCached = engine.dir === cachedEngineFolder(env);
  if (isCached && (await readOrigin(env))?.source === "go build") {
    const source = LANGUAGE_HOST_SOURCES[name];
    const { version, from } = source;
    try {
      await addToCache(env, log, name, { version, from }, (folder) =>
        buildLanguageHost(name, source, folder, { env, log }),
      );
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  const path = await findExecutable(name, [engine.dir, ...folders]);
  if (path === undefined) return `none in ${engine.dir} or on PATH`;
  const origin = isCached && dirname(path) === engine.dir ? await readOrigin(env) : undefined;
  const from = origin?.binaries["pulumi"]?.from ?? "PATH";
  return { name, path, from, ...origin?.binaries[name] };
}
