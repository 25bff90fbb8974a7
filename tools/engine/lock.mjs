import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startProgress } from "./run.mjs";

const HEARTBEAT_SECONDS = 5;
const STALE_SECONDS = 60;
const POLL_MILLISECONDS = 200;

/**
 * Does something while nobody else, in this process or another, holds the same lock.
 * The lock is a folder that appears in one step (a rename) with its owner's name in it.
 * An owner that has died on this host, or has given no sign of life for a minute, loses it.
 *
 * @template T
 * @param {string} folder the lock itself; its parent is created
 * @param {{label: string, log: import("./run.mjs").Log}} waiting what is waited for, said while waiting
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, waiting, work) {
  await mkdir(dirname(folder), { recursive: true });
  const token = await acquire(folder, waiting);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Missing: taken over, or cleared away with its surroundings. Neither can be mended from here.
    utimes(join(folder, "owner"), now, now).catch(() => {});
  }, HEARTBEAT_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await readOwner(folder))?.token === token) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {{label: string, log: import("./run.mjs").Log}} waiting
 */
async function acquire(folder, waiting) {
  const stopProgress = startProgress(waiting);
  try {
    for (;;) {
      const token = (await readOwner(folder)) ? undefined : await create(folder);
      if (token !== undefined) return token;
      if (!(await removeIfStale(folder))) await sleep(POLL_MILLISECONDS);
    }
  } finally {
    stopProgress();
  }
}

/**
 * @param {string} folder
 * @returns {Promise<string | undefined>} undefined if somebody else was faster
 */
async function create(folder) {
  const token = randomUUID();
  const candidate = await mkdtemp(`${folder}.new-`);
  try {
    await writeFile(join(candidate, "owner"), JSON.stringify({ token, pid: process.pid, host: hostname() }));
    await rename(candidate, folder);
    return token;
  } catch (error) {
    await rm(candidate, { recursive: true, force: true });
    if (isTaken(error)) return undefined;
    throw error;
  }
}

/** @param {unknown} error */
function isTaken(error) {
  const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? "";
  return ["ENOTEMPTY", "EEXIST"].includes(code) || (process.platform === "win32" && code === "EPERM");
}

/**
 * Moves the lock aside before removing it: of several who judge it stale, one succeeds; and who has moved
 * a younger lock than the one it judged puts it back.
 *
 * @param {string} folder
 */
async function removeIfStale(folder) {
  const judged = await readOwner(folder);
  if (!judged || !isStale(judged)) return false;
  const aside = `${folder}.stale-${randomUUID()}`;
  try {
    await rename(folder, aside);
  } catch {
    return true;
  }
  if ((await readOwner(aside))?.token !== judged.token) await rename(aside, folder).catch(() => {});
  await rm(aside, { recursive: true, force: true });
  return true;
}

/**
 * @typedef {{token: string, pid: number, host: string, seenSecondsAgo: number}} Owner
 * @param {string} folder
 * @returns {Promise<Owner | undefined>} undefined if there is no lock
 */
async function readOwner(folder) {
  try {
    const file = join(folder, "owner");
    return { ...JSON.parse(await readFile(file, "utf8")), seenSecondsAgo: await secondsSinceChange(file) };
  } catch {
    // No lock, or a folder that somebody has damaged: that one has no owner, and goes stale with time.
    const seenSecondsAgo = await secondsSinceChange(folder).catch(() => undefined);
    return seenSecondsAgo === undefined ? undefined : { token: "", pid: 0, host: "", seenSecondsAgo };
  }
}

/** @param {string} path */
async function secondsSinceChange(path) {
  return (Date.now() - (await stat(path)).mtimeMs) / 1000;
}

/** @param {Owner} owner */
function isStale(owner) {
  if (owner.seenSecondsAgo > STALE_SECONDS) return true;
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}
