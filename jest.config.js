const { existsSync } = require("node:fs");
const path = require("node:path");

/** The provider of @pulumi/auth0. */
const hasAuth0Provider = (process.env["PATH"] ?? "")
  .split(path.delimiter)
  .some((folder) => existsSync(path.join(folder, "pulumi-resource-auth0")));
/** The definitions of the Pulumi Kubernetes Operator. */
const hasOperatorDefinitions = existsSync(process.env["PULUMI_OPERATOR_CRDS"] ?? "");

/** Tests that take what no package registry has: run where it is, and left out elsewhere. */
const leftOut = [
  ...(hasAuth0Provider ? [] : ["/tests/e2e/bootstrap\\.test\\.ts$"]),
  ...(hasOperatorDefinitions ? [] : ["/tests/unit/gitops/operatorDefinitions\\.test\\.ts$"]),
];

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
