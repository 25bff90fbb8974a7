import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ManagementClient } from "auth0";
import { rsaKeyPair } from "../support/rsaKeyPair";
import { type Emulator, startEmulator } from "../support/emulator";
import { administrator, assertionOf, grantedTo } from "./privateKeyJwt";

jest.setTimeout(60_000);

let folder: string;
let flags: string[];
let emulator: Emulator;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "emulator-test-"));
  flags = ["--data", path.join(folder, "tenant.json")];
  emulator = await startEmulator(flags);
});

afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Auth0's SDK, unchanged but for how it reaches the emulator, whose CA this process doesn't know. */
function sdk(token: string): ManagementClient {
  return new ManagementClient({
    domain: emulator.domain,
    token,
    maxRetries: 0,
    fetch: async (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      const headers = Object.fromEntries(new Headers(init?.headers));
      const body = typeof init?.body === "string" ? { body: init.body } : {};
      const answer = await emulator.request(`${pathname}${search}`, {
        method: init?.method ?? "GET",
        headers,
        ...body,
      });
      const content = answer.status === 204 ? null : answer.text;
      return new Response(content, {
        status: answer.status,
        headers: { "content-type": "application/json" },
      });
    },
  });
}

test("Auth0's SDK makes an application with a key, grants it scopes, changes and deletes it; all outlives a restart", async () => {
  const keys = rsaKeyPair();
  let auth0 = sdk(await administrator(emulator));
  const granted = async () => grantedTo(emulator, await assertionOf(emulator, id, keys.privateKey));

  const created = await auth0.clients.create({
    name: "Rotation",
    app_type: "non_interactive",
    grant_types: ["client_credentials"],
    jwt_configuration: { alg: "RS256" },
    client_metadata: { team: "identity" },
    client_authentication_methods: {
      private_key_jwt: {
        credentials: [{ credential_type: "public_key", name: "first", pem: keys.publicKey }],
      },
    },
  });
  const id = created.client_id ?? "";
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  const scope = ["read:signing_keys", "update:signing_keys"] as const;
  const grant = await auth0.clientGrants.create({
    client_id: id,
    audience: emulator.audience,
    scope: [...scope],
  });
  expect(await granted()).toBe(scope.join(" "));

  await emulator.stop();
  emulator = await startEmulator(flags);
  auth0 = sdk(await administrator(emulator));
  expect(await auth0.clients.get(id)).toMatchObject({
    name: "Rotation",
    client_metadata: { team: "identity" },
    client_authentication_methods: created.client_authentication_methods,
  });
  expect(await auth0.clientGrants.get(grant.id ?? "")).toEqual(grant);
  expect(await granted()).toBe(scope.join(" "));

  const [credential] = await auth0.clients.credentials.list(id);
  const credentialId = credential?.id ?? "";
  expect(credential).toMatchObject({ name: "first", alg: "RS256", credential_type: "public_key" });
  const expiry = "2099-12-31T23:59:59.000Z";
  await auth0.clients.credentials.update(id, credentialId, { expires_at: expiry });
  expect(await auth0.clients.credentials.get(id, credentialId)).toMatchObject({ expires_at: expiry });

  await auth0.clients.update(id, {
    description: "For the pipeline",
    client_metadata: { team: null },
  });
  const changed = await auth0.clients.get(id);
  expect(changed.description).toBe("For the pipeline");
  expect(changed).not.toHaveProperty("client_metadata");

  await auth0.clientGrants.update(grant.id ?? "", { scope: ["read:signing_keys"] });
  expect(await granted()).toBe("read:signing_keys");
  const listed = await auth0.clientGrants.list({ client_id: id, audience: emulator.audience });
  expect(listed.data).toEqual([{ ...grant, scope: ["read:signing_keys"] }]);
  const pages: (string | undefined)[] = [];
  for await (const { client_id } of await auth0.clientGrants.list({ take: 1 })) pages.push(client_id);
  expect(pages).toHaveLength(4);
  expect(pages).toContain(id);

  await auth0.clients.delete(id);
  expect(await granted()).toEqual({ error: "access_denied", error_description: "Unauthorized" });
  for (const lookup of [
    auth0.clients.get(id),
    auth0.clientGrants.get(grant.id ?? ""),
    auth0.clients.credentials.list(id),
  ]) {
    await expect(lookup).rejects.toMatchObject({ statusCode: 404 });
  }
  const { data: log } = await sdk(await emulator.token()).logs.list();
  expect(log.map(({ description }) => description)).toEqual([
    "Delete a client",
    "Update a client grant",
    "Update a client",
    "Update a client credential",
    "Create a client grant",
    "Create a client",
  ]);
});
