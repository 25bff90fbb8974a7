import * as pulumi from "@pulumi/pulumi";
import { SigningKeyRotation, type SigningKeyRotationArgs } from "../../src/signingKeyRotation";
import { inputsOf, secret, standInForEngine, valueOf } from "./registrations";

const ROTATION = "pulumi-nodejs:dynamic/auth0:SigningKeyRotation";
const INTENT = "pulumi-nodejs:dynamic/auth0:SigningKeyRotationIntent";
const key = (kid: string): Record<string, string> => ({ kid, certificate: `certificate of ${kid}` });
/** What the intent puts out differs from what goes in, so that it shows which of the two the rotation takes. */
const fromIntent = {
  generation: 42,
  baselines: [{ generation: 42, from: 41, kid: "abc", at: "2026-03-10T12:00:00.000Z" }],
  revokeNow: { kid: "abc", reason: "as the intent has it" },
};
const everything = {
  generation: 5,
  revokePrevious: true,
  gracePeriod: "24h",
  revokeNow: { kid: "def", reason: "as the program has it" },
  minKeyAge: "2h",
  expectedCurrentKid: "def",
  verifyTimeout: "90s",
  reason: "yearly",
} satisfies SigningKeyRotationArgs;
const tenant = { domain: "acme.eu.auth0.com", clientId: "app", clientSecret: "s3cr3t" };

class Parent extends pulumi.ComponentResource {
  constructor(name: string) {
    super("test:index:Parent", name);
  }
}

class Other extends pulumi.CustomResource {}

async function register(
  args: SigningKeyRotationArgs,
  opts: pulumi.CustomResourceOptions | (() => pulumi.CustomResourceOptions) = {},
  outputs: Parameters<typeof standInForEngine>[0] = {},
): Promise<{ rotation: SigningKeyRotation } & Awaited<ReturnType<typeof standInForEngine>>> {
  const registrations = await standInForEngine({ "keys-intent": fromIntent, ...outputs });
  const rotation = new SigningKeyRotation("keys", args, typeof opts === "function" ? opts() : opts);
  await valueOf(rotation.urn);
  return { rotation, ...registrations };
}

test("the intent is registered before the rotation, each by its type", async () => {
  const { registered } = await register({ generation: 1 });
  expect(registered().map((request) => [request.getType(), request.getName()])).toEqual([
    [INTENT, "keys-intent"],
    [ROTATION, "keys"],
  ]);
});

test("the intent takes all that the program writes", async () => {
  const { named } = await register({ ...everything, tenant });
  expect(inputsOf(named("keys-intent"))).toEqual({
    ...everything,
    tenant: { ...tenant, clientSecret: secret("s3cr3t") },
    __provider: expect.stringContaining(".intent") as string,
  });
});

test("the rotation takes generation, baselines and revokeNow from the intent's outputs, and not minKeyAge, which is its intent's alone", async () => {
  const { named } = await register({ ...everything, tenant });
  const { revokePrevious, gracePeriod, verifyTimeout, reason, expectedCurrentKid } = everything;
  expect(inputsOf(named("keys"))).toEqual({
    ...fromIntent,
    revokePrevious,
    gracePeriod,
    verifyTimeout,
    reason,
    expectedCurrentKid,
    tenant: { ...tenant, clientSecret: secret("s3cr3t") },
    __provider: expect.stringContaining(".rotation") as string,
  });
});

test("the rotation depends on its intent, so that the engine has stored it before", async () => {
  const { named } = await register({ generation: 1 });
  const intent = `urn:pulumi:stack::project::${INTENT}::keys-intent`;
  expect(named("keys").getDependenciesList()).toContain(intent);
  expect(named("keys").getPropertydependenciesMap().get("baselines")?.getUrnsList()).toEqual([intent]);
});

test("an unknown input of JavaScript's reaches the check of the intent", async () => {
  const { named } = await register({ generation: 1, ...{ speed: "fast" } });
  expect(inputsOf(named("keys-intent"))).toMatchObject({ speed: "fast" });
});

describe("the intent inherits", () => {
  test("parent, dependsOn, protect, ignoreChanges and retainOnDelete", async () => {
    const { named } = await register({ generation: 1 }, () => ({
      parent: new Parent("parent"),
      dependsOn: new Other("test:index:Other", "other"),
      protect: true,
      ignoreChanges: ["reason"],
      retainOnDelete: true,
    }));
    const seen = ["keys-intent", "keys"].map((name) => {
      const request = named(name);
      return {
        parent: request.getParent(),
        dependsOnOther: request.getDependenciesList().some((urn) => urn.endsWith("::other")),
        protect: request.getProtect(),
        ignoreChanges: request.getIgnorechangesList(),
        retainOnDelete: request.getRetainondelete(),
      };
    });
    const expected = {
      parent: "urn:pulumi:stack::project::test:index:Parent::parent",
      dependsOnOther: true,
      protect: true,
      ignoreChanges: ["reason"],
      retainOnDelete: true,
    };
    expect(seen).toEqual([expected, expected]);
  });

  test("aliases by name, renamed", async () => {
    const { named } = await register({ generation: 1 }, { aliases: [{ name: "former" }] });
    const names = ["keys", "keys-intent"].map((name) =>
      named(name)
        .getAliasesList()
        .map((alias) => alias.getSpec()?.getName()),
    );
    expect(names).toEqual([["former"], ["former-intent"]]);
  });

  test("aliases by URN, renamed, also as an output", async () => {
    const urn = (parent: string, name: string): string =>
      `urn:pulumi:stack::project::${parent}${ROTATION}::${name}`;
    const aliases = [urn("", "former"), pulumi.output(urn("my:index:Component$", "older"))];
    const { named } = await register({ generation: 1 }, { aliases });
    const urns = named("keys-intent")
      .getAliasesList()
      .map((alias) => alias.getUrn());
    expect(urns).toEqual([
      `urn:pulumi:stack::project::${INTENT}::former-intent`,
      `urn:pulumi:stack::project::my:index:Component$${INTENT}::older-intent`,
    ]);
  });

  test("an alias of a former place under the same name, as it is", async () => {
    const { named } = await register({ generation: 1 }, { aliases: [{ project: "former-project" }] });
    const specs = named("keys-intent")
      .getAliasesList()
      .map((alias) => [alias.getSpec()?.getProject(), alias.getSpec()?.getName()]);
    expect(specs).toEqual([["former-project", ""]]);
  });
});

test("there is no intent with opts.id: the keys are looked up, not managed", async () => {
  const { registered, lookedUp } = await register({ generation: 1 }, { id: tenant.domain });
  expect(registered()).toEqual([]);
  expect(lookedUp).toEqual([tenant.domain]);
});

test("get looks the keys up by the tenant's domain", async () => {
  const { registered, lookedUp } = await standInForEngine({ keys: { currentKey: key("current") } });
  const keys = SigningKeyRotation.get("keys", tenant.domain, { tenant });
  expect(await valueOf(keys.currentKey)).toMatchObject({ kid: "current" });
  expect(registered()).toEqual([]);
  expect(lookedUp).toEqual([tenant.domain]);
});

test("tenant is echoed as a secret output, next to those that the program names, and not by the intent", async () => {
  const { named } = await register({ generation: 1, tenant }, { additionalSecretOutputs: ["reason"] });
  expect(named("keys").getAdditionalsecretoutputsList().sort()).toEqual(["reason", "tenant"]);
  expect(named("keys-intent").getAdditionalsecretoutputsList()).toEqual([]);
});

test("outputs that a program has not written are there to be used", async () => {
  const { rotation } = await register(
    { generation: 1 },
    {},
    { keys: { domain: tenant.domain, foreign: ["theirs"] } },
  );
  expect(await valueOf(pulumi.all([rotation.domain, rotation.generation, rotation.foreign]))).toEqual([
    tenant.domain,
    42,
    ["theirs"],
  ]);
});

describe("trustedCertificates", () => {
  const ring = {
    currentKey: key("current"),
    nextKey: key("next"),
    previousKeys: [key("old"), { kid: "due" }, key("theirs")],
  };
  test.each([
    [
      "current, next, then previous, less those due for revocation",
      ring,
      ["current", "next", "old", "theirs"],
    ],
    ["none where a program's own tests put out nothing", {}, []],
    ["no next where there is none", { ...ring, nextKey: undefined, previousKeys: [] }, ["current"]],
  ])("are %s", async (_, outputs, kids) => {
    const { rotation } = await register({ generation: 1 }, {}, { keys: outputs });
    expect(await valueOf(rotation.trustedCertificates)).toEqual(kids.map((kid) => `certificate of ${kid}`));
  });
});

test("an import is refused before the intent is registered", async () => {
  await expect(register({ generation: 1 }, { import: "acme.eu.auth0.com" })).rejects.toThrow(
    "can't be imported: create it with generation 0",
  );
});
