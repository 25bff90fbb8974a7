import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkout } from "../support/project";
import { generateSdks, pluginSchema, run } from "./sdk";

// The first run compiles the generators and Pulumi's SDK for Go.
jest.setTimeout(600_000);

const folder = mkdtempSync(path.join(tmpdir(), "signing-keys-sdks-"));
beforeAll(() => {
  generateSdks(pluginSchema(), folder, "nodejs", "go");
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

test("the SDK for Go compiles, with a program that passes on what a rotation retired", () => {
  const program = path.join(folder, "program");
  mkdirSync(program);
  // The versions of the generators' module, so that what is compiled already is compiled once.
  const pins = path.join(checkout, "tools/sdkgen");
  const sdk = "pulumi-auth0-signing-keys/sdk/go";
  copyFileSync(path.join(pins, "go.sum"), path.join(program, "go.sum"));
  writeFileSync(
    path.join(program, "go.mod"),
    `${readFileSync(path.join(pins, "go.mod"), "utf8")}\nrequire ${sdk} v0.0.0\nreplace ${sdk} => ../go\n`,
  );
  writeFileSync(
    path.join(program, "main.go"),
    `package main

import (
	keys "${sdk}/auth0signingkeys"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		rotation, err := keys.NewSigningKeyRotation(ctx, "keys", &keys.SigningKeyRotationArgs{
			Generation:  pulumi.Int(1),
			GracePeriod: pulumi.String("24h"),
			Tenant:      keys.TenantArgs{Domain: pulumi.String("acme.eu.auth0.com")},
		})
		if err != nil {
			return err
		}
		ctx.Export("kid", rotation.CurrentKey.Kid())
		_, err = keys.NewSigningKeyRevocation(ctx, "revocation", &keys.SigningKeyRevocationArgs{
			Retired: rotation.Retired.ApplyT(func(retired []keys.RetiredKey) []keys.ListedKey {
				var listed []keys.ListedKey
				for _, key := range retired {
					listed = append(listed, keys.ListedKey{Kid: key.Kid, RevokeDueAt: key.RevokeDueAt})
				}
				return listed
			}).(keys.ListedKeyArrayOutput),
		})
		return err
	})
}
`,
  );
  run("go", ["build", "-mod=mod", ".", `${sdk}/...`], program, { GOWORK: "off" });
});
