import { randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { type Emulator, startEmulator, type TenantAnswer } from "../support/emulator";

jest.setTimeout(60_000);

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});

afterAll(async () => {
  await emulator.stop();
});

function post(body: unknown, headers: Record<string, string> = {}): Promise<TenantAnswer> {
  return emulator.request("/oauth/token", { method: "POST", body, headers });
}

const clientCredentials = { grant_type: "client_credentials" };

function asForm(parameters: Record<string, string>): Promise<TenantAnswer> {
  return post(new URLSearchParams(parameters).toString(), {
    "content-type": "application/x-www-form-urlencoded",
  });
}

describe("a token is given", () => {
  test.each(["JSON", "form", "Basic"])("for the secret, sent as %s", async (way) => {
    const { clientId, clientSecret, audience } = emulator;
    const inBody = { ...clientCredentials, audience, client_id: clientId, client_secret: clientSecret };
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
    const answer = await {
      JSON: () => post(inBody),
      form: () => asForm(inBody),
      Basic: () => post({ ...clientCredentials, audience }, { authorization: basic }),
    }[way as "JSON" | "form" | "Basic"]();
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ token_type: "Bearer", expires_in: 86_400 });
  });

  test("as a JWT of the current key with the claims of Auth0", async () => {
    const token = await emulator.token();
    const [tenant] = await emulator.tenants();
    expect(decodeProtectedHeader(token)).toEqual({ alg: "RS256", typ: "JWT", kid: tenant?.ring.current });
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      iss: `https://${emulator.domain}/`,
      sub: `${emulator.clientId}@clients`,
      aud: emulator.audience,
      azp: emulator.clientId,
      gty: "client-credentials",
      scope:
        "read:signing_keys create:signing_keys update:signing_keys read:resource_servers read:clients read:logs",
      iat: expect.any(Number) as number,
      exp: (claims.iat ?? 0) + 86_400,
    });
  });

  test("with fewer scopes if fewer are asked for", async () => {
    const { clientId, clientSecret, audience } = emulator;
    const answer = await post({
      ...clientCredentials,
      audience,
      client_id: clientId,
      client_secret: clientSecret,
      scope: "read:logs",
    });
    expect(answer.json()).toMatchObject({ scope: "read:logs" });
  });

  test("for the tenant's other API, which the demo API accepts until its key is revoked", async () => {
    const own = await startEmulator();
    try {
      const old = await own.token({ audience: "https://api.example.com/" });
      expect((await own.request("/demo/api", { token: old })).status).toBe(200);
      const kid = decodeProtectedHeader(old).kid ?? "";
      await own.control("POST", `/tenants/${own.domain}/rotate`);
      expect((await own.request("/demo/api", { token: old })).status).toBe(200);
      await own.control("POST", `/tenants/${own.domain}/revoke/${kid}`);
      expect((await own.request("/demo/api", { token: old })).status).toBe(401);
      const fresh = await own.token({ audience: "https://api.example.com/" });
      expect((await own.request("/demo/api", { token: fresh })).status).toBe(200);
      expect((await own.request("/demo/api", { token: await own.token() })).status).toBe(401);
      expect((await own.request("/demo/api")).status).toBe(401);
    } finally {
      await own.stop();
    }
  });
});

describe("a token is refused", () => {
  const known = () => ({ client_id: emulator.clientId, client_secret: emulator.clientSecret });
  const refusals: [string, () => Record<string, string>, number, string, string | RegExp][] = [
    [
      "no grant type",
      () => ({ ...known() }),
      400,
      "invalid_request",
      "Missing required parameter: grant_type",
    ],
    [
      "another grant type",
      () => ({ ...known(), grant_type: "password" }),
      403,
      "unauthorized_client",
      "Grant type 'password' not allowed for the client.",
    ],
    [
      "an unknown client",
      () => ({ ...clientCredentials, client_id: "unknown", client_secret: "x", audience: emulator.audience }),
      401,
      "access_denied",
      "Unauthorized",
    ],
    [
      "a wrong secret",
      () => ({ ...clientCredentials, ...known(), client_secret: "wrong", audience: emulator.audience }),
      401,
      "access_denied",
      "Unauthorized",
    ],
    [
      "an unknown audience",
      () => ({ ...clientCredentials, ...known(), audience: "https://nowhere.example/" }),
      403,
      "access_denied",
      "Service not enabled within domain: https://nowhere.example/",
    ],
    [
      "no audience",
      () => ({ ...clientCredentials, ...known() }),
      403,
      "access_denied",
      "Non-global clients are not allowed access to APIv1",
    ],
    [
      "a scope that was not granted",
      () => ({ ...clientCredentials, ...known(), audience: emulator.audience, scope: "delete:users" }),
      403,
      "access_denied",
      "Client has not been granted scopes: delete:users",
    ],
  ];
  test.each(refusals)("%s", async (_, parameters, status, error, description) => {
    for (const answer of [await post(parameters()), await asForm(parameters())]) {
      expect(answer.status).toBe(status);
      expect(answer.json()).toEqual({ error, error_description: description });
    }
  });

  test("an application without any grant on the Management API", async () => {
    const { body } = await emulator.control("POST", "/clients", { scopes: [] });
    const access = { ...emulator, ...(body as { clientId: string; clientSecret: string }) };
    await expect(emulator.token({ access })).rejects.toThrow(/403.*Client is not authorized to access/);
  });

  test("an application that was deleted; the default one stays", async () => {
    const { body } = await emulator.control("POST", "/clients", { scopes: ["read:logs"] });
    const added = body as { clientId: string; clientSecret: string };
    await emulator.token({ access: { ...emulator, ...added } });
    expect((await emulator.control("DELETE", `/clients/${added.clientId}`)).status).toBe(204);
    await expect(emulator.token({ access: { ...emulator, ...added } })).rejects.toThrow(/401.*access_denied/);
    expect((await emulator.control("DELETE", `/clients/${emulator.clientId}`)).status).toBe(400);
  });

  test("a body that is no JSON", async () => {
    const answer = await post("{");
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: "invalid_request" });
  });
});

describe("private_key_jwt", () => {
  interface Assertion {
    readonly audience?: string;
    readonly jti?: string | null;
    readonly lifetime?: string;
    readonly issuer?: string;
  }
  let clientId: string;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;

  beforeAll(async () => {
    keys = await generateKeyPair("RS256");
    const added = await emulator.control("POST", "/clients", {
      scopes: ["read:signing_keys"],
      publicKeyPem: await exportSPKI(keys.publicKey),
    });
    expect(added).toEqual({ status: 201, body: { clientId: expect.any(String) as string } });
    clientId = (added.body as { clientId: string }).clientId;
  });

  async function assertion({ audience, jti, lifetime = "2m", issuer = clientId }: Assertion = {}) {
    const jwt = new SignJWT()
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(issuer)
      .setSubject(clientId)
      .setAudience(audience ?? `https://${emulator.domain}/`)
      .setIssuedAt()
      .setExpirationTime(lifetime);
    if (jti !== null) jwt.setJti(jti ?? randomUUID());
    return jwt.sign(keys.privateKey);
  }

  function present(client_assertion: string, more: Record<string, string> = {}): Promise<TenantAnswer> {
    const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const { audience } = emulator;
    return post({ ...clientCredentials, audience, client_assertion, client_assertion_type, ...more });
  }

  test("is accepted, with and without a client_id beside it", async () => {
    expect((await present(await assertion(), { client_id: clientId })).status).toBe(200);
    expect((await present(await assertion())).json()).toMatchObject({ scope: "read:signing_keys" });
  });

  test("each jti once", async () => {
    const once = await assertion();
    expect((await present(once)).status).toBe(200);
    const replayed = await present(once);
    expect(replayed.status).toBe(401);
    expect(replayed.json()).toEqual({
      error: "invalid_client",
      error_description: "The client assertion's jti has been used before",
    });
  });

  test.each<[string, Assertion]>([
    ["another audience", { audience: "https://elsewhere.example/" }],
    ["no jti", { jti: null }],
    ["a lifetime of more than five minutes", { lifetime: "6m" }],
    ["an expiry in the past", { lifetime: "-1m" }],
    ["another issuer", { issuer: "somebody" }],
  ])("is refused for %s", async (_, options) => {
    const answer = await present(await assertion(options));
    expect([answer.status, answer.json()]).toMatchObject([401, { error: "invalid_client" }]);
  });

  test("is refused of another key, and for an application that has a secret", async () => {
    const own = keys;
    keys = await generateKeyPair("RS256");
    const alien = await assertion();
    keys = own;
    expect((await present(alien)).json()).toMatchObject({ error: "invalid_client" });
    const answer = await present(await assertion(), { client_id: emulator.clientId });
    expect([answer.status, answer.json()]).toMatchObject([401, { error: "access_denied" }]);
    const secret = await post({
      ...clientCredentials,
      audience: emulator.audience,
      client_id: clientId,
      client_secret: "any",
    });
    expect(secret.status).toBe(401);
  });

  test("goes by the client's clock, also where the tenant's is ahead", async () => {
    const ahead = await startEmulator();
    try {
      await ahead.advanceClock("25h");
      const { body } = await ahead.control("POST", "/clients", {
        scopes: ["read:logs"],
        publicKeyPem: await exportSPKI(keys.publicKey),
      });
      const before = clientId;
      clientId = (body as { clientId: string }).clientId;
      const client_assertion = await assertion({ audience: `https://${ahead.domain}/` });
      clientId = before;
      const answer = await ahead.request("/oauth/token", {
        method: "POST",
        body: {
          ...clientCredentials,
          audience: ahead.audience,
          client_assertion,
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        },
      });
      expect(answer.status).toBe(200);
    } finally {
      await ahead.stop();
    }
  });
});

test("applications that the control API can't add: every problem is named", async () => {
  const answer = await emulator.control("POST", "/clients", {
    scopes: ["delete:users"],
    publicKeyPem: "x",
    a: 1,
  });
  expect(answer.status).toBe(400);
  const { problems } = answer.body as { problems: string[] };
  expect(problems.map((problem) => problem.replace(/:.*/s, ""))).toEqual(["scopes.0", "publicKeyPem", "a"]);
});

test("what was issued: every token and every secret of every tenant, removed applications included", async () => {
  const own = await startEmulator(["--tenants", "2"]);
  try {
    const [first, second] = await own.tenants();
    const { body } = await own.control("POST", "/clients", { scopes: ["read:logs"] });
    const added = body as { clientId: string; clientSecret: string };
    const tokens = [
      await own.token(),
      await own.token({ audience: "https://api.example.com/" }),
      await own.token({ access: { ...own, ...added } }),
      await own.token({ access: second ?? own }),
    ];
    await own.control("DELETE", `/clients/${added.clientId}`);
    expect(await own.issued()).toEqual({
      tokens,
      secrets: [first?.clientSecret, added.clientSecret, second?.clientSecret],
    });
  } finally {
    await own.stop();
  }
});
