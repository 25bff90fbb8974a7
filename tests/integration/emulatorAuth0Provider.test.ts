import { readFileSync } from "node:fs";
import path from "node:path";
import { type Emulator, startEmulator, type TenantAnswer } from "../support/emulator";
import { checkout } from "../support/project";
import { rsaKeyPair } from "../support/rsaKeyPair";
import { administrator, assertionOf, grantedTo } from "./privateKeyJwt";

jest.setTimeout(60_000);

let emulator: Emulator;
let admin: string;

beforeAll(async () => {
  emulator = await startEmulator();
  admin = await administrator(emulator);
});

afterAll(async () => {
  await emulator.stop();
});

/*
 * What @pulumi/auth0 3.49.0 (terraform-provider-auth0 1.53.0, go-auth0 1.45.0) asked this emulator for when examples/bootstrap
 * was run with it: the requests of each `pulumi up`, refresh and destroy, in that order and with these bodies.
 */

const first = rsaKeyPair();
const second = rsaKeyPair();

async function call(method: string, url: string, body?: object): Promise<TenantAnswer> {
  return emulator.request(`/api/v2/${url}`, {
    method,
    token: admin,
    ...(body && { body: `${JSON.stringify(body)}\n` }),
  });
}

async function json(status: number, ...request: Parameters<typeof call>): Promise<Record<string, unknown>> {
  const answer = await call(...request);
  expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(/^[{[]/)]);
  return answer.json() as Record<string, unknown>;
}

async function gone(...request: Parameters<typeof call>): Promise<void> {
  const answer = await call(...request);
  expect([answer.status, answer.text]).toEqual([204, ""]);
}

/** What its resource holds against the settings, on each read. */
const SHOWN = {
  name: "Signing keys: rotation",
  description: "Rotates the application signing keys, and may revoke them",
  app_type: "non_interactive",
  oidc_conformant: true,
  is_first_party: true,
  grant_types: ["client_credentials"],
  jwt_configuration: { alg: "RS256", lifetime_in_seconds: 36_000, secret_encoded: false },
};

const ROTATE = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
const AUTO = [...ROTATE, "read:resource_servers", "read:clients"];

test("the requests of the real provider: an application is made, changed and taken away, and its tokens follow", async () => {
  const { audience } = emulator;

  // The first `pulumi up`.
  const created = await json(201, "POST", "clients", {
    name: SHOWN.name,
    description: SHOWN.description,
    app_type: "non_interactive",
    oidc_conformant: true,
    jwt_configuration: { alg: "RS256" },
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
  });
  const id = String(created["client_id"]);
  expect(created).toMatchObject({ ...SHOWN, client_secret: expect.any(String) as string });
  expect(await json(200, "GET", `clients/${id}`)).toMatchObject({
    ...SHOWN,
    token_endpoint_auth_method: "client_secret_post",
  });
  expect(await json(200, "GET", `clients/${id}?fields=client_id&include_fields=true`)).toEqual({
    client_id: id,
  });
  const credential = await json(201, "POST", `clients/${id}/credentials`, {
    name: "key 1",
    credential_type: "public_key",
    pem: first.publicKey,
    alg: "RS256",
  });
  const credentialId = String(credential["id"]);
  const brief = { client_id: id, app_type: "non_interactive" };
  const briefly = `clients/${id}?fields=client_id%2Capp_type&include_fields=true`;
  expect(await json(200, "GET", briefly)).toEqual(brief);
  const attach = (...ids: string[]) => ({
    client_authentication_methods: { private_key_jwt: { credentials: ids.map((one) => ({ id: one })) } },
    token_endpoint_auth_method: null,
  });
  await json(200, "PATCH", `clients/${id}`, attach(credentialId));
  const byKey = await json(200, "GET", `clients/${id}`);
  expect(byKey).toMatchObject({
    ...SHOWN,
    client_authentication_methods: { private_key_jwt: { credentials: [{ id: credentialId }] } },
  });
  for (const hidden of ["client_secret", "token_endpoint_auth_method"])
    expect(byKey).not.toHaveProperty(hidden);
  expect(await json(200, "GET", `clients/${id}/credentials/${credentialId}`)).toEqual(credential);
  const ofClient = `audience=${encodeURIComponent(audience)}&client_id=${id}&include_totals=true&per_page=50`;
  expect(await json(200, "GET", `client-grants?${ofClient}`)).toMatchObject({ total: 0, client_grants: [] });
  expect(await grantedTo(emulator, await assertionOf(emulator, id, first.privateKey))).toMatchObject({
    error: "access_denied",
    error_description: expect.stringContaining("client-grant") as string,
  });
  const grant = await json(201, "POST", "client-grants", { client_id: id, audience, scope: ROTATE });
  const grantId = String(grant["id"]);
  expect(grant).toEqual({ id: grantId, client_id: id, audience, scope: ROTATE, subject_type: "client" });
  expect(await json(200, "GET", `client-grants/${grantId}`)).toEqual(grant);
  expect(await grantedTo(emulator, await assertionOf(emulator, id, first.privateKey))).toBe(ROTATE.join(" "));

  // `autoGrace` is set.
  expect(await json(200, "PATCH", `client-grants/${grantId}`, { scope: AUTO })).toEqual({
    ...grant,
    scope: AUTO,
  });
  expect(await grantedTo(emulator, await assertionOf(emulator, id, first.privateKey))).toBe(AUTO.join(" "));

  // A second public key beside the first one, each of which is good for a token.
  const listed = `clients/${id}/credentials?include_totals=true&per_page=50`;
  expect(await json(200, "GET", listed)).toEqual([credential]);
  const other = await json(201, "POST", `clients/${id}/credentials`, {
    name: "key 2",
    credential_type: "public_key",
    pem: second.publicKey,
    alg: "RS256",
    parse_expiry_from_cert: false,
  });
  const otherId = String(other["id"]);
  expect(await json(200, "GET", briefly)).toEqual(brief);
  await json(200, "PATCH", `clients/${id}`, attach(credentialId, otherId));
  expect(await json(200, "GET", listed)).toEqual([other, credential]);
  for (const { privateKey } of [first, second]) {
    expect(await grantedTo(emulator, await assertionOf(emulator, id, privateKey))).toBe(AUTO.join(" "));
  }

  // The first key is taken away.
  await json(200, "PATCH", `clients/${id}`, attach(otherId));
  await gone("DELETE", `clients/${id}/credentials/${credentialId}`);
  expect(await grantedTo(emulator, await assertionOf(emulator, id, first.privateKey))).toMatchObject({
    error: "invalid_client",
  });
  expect(await grantedTo(emulator, await assertionOf(emulator, id, second.privateKey))).toBe(AUTO.join(" "));

  // `pulumi destroy`.
  await gone("DELETE", `client-grants/${grantId}`);
  expect(await grantedTo(emulator, await assertionOf(emulator, id, second.privateKey))).toMatchObject({
    error: "access_denied",
    error_description: expect.stringContaining("client-grant") as string,
  });
  expect(await json(200, "GET", briefly)).toEqual(brief);
  expect(await json(200, "GET", listed)).toEqual([other]);
  expect(
    await json(200, "PATCH", `clients/${id}`, {
      client_authentication_methods: null,
      signed_request_object: null,
      token_endpoint_auth_method: "client_secret_post",
    }),
  ).toMatchObject({ token_endpoint_auth_method: "client_secret_post" });
  await gone("DELETE", `clients/${id}/credentials/${otherId}`);
  await gone("DELETE", `clients/${id}`);
  expect(await grantedTo(emulator, await assertionOf(emulator, id, second.privateKey))).toEqual({
    error: "access_denied",
    error_description: "Unauthorized",
  });
  // What a refresh learns of an application that somebody else has deleted.
  const missing = await call("GET", `clients/${id}`);
  expect([missing.status, missing.json()]).toMatchObject([404, { errorCode: "inexistent_client" }]);
});

test("the provider that these requests are of is the one that the example is built for", () => {
  const { dependencies } = JSON.parse(
    readFileSync(path.join(checkout, "examples/bootstrap/package.json"), "utf8"),
  ) as { dependencies: Record<string, string> };
  expect(dependencies["@pulumi/auth0"]).toBe("^3.49.0");
});
