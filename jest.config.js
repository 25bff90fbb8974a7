/** @type {import("jest").Config} */
module.exports = {
  rootDir: __dirname,
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
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
