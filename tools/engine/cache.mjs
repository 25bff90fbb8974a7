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
const WAITING_LABEL = "waiting for another process that is getting the engine";

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
  const origin = await readOrigin(env);
  if (origin === undefined) return `${folder} holds no readable ${ORIGIN_FILE}`;
  const pulumi = await findExecutable("pulumi", [folder]);
  if (pulumi === undefined) return `${folder} holds no pulumi`;
  const installation = await inspect(pulumi, [], env);
  return typeof installation === "string" ? installation : { ...installation, origin };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Origin | undefined>} undefined if no complete engine is cached
 */
export async function readOrigin(env) {
  try {
    return JSON.parse(await readFile(join(cachedEngineFolder(env), ORIGIN_FILE), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * @param {Origin} origin
 * @param {string} folder
 */
async function writeOrigin(origin, folder) {
  await writeFile(join(folder, ORIGIN_FILE), `${JSON.stringify(origin, undefined, 2)}\n`);
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
  await assertWritable(dirname(folder));
  await withLock(`${folder}.lock`, { label: WAITING_LABEL, log }, async () => {
    if (typeof (await readCache(env)) !== "string") return;
    await withDraft(folder, async (draft) => {
      await writeOrigin(await fill(draft), draft);
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
    });
  });
}

/**
 * Adds a binary to the engine that is cached, or puts it in the place of one of another version: with what stands
 * beside it, and with the record last. If somebody else is at it, waits for them and does nothing.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {import("./run.mjs").Log} log
 * @param {string} name
 * @param {{version: string, from: string}} wanted
 * @param {(folder: string) => Promise<void>} fill puts the binary into the folder; throws if it cannot
 */
export async function addToCache(env, log, name, wanted, fill) {
  if (await isCached(env, name, wanted.version)) return;
  const folder = cachedEngineFolder(env);
  await assertWritable(folder);
  await withLock(`${folder}.lock`, { label: WAITING_LABEL, log }, async () => {
    if (await isCached(env, name, wanted.version)) return;
    await withDraft(folder, async (draft) => {
      await fill(draft);
      for (const file of await readdir(draft)) await rename(join(draft, file), join(folder, file));
      const origin = await readOrigin(env);
      if (origin === undefined) throw new Error(`${folder} holds no readable ${ORIGIN_FILE}`);
      await writeOrigin({ ...origin, binaries: { ...origin.binaries, [name]: wanted } }, draft);
      await rename(join(draft, ORIGIN_FILE), join(folder, ORIGIN_FILE));
    });
  });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {string} version
 */
async function isCached(env, name, version) {
  const origin = await readOrigin(env);
  if (origin?.binaries[name]?.version !== version) return false;
  return (await findExecutable(name, [cachedEngineFolder(env)])) !== undefined;
}

/**
 * @param {string} folder
 * @param {(draft: string) => Promise<void>} work with a folder beside it, which is then taken away
 */
async function withDraft(folder, work) {
  await removeAbandoned(folder);
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await work(draft);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
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
