/**
 * The order of the files of tests: those that run an engine for minutes begin first, lest one of them be left for the
 * end, with nothing beside it for the other processor to do.
 */
const { default: Sequencer } = require("@jest/test-sequencer");

const LONGEST_FIRST = [
  "/tests/e2e/",
  "/tests/plugin/",
  "/tests/package/",
  "/tests/histories/",
  "/tests/integration/",
];

/** @param {{path: string}} test */
function rank({ path }) {
  const found = LONGEST_FIRST.findIndex((folder) => path.replaceAll("\\", "/").includes(folder));
  return found === -1 ? LONGEST_FIRST.length : found;
}

module.exports = class LongestFirst extends Sequencer {
  /**
   * @override
   * @type {InstanceType<typeof Sequencer>["sort"]}
   */
  async sort(tests) {
    // Jest's own order otherwise: by how long they took, or by their size.
    return [...(await super.sort(tests))].sort((one, other) => rank(one) - rank(other));
  }
};
