import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkout } from "../support/project";
import { generateSdks, pluginSchema, run } from "../support/sdk";

// The first run compiles the generators. The SDKs for Python and Go meet a real engine in tests/plugin.
jest.setTimeout(600_000);

const folder = mkdtempSync(path.join(tmpdir(), "signing-keys-sdks-"));
beforeAll(() => {
  generateSdks(pluginSchema(), folder, "nodejs");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a schema that refers to a type that there isn't is refused", () => {
  const { types, ...schema } = pluginSchema();
  expect(types).toBeDefined();
  expect(() => {
    generateSdks(schema, folder, "nodejs");
  }).toThrow("type auth0-signing-keys:index:Tenant not found in package auth0-signing-keys");
});

test("the SDK for TypeScript compiles, with a program that passes on what a rotation retired", () => {
  const sdk = path.join(folder, "nodejs");
  symlinkSync(path.join(checkout, "node_modules"), path.join(sdk, "node_modules"));
  writeFileSync(
    path.join(sdk, "program.ts"),
    `import type * as pulumi from "@pulumi/pulumi";
import * as keys from "./index";

const tenant = { domain: "acme.eu.auth0.com", clientId: "app", clientSecret: "secret" };
const provider = new keys.Provider("acme", tenant);
const rotation = new keys.SigningKeyRotation("keys", { generation: 1, gracePeriod: "24h", tenant }, { provider });
new keys.SigningKeyRevocation("revocation", { retired: rotation.retired });
new keys.SigningKeyRevocation("named", { retired: [{ kid: "a" }], canaries: [{ audience: "a", url: "https://b" }] });
export const kid: pulumi.Output<string> = rotation.currentKey.kid;
export const since: pulumi.Output<string | undefined> = keys.getSigningKeysOutput({ tenant }).apply(({ next }) => next?.since);
// @ts-expect-error a generation is required
new keys.SigningKeyRotation("wrong", { gracePeriod: "24h" });
`,
  );
  const project = { extends: "./tsconfig.json", compilerOptions: { noEmit: true }, files: ["program.ts"] };
  writeFileSync(path.join(sdk, "program.json"), JSON.stringify(project));
  const tsc = path.join(checkout, "node_modules/typescript/bin/tsc");
  expect(run(process.execPath, [tsc, "--project", "program.json"], sdk)).toBe("");
});
