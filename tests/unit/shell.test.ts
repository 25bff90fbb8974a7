import { execFileSync } from "node:child_process";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { INTENT_TYPE, providerShell, ROTATION_TYPE } from "../../src/shell";
import { SigningKeyRotation } from "../../src/signingKeyRotation";
import { SigningKeyRotationIntent } from "../../src/signingKeyRotationIntent";
import { standInForEngine, valueOf } from "./registrations";

jest.setTimeout(30_000);

const packageFolder = path.join(__dirname, "../..");
const SHELLS = ["rotation", "intent"] as const;

test("the type tokens stand in every user's state: they are what a dynamic resource of auth0's module gets", () => {
  expect([ROTATION_TYPE, INTENT_TYPE]).toEqual([
    "pulumi-nodejs:dynamic/auth0:SigningKeyRotation",
    "pulumi-nodejs:dynamic/auth0:SigningKeyRotationIntent",
  ]);
  expect(SigningKeyRotation.__pulumiType).toBe(ROTATION_TYPE);
  expect(SigningKeyRotationIntent.__pulumiType).toBe(INTENT_TYPE);
});

describe.each(SHELLS)("the shell of the %s", (name) => {
  test("is small", () => {
    expect(Buffer.byteLength(providerShell(name))).toBeLessThanOrEqual(700);
  });

  test("names where to find the code and holds none of it, no path and no version", () => {
    expect(providerShell(name)).toBe(
      `exports.handler=()=>require("module").createRequire(process.cwd()+"/x.js")("pulumi-auth0-signing-keys/provider").${name}`,
    );
  });

  test("evaluates to the lifecycle in the folder of a program, as the engine's host does it", () => {
    const evaluate = `
      const Module = require("node:module");
      const shell = new Module("shell");
      shell._compile(${JSON.stringify(providerShell(name))}, "shell");
      const lifecycle = shell.exports.handler();
      const methods = ["configure", "check", "diff", "create", "update", "read", "delete"];
      process.stdout.write(JSON.stringify(methods.map((method) => [method, typeof lifecycle[method]])));
    `;
    const answer = execFileSync(process.execPath, ["-e", evaluate], { cwd: packageFolder, encoding: "utf8" });
    // The intent has nothing to clean up, and the host does without a method that there is none.
    const methods = ["configure", "check", "diff", "create", "update", "read"];
    expect(JSON.parse(answer)).toEqual([
      ...methods.map((method) => [method, "function"]),
      ["delete", name === "rotation" ? "function" : "undefined"],
    ]);
  });
});

/** The same resource, as `pulumi.dynamic.Resource` makes it. */
class ByDynamicResource extends pulumi.dynamic.Resource {
  constructor(type: string, name: string, props: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super({ create: () => Promise.resolve({ id: "id" }) }, name, props, opts, "auth0", type);
  }
}

/** What the program wrote where is no part of what is registered. */
const PLACES = new Set(["sourceposition", "stacktrace"]);

describe("a literal shell on CustomResource registers what pulumi.dynamic.Resource does", () => {
  const written = {
    generation: 1,
    revokePrevious: false,
    reason: "yearly",
    tenant: { domain: "acme.eu.auth0.com", clientId: "app", clientSecret: pulumi.secret("s3cr3t") },
  };
  const options = { protect: true, ignoreChanges: ["reason"], aliases: [{ name: "former" }] };

  test("the same type and the same request, in which __provider alone differs, and is code that exports a handler", async () => {
    const { registered } = await standInForEngine();
    const ours = new SigningKeyRotationIntent("keys", { ...written }, options);
    await valueOf(ours.urn);
    const unwritten = { baselines: undefined, revokeNow: undefined };
    const theirs = new ByDynamicResource(
      "SigningKeyRotationIntent",
      "keys",
      { ...written, ...unwritten },
      options,
    );
    await valueOf(theirs.urn);

    const shells: unknown[] = [];
    const requests = registered().map((request) => {
      const fields = request.getObject()?.getFieldsMap();
      shells.push(fields?.get("__provider")?.getStringValue());
      fields?.get("__provider")?.setStringValue("code");
      return Object.fromEntries(Object.entries(request.toObject()).filter(([field]) => !PLACES.has(field)));
    });
    expect(requests).toHaveLength(2);
    expect(requests[0]).toEqual(requests[1]);
    expect(requests[0]).toMatchObject({ type: INTENT_TYPE, custom: true });
    expect(shells).toEqual([providerShell("intent"), expect.stringMatching(/^exports\.handler = /)]);
  });

  test("the same type and the same kind of request for the rotation", async () => {
    const { registered } = await standInForEngine();
    await valueOf(new SigningKeyRotation("keys", written, options).urn);
    await valueOf(new ByDynamicResource("SigningKeyRotation", "keys", { ...written }, options).urn);
    const [, ours, theirs] = registered().map((request) => ({
      type: request.getType(),
      custom: request.getCustom(),
      provider: request.getProvider(),
      inputs: request
        .getObject()
        ?.getFieldsMap()
        .toArray()
        .map(([input]) => input),
    }));
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({ type: ROTATION_TYPE, custom: true, provider: "" });
  });
});
