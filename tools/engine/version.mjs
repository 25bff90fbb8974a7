/** The version that is downloaded or built; the oldest that is accepted from PATH or a cache. */
export const ENGINE_VERSION = "3.259.0";
export const OLDEST_ENGINE_VERSION = "3.200.0";

/** The newest version whose Go module holds the language hosts of Node and Python. */
export const LANGUAGE_HOST_VERSION = "3.68.0";
/** The newest version whose Go module holds the language host of Go. */
export const GO_HOST_VERSION = "3.65.0";
export const YAML_HOST_VERSION = "1.38.0";

/**
 * @typedef {object} Version
 * @property {number[]} numbers major, minor, patch
 * @property {boolean} prerelease
 */

/**
 * @param {string} text such as `v3.259.0` or `3.260.0-alpha.1`
 * @returns {Version | undefined} undefined if this is no version
 */
export function parseVersion(text) {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(\+[\w.-]+)?$/.exec(text.trim());
  if (!match) return undefined;
  return { numbers: match.slice(1, 4).map(Number), prerelease: match[4] !== undefined };
}

/**
 * Two pre-releases of the same version count as equal: nothing here needs their order.
 *
 * @param {Version} a
 * @param {Version} b
 * @returns {number} negative if `a` is older, 0 if equal, positive if newer
 */
export function compareVersions(a, b) {
  for (const [i, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(b.prerelease) - Number(a.prerelease);
}

/**
 * @param {string} text what `pulumi version` printed
 * @returns {string | undefined} why this engine cannot be used; undefined if it can
 */
export function unsupportedBecause(text) {
  const version = parseVersion(text);
  const oldest = /** @type {Version} */ (parseVersion(OLDEST_ENGINE_VERSION));
  if (!version) return `its version reads "${text.trim().slice(0, 60)}", which is no version`;
  if (version.numbers[0] !== oldest.numbers[0]) {
    return `it is ${text.trim()}, and only major version ${oldest.numbers[0]} is supported`;
  }
  if (compareVersions(version, oldest) < 0)
    return `it is ${text.trim()}, older than ${OLDEST_ENGINE_VERSION}`;
  return undefined;
}
