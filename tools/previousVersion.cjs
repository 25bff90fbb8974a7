/** Which version's state the present one must be able to take over: tests/package/upgrade.test.ts. */
const { spawnSync } = require("node:child_process");

/** Until a release has a tag: what users of a checkout have, from before the provider plugin. */
const BEFORE_THE_FIRST_TAG = "70e7c3608d266dfdb82c1be203535fcea783239e";

/** @param {string[]} args */
function git(...args) {
  const { status, stdout } = spawnSync("git", args, { cwd: __dirname, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * The tag of the last release before this commit, or a commit before there was any.
 *
 * @returns {string | undefined} none where the history does not reach so far
 */
function previousVersion() {
  const tag = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^");
  return git("rev-parse", "--verify", "--quiet", `${tag ?? BEFORE_THE_FIRST_TAG}^{commit}`);
}

module.exports = { previousVersion };
