import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { lastLines, run } from "./run.mjs";
import { unsupportedBecause } from "./version.mjs";

/** What `up` on a Node program with dynamic resources starts. */
export const BINARY_NAMES = /** @type {const} */ ([
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-pulumi-nodejs",
]);

/** `pulumi version` takes a fifth of a second; a first start behind a virus scanner takes longer. */
const VERSION_TIMEOUT_SECONDS = 30;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} the folders on PATH, in order
 */
export function pathFolders(env) {
  const path = env["PATH"] ?? env["Path"] ?? "";
  return path.split(delimiter).filter((folder) => isAbsolute(folder));
}

/**
 * @param {string} name without an extension
 * @param {string[]} folders
 * @returns {Promise<string | undefined>} the first executable of that name
 */
export async function findExecutable(name, folders) {
  const extensions = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  for (const folder of folders) {
    for (const extension of extensions) {
      const path = join(folder, name + extension);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** @param {string} path */
async function isExecutable(path) {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * @typedef {object} Installation
 * @property {string} dir the folder of `pulumi`
 * @property {string} version such as `3.259.0`
 * @property {Record<string, string>} paths of each binary, by name
 */

/**
 * Checks an engine by asking it for its version.
 *
 * @param {string} pulumi path of the `pulumi` executable
 * @param {string[]} otherFolders where the plugins may be, if they are not beside it
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Installation | string>} a string says why it cannot be used
 */
export async function inspect(pulumi, otherFolders, env) {
  // A package manager's `pulumi` is often a link; the plugins then stand beside what it points to.
  const folders = [dirname(pulumi), dirname(await realpath(pulumi)), ...otherFolders];
  /** @type {Record<string, string>} */
  const paths = { pulumi };
  for (const name of BINARY_NAMES.slice(1)) {
    const path = await findExecutable(name, folders);
    if (path === undefined) return `${pulumi} has no ${name} beside it or on PATH`;
    paths[name] = path;
  }
  const finished = await run(pulumi, ["version"], {
    env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutSeconds: VERSION_TIMEOUT_SECONDS,
  });
  if (finished.code !== 0) return `\`${pulumi} version\` failed: ${lastLines(finished, 2)}`;
  const version = finished.stdout.trim();
  const reason = unsupportedBecause(version);
  if (reason !== undefined) return `${pulumi} cannot be used: ${reason}`;
  return { dir: dirname(pulumi), version: version.replace(/^v/, ""), paths };
}
