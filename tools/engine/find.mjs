import { BINARY_NAMES, findExecutable, inspect, pathFolders } from "./binaries.mjs";
import { cachedEngineFolder, fillCache, readCache } from "./cache.mjs";
import { downloadEngine, releasesUrl } from "./download.mjs";
import { buildEngine } from "./goBuild.mjs";
import { OLDEST_ENGINE_VERSION } from "./version.mjs";

/**
 * @typedef {object} Engine
 * @property {string} dir the folder that holds its binaries, to be put first on PATH
 * @property {string} version of `pulumi`, such as `3.259.0`
 * @property {"PATH" | "download" | "go build"} source where it came from, now or when the cache was filled
 * @property {EngineBinary[]} binaries
 */

/**
 * @typedef {object} EngineBinary
 * @property {string} name
 * @property {string} path
 * @property {string} [version] unknown for a plugin that was found on PATH: it can't be asked
 * @property {string} from an address, a Go package, or `PATH`
 */

/** No engine could be found, downloaded or built. The message says what was tried and what to do. */
export class EngineNotFound extends Error {
  /** @override */
  name = "EngineNotFound";

  /**
   * @param {{place: string, reason: string}[]} attempts
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(attempts, env) {
    const tried = attempts.map(
      ({ place, reason }, i) => `  ${i + 1}. ${place}: ${reason.replaceAll("\n", "\n     ")}`,
    );
    const host = new URL(releasesUrl(env)).host;
    super(
      [
        `no Pulumi engine for ${process.platform}-${process.arch}. Tried:`,
        ...tried,
        "Any one of these helps:",
        `  - install Pulumi ${OLDEST_ENGINE_VERSION} or newer (https://www.pulumi.com/docs/install/) and put it on PATH`,
        `  - let this machine reach ${host}, or name a mirror in PULUMI_AUTH0_SIGNING_KEYS_ENGINE_URL`,
        ...(process.platform === "win32"
          ? []
          : [
              "  - install Go (https://go.dev/dl/) and let it reach a module proxy: the engine is then built",
            ]),
      ].join("\n"),
    );
  }
}

/**
 * Finds the Pulumi engine: on PATH, in the cache, by download, by a Go build; in that order.
 *
 * @param {{log?: import("./run.mjs").Log, env?: NodeJS.ProcessEnv}} [options] `log` gets progress lines
 * @returns {Promise<Engine>}
 * @throws {EngineNotFound}
 */
export async function findEngine({ log = () => {}, env = process.env } = {}) {
  const onPath = await findOnPath(env);
  if (typeof onPath !== "string") return onPath;
  const cached = await findInCache(env);
  if (typeof cached !== "string") return cached;
  const attempts = [
    { place: "PATH", reason: onPath },
    { place: "cache", reason: cached },
  ];
  for (const [place, get] of /** @type {const} */ ([
    ["official download", downloadEngine],
    ["Go build", buildEngine],
  ])) {
    try {
      await fillCache(env, log, (folder) => get(folder, { env, log }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      attempts.push({ place, reason });
      log(`${place}: ${reason}`);
      continue;
    }
    const filled = await findInCache(env);
    if (typeof filled !== "string") return filled;
    attempts.push({ place, reason: filled });
  }
  throw new EngineNotFound(attempts, env);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Engine | string>} a string says why not
 */
async function findOnPath(env) {
  const folders = pathFolders(env);
  const pulumi = await findExecutable("pulumi", folders);
  if (pulumi === undefined) return `none of its ${folders.length} folders holds pulumi`;
  const installation = await inspect(pulumi, folders, env);
  if (typeof installation === "string") return installation;
  const { dir, version, paths } = installation;
  return { dir, version, source: "PATH", binaries: describe(paths, { pulumi: { version, from: "PATH" } }) };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Engine | string>} a string says why not
 */
async function findInCache(env) {
  const cached = await readCache(env);
  if (typeof cached === "string") return cached;
  const { version, paths, origin } = cached;
  const dir = cachedEngineFolder(env);
  return { dir, version, source: origin.source, binaries: describe(paths, origin.binaries) };
}

/**
 * @param {Record<string, string>} paths
 * @param {Record<string, {version: string, from: string}>} origins
 * @returns {EngineBinary[]}
 */
function describe(paths, origins) {
  return BINARY_NAMES.map((name) => ({ name, path: paths[name] ?? "", from: "PATH", ...origins[name] }));
}
