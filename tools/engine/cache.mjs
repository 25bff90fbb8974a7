import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { findExecutable, inspect } from "./binaries.mjs";
import { withLock } from "./lock.mjs";
import { ENGINE_VERSION } from "./version.mjs";

/** Written last, so that a folder that holds it is complete. */
const ORIGIN_FILE = "engine.json";
const ABANDONED_HOURS = 24;

/**
 * @typedef {object} Origin
 * @property {"download" | "go build"} source
 * @property {Record<string, {version: string, from: string}>} binaries by name
 */

/**
 * Outside the checkout, so that `git clean` and a second clone don't cost a build.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function cacheFolder(env) {
  const own = env["PULUMI_AUTH0_SIGNING_KEYS_CACHE"];
  if (own) return resolve(own);
  return join(userCacheFolder(env), "pulumi-auth0-signing-keys");
}

/** @param {NodeJS.ProcessEnv} env */
function userCacheFolder(env) {
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG specification has relative paths ignored.
  if (xdg && isAbsolute(xdg)) return xdg;
  const home = env["HOME"] || homedir();
  if (process.platform === "darwin") return join(home, "Library", "Caches");
  if (process.platform === "win32") return env["LOCALAPPDATA"] ?? join(home, "AppData", "Local");
  return join(home, ".cache");
}

/** @param {NodeJS.ProcessEnv} env */
export function cachedEngineFolder(env) {
  return join(cacheFolder(env), "engine", `${ENGINE_VERSION}-${process.platform}-${process.arch}`);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<(import("./binaries.mjs").Installation & {origin: Origin}) | string>} a string says why not
 */
export async function readCache(env) {
  const folder = cachedEngineFolder(env);
  if (!(await stat(folder).catch(() => undefined))) return `${folder} does not exist`;
  /** @type {Origin} */
  let origin;
  try {
    origin = JSON.parse(await readFile(join(folder, ORIGIN_FILE), "utf8"));
  } catch {
    return `${folder} holds no readable ${ORIGIN_FILE}`;
  }
  const pulumi = await findExecutable("pulumi", [folder]);
  if (pulumi === undefined) return `${folder} holds no pulumi`;
  const installation = await inspect(pulumi, [], env);
  return typeof installation === "string" ? installation : { ...installation, origin };
}

/**
 * Fills the cache: in a folder of its own first, which takes its place in one step once it is complete.
 * If somebody else is at it, waits for them and does nothing.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {import("./run.mjs").Log} log
 * @param {(folder: string) => Promise<Origin>} fill puts the binaries into the folder; throws if it cannot
 */
export async function fillCache(env, log, fill) {
  const folder = cachedEngineFolder(env);
  const label = "waiting for another process that is getting the engine";
  await assertWritable(dirname(folder));
  await withLock(`${folder}.lock`, { label, log }, async () => {
    if (typeof (await readCache(env)) !== "string") return;
    await removeAbandoned(folder);
    const draft = await mkdtemp(`${folder}.draft-`);
    try {
      const origin = await fill(draft);
      await writeFile(join(draft, ORIGIN_FILE), `${JSON.stringify(origin, undefined, 2)}\n`);
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
}

/** @param {string} folder */
async function assertWritable(folder) {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    throw new Error(
      `the cache ${folder} cannot be written (${seen}); name another in PULUMI_AUTH0_SIGNING_KEYS_CACHE`,
      { cause: error },
    );
  }
}

/**
 * Drafts of processes that were killed. Age decides, not the lock: a lock can be lost to a long sleep.
 *
 * @param {string} folder
 */
async function removeAbandoned(folder) {
  for (const name of await readdir(dirname(folder))) {
    if (!name.startsWith(`${basename(folder)}.draft-`)) continue;
    const path = join(dirname(folder), name);
    const ageHours =
      (Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())) / 3_600_000;
    if (ageHours > ABANDONED_HOURS) await rm(path, { recursive: true, force: true });
  }
}
