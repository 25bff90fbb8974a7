import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/auth0";
import { SigningKeyRotation } from "../../src/signingKeyRotation";
import { tenantInput, type TenantArgs } from "../../src/tenantArgs";
import { SECRET_FIELDS, TENANT_FIELDS } from "../../src/tenant/credentials";
import { inputsOf, secret, standInForEngine, valueOf } from "./registrations";

const everyField: Record<(typeof TENANT_FIELDS)[number], string> = {
  domain: "acme.eu.auth0.com",
  clientId: "app",
  clientSecret: "client secret",
  apiToken: "API token",
  audience: "https://acme.eu.auth0.com/api/v2/",
  clientAssertionPrivateKey: "private key",
  clientAssertionSigningAlg: "PS256",
};
/** Every field as the engine must get it: the secret ones marked. */
const asRegistered = Object.fromEntries(
  Object.entries(everyField).map(([field, value]) => [
    field,
    (SECRET_FIELDS as readonly string[]).includes(field) ? secret(value) : value,
  ]),
);

async function registeredTenant(
  tenant: ConstructorParameters<typeof SigningKeyRotation>[1]["tenant"],
): Promise<unknown[]> {
  const { named } = await standInForEngine();
  await valueOf(new SigningKeyRotation("keys", { generation: 1, tenant }).urn);
  return ["keys-intent", "keys"].map((name) => inputsOf(named(name))["tenant"]);
}

test("secret fields are wrapped, the others are not, on both resources", async () => {
  expect(await registeredTenant(everyField)).toEqual([asRegistered, asRegistered]);
});

test("fields that are outputs are wrapped as well", async () => {
  const outputs = Object.fromEntries(
    Object.entries(everyField).map(([field, value]) => [field, pulumi.output(value)]),
  ) as TenantArgs;
  expect(await registeredTenant(outputs)).toEqual([asRegistered, asRegistered]);
});

test.each<[string, pulumi.Input<TenantArgs>]>([
  ["an output", pulumi.output(everyField)],
  ["a promise", Promise.resolve(everyField)],
])("a tenant that is %s as a whole is wrapped field by field, too", async (_, tenant) => {
  expect(await registeredTenant(tenant)).toEqual([asRegistered, asRegistered]);
});

test("Pulumi agrees that what is wrapped is secret", async () => {
  const { clientSecret, domain } = tenantInput(everyField) as Record<string, unknown>;
  expect(await pulumi.isSecret(pulumi.output(clientSecret))).toBe(true);
  expect(await pulumi.isSecret(pulumi.output(domain))).toBe(false);
});

test("a provider of @pulumi/auth0 is copied field by field, as a whole resource would arrive as its id", async () => {
  const { named } = await standInForEngine();
  const provider = new Provider("auth0", everyField);
  await valueOf(new SigningKeyRotation("keys", { generation: 1, tenant: provider }).urn);
  expect(inputsOf(named("keys"))["tenant"]).toEqual(asRegistered);
  expect(inputsOf(named("keys-intent"))["tenant"]).toEqual(asRegistered);
});

test("what a provider does not have arrives as nothing", async () => {
  const { named } = await standInForEngine();
  const provider = new Provider("auth0", { domain: everyField.domain, apiToken: "API token" });
  await valueOf(new SigningKeyRotation("keys", { generation: 1, tenant: provider }).urn);
  const present = Object.entries(inputsOf(named("keys"))["tenant"] as Record<string, unknown>).filter(
    ([, value]) => JSON.stringify(value) !== JSON.stringify(secret(null)),
  );
  expect(Object.fromEntries(present)).toEqual({ domain: everyField.domain, apiToken: secret("API token") });
});

test("no tenant is none", async () => {
  expect(await registeredTenant(undefined)).toEqual([undefined, undefined]);
});

test.each([["a text"], [7], [null], [["a", "list"]]])(
  "what is no tenant is left for check to refuse: %j",
  (value) => {
    expect(tenantInput(value as unknown as TenantArgs)).toEqual(value);
  },
);
