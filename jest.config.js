const { existsSync } = require("node:fs");
const path = require("node:path");
const { previousVersion } = require("./tools/previousVersion.cjs");

const folders = (process.env["PATH"] ?? "").split(path.delimiter);

/** @param {string} program */
const has = (program) =>
  folders.some((folder) => [program, `${program}.exe`].some((name) => existsSync(path.join(folder, name))));

/**
 * Whether programs in this language can be run: see tools/engine/languageHosts.mjs, which says why if not.
 *
 * @param {string} language
 * @param {string} [starts] the program that its host starts
 */
const runs = (language, starts) =>
  has(`pulumi-language-${language}`) && (starts === undefined || has(starts));

/** Tests that take what set-up can't fetch: run where it is, and left out elsewhere. A test that is skipped counts as failed. */
const leftOut = [
  { test: "/tests/e2e/bootstrap\\.test\\.ts$", isRun: has("pulumi-resource-auth0") },
  { test: "/tests/plugin/(yaml|policy|crash-rotation|crash-revocation)\\.test\\.ts$", isRun: runs("yaml") },
  // Go makes the SDK, too.
  { test: "/tests/plugin/python\\.test\\.ts$", isRun: runs("python", "python3") && has("go") },
  { test: "/tests/plugin/go\\.test\\.ts$", isRun: runs("go", "go") },
  { test: "/tests/integration/emulatorGoAuth0\\.test\\.ts$", isRun: has("go") },
  { test: "/tests/package/sdks\\.test\\.ts$", isRun: has("go") },
  { test: "/tests/package/pythonSdk\\.test\\.ts$", isRun: has("go") && has("python3") },
  {
    test: "/tests/unit/gitops/operatorDefinitions\\.test\\.ts$",
    isRun: existsSync(process.env["PULUMI_OPERATOR_CRDS"] ?? ""),
  },
  // The packages that hold Node in other versions are for this platform.
  {
    test: "/tests/package/nodeVersions\\.test\\.ts$",
    isRun: process.platform === "linux" && process.arch === "x64",
  },
  { test: "/tests/package/upgrade\\.test\\.ts$", isRun: previousVersion() !== undefined },
].flatMap(({ test, isRun }) => (isRun ? [] : [test]));

/** @type {import("jest").Config} */
module.exports = {
  rootDir: __dirname,
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", ...leftOut],
  testSequencer: "<rootDir>/tools/testSequencer.cjs",
  transform: {
    "\\.(ts|js|mjs)$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  // jose ships ES modules only, which Jest's module system cannot require untransformed.
  transformIgnorePatterns: ["/node_modules/(?!(jose)/)"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
};
