/** `npm run licences`: whether every package that is locked has a licence that we may use. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** For whatever we ship with or are run by. */
const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
]);
/** Besides, for what stays on the machine of a developer. */
const ALLOWED_IN_DEVELOPMENT = new Set(["CC-BY-3.0", "CC-BY-4.0", "Python-2.0"]);
/** Packages that don't name their licence, with what somebody has read in their files. */
const READ_BY_HAND = new Map([
  ["node_modules/@logdna/tail-file", "MIT"],
  ["node_modules/spawndamnit", "MIT"],
]);

/**
 * @typedef {object} LockedPackage
 * @property {string} [license] an SPDX expression
 * @property {boolean} [link]
 * @property {boolean} [dev]
 */

/**
 * @param {string} location
 * @param {LockedPackage} locked
 * @returns {string | undefined} what is wrong with it
 */
function faultOf(location, { license, dev = false }) {
  const expression = READ_BY_HAND.get(location) ?? license;
  if (expression === undefined) return "names no licence";
  const isAllowed = (/** @type {string} */ name) =>
    ALLOWED.has(name) || (dev && ALLOWED_IN_DEVELOPMENT.has(name));
  const bare = expression.replace(/^\((.*)\)$/, "$1");
  const choices = bare.split(" OR ");
  const parts = bare.split(" AND ");
  if (choices.some(isAllowed) || parts.every(isAllowed)) return undefined;
  return `has the licence ${expression}${dev ? ", for development" : ""}`;
}

const lockFile = fileURLToPath(new URL("../package-lock.json", import.meta.url));
/** @type {Record<string, LockedPackage>} */
const packages = JSON.parse(await readFile(lockFile, "utf8")).packages;
const locked = Object.entries(packages).filter(([, { link }]) => !link);
const faults = locked.flatMap(([location, entry]) => {
  const fault = faultOf(location, entry);
  return fault === undefined ? [] : [`${location || "this package"} ${fault}`];
});
for (const fault of faults) console.error(`licences: ${fault}`);
console.log(`licences: ${locked.length} packages, ${faults.length} not allowed`);
process.exitCode = faults.length === 0 ? 0 : 1;
