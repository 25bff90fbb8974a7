import type { Emulator } from "../support/emulator";
import { type Administered, attached, keys, type Made, PUBLIC_KEY, startAdministered } from "./administered";
import { ADMINISTRATION, administrator, assertionOf, grantedTo } from "./privateKeyJwt";

jest.setTimeout(60_000);

let emulator: Emulator;
let call: Administered["call"];
let application: Administered["application"];

beforeAll(async () => {
  ({ emulator, call, application } = await startAdministered());
});

afterAll(async () => {
  await emulator.stop();
});

describe("each call takes its scope", () => {
  const calls: [string, string, (ids: Made) => [string, unknown?]][] = [
    ["read:clients", "GET", ({ id }) => [`clients/${id}`]],
    ["create:clients", "POST", () => ["clients", { name: "Another" }]],
    ["update:clients", "PATCH", ({ id }) => [`clients/${id}`, { description: "changed" }]],
    ["update:client_credentials", "PATCH", ({ id, credential }) => [`clients/${id}`, attached(credential)]],
    ["update:client_keys", "PATCH", ({ id }) => [`clients/${id}`, { client_secret: "another-secret" }]],
    ["delete:clients", "DELETE", ({ id }) => [`clients/${id}`]],
    ["read:client_credentials", "GET", ({ id }) => [`clients/${id}/credentials`]],
    ["read:client_credentials", "GET", ({ id, credential }) => [`clients/${id}/credentials/${credential}`]],
    ["create:client_credentials", "POST", ({ id }) => [`clients/${id}/credentials`, PUBLIC_KEY]],
    [
      "update:client_credentials",
      "PATCH",
      ({ id, credential }) => [`clients/${id}/credentials/${credential}`, {}],
    ],
    [
      "delete:client_credentials",
      "DELETE",
      ({ id, credential }) => [`clients/${id}/credentials/${credential}`],
    ],
    ["read:client_grants", "GET", () => ["client-grants"]],
    ["read:client_grants", "GET", ({ grant }) => [`client-grants/${grant}`]],
    [
      "create:client_grants",
      "POST",
      ({ id }) => ["client-grants", { client_id: id, audience: "https://api.example.com/" }],
    ],
    ["update:client_grants", "PATCH", ({ grant }) => [`client-grants/${grant}`, { scope: [] }]],
    ["delete:client_grants", "DELETE", ({ grant }) => [`client-grants/${grant}`]],
  ];
  test.each(calls)("%s: %s", async (scope, method, request) => {
    const all = [...ADMINISTRATION, "read:client_keys", "update:client_keys"];
    const readsAnother = scope === "read:clients" ? ["read:client_keys", "read:client_credentials"] : [];
    const without = all.filter((other) => other !== scope && !readsAnother.includes(other));
    const [url, body] = request(await application());
    const refused = await call(method, url, body, await administrator(emulator, without));
    expect(refused.json()).toMatchObject({ statusCode: 403, errorCode: "insufficient_scope" });
    const { status } = await call(method, url, body, await administrator(emulator, [scope]));
    expect([200, 201, 204]).toContain(status);
  });
});

test("who may read what: names for any scope, settings for read:clients, secrets for a scope of their own", async () => {
  const { id, secret, credential } = await application();
  const seenBy = async (...scopes: string[]) =>
    (await call("GET", `clients/${id}`, undefined, await administrator(emulator, scopes))).json();
  expect(await seenBy("read:clients")).not.toHaveProperty("client_secret");
  expect(await seenBy("read:clients")).toMatchObject({ grant_types: ["client_credentials"] });
  expect(await seenBy("read:client_credentials")).toEqual({
    client_id: id,
    name: "Rotation",
    client_secret: secret,
  });
  await call("PATCH", `clients/${id}`, attached(credential));
  expect(await seenBy("read:client_keys")).not.toHaveProperty("client_secret");
  expect(await seenBy("read:client_keys")).toMatchObject(attached(credential));
  expect(await seenBy("read:clients")).not.toHaveProperty("client_authentication_methods");
});

describe("a token", () => {
  const withSecret = async (id: string, secret: string): Promise<unknown> => {
    const access = { ...emulator, clientId: id, clientSecret: secret };
    return emulator.token({ access }).then(
      () => "given",
      (error: unknown) => String(error),
    );
  };

  test("is given for the secret until private_key_jwt is set up, and for an assertion from then on", async () => {
    const { id, secret, credential } = await application();
    const asserted = async () => grantedTo(emulator, await assertionOf(emulator, id, keys.privateKey));
    expect(await withSecret(id, secret)).toBe("given");
    expect(await asserted()).toEqual({ error: "access_denied", error_description: "Unauthorized" });
    await call("PATCH", `clients/${id}`, attached(credential));
    expect(await withSecret(id, secret)).toMatch(/401.*access_denied/);
    expect(await asserted()).toBe("read:signing_keys");
  });

  test("takes the algorithm and, where there is one, the kid of the credential", async () => {
    const { id, credential } = await application();
    await call("PATCH", `clients/${id}`, attached(credential));
    const { kid = "" } = (await call("GET", `clients/${id}/credentials/${credential}`)).json() as {
      kid?: string;
    };
    const granted = async (header: Parameters<typeof assertionOf>[3]) =>
      grantedTo(emulator, await assertionOf(emulator, id, keys.privateKey, header));
    expect(await granted({ kid })).toBe("read:signing_keys");
    for (const header of [{ kid: "another" }, { alg: "PS256" }]) {
      expect(await granted(header)).toMatchObject({ error: "invalid_client" });
    }
  });

  test("is refused once the credential has expired, by the tenant's clock", async () => {
    const { id, credential } = await application();
    await call("PATCH", `clients/${id}`, attached(credential));
    const now = (await emulator.tenants())[0]?.now ?? "";
    const expiresAt = (ms: number) => ({ expires_at: new Date(Date.parse(now) + ms).toISOString() });
    const granted = async () => grantedTo(emulator, await assertionOf(emulator, id, keys.privateKey));
    await call("PATCH", `clients/${id}/credentials/${credential}`, expiresAt(3_600_000));
    expect(await granted()).toBe("read:signing_keys");
    await call("PATCH", `clients/${id}/credentials/${credential}`, expiresAt(-1_000));
    expect(await granted()).toMatchObject({ error: "invalid_client" });
  });

  test("takes the grant type, and a grant on the Management API", async () => {
    const { id, secret, grant } = await application();
    await call("PATCH", `client-grants/${grant}`, { scope: [] });
    expect(await withSecret(id, secret)).toBe("given");
    await call("DELETE", `client-grants/${grant}`);
    expect(await withSecret(id, secret)).toMatch(/403.*client-grant/);
    await call("PATCH", `clients/${id}`, { grant_types: ["implicit"] });
    expect(await withSecret(id, secret)).toMatch(
      /403.*Grant type 'client_credentials' not allowed for the client/,
    );
  });
});

test("what is deleted a second time is gone, as the first time", async () => {
  const { id, credential, grant } = await application();
  for (const url of [`clients/${id}/credentials/${credential}`, `client-grants/${grant}`, `clients/${id}`]) {
    const twice = [await call("DELETE", url), await call("DELETE", url)];
    expect(twice.map(({ status, text }) => [status, text])).toEqual([
      [204, ""],
      [204, ""],
    ]);
  }
});
