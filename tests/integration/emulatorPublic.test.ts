import { X509Certificate } from "node:crypto";
import { createRemoteJWKSet, customFetch, type FetchImplementation, jwtVerify } from "jose";
import { type Emulator, startEmulator } from "../support/emulator";

const jwksPath = "/.well-known/jwks.json";

jest.setTimeout(60_000);

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});

afterAll(async () => {
  await emulator.stop();
});

interface Jwk {
  readonly kid: string;
  readonly x5c: [string];
  readonly x5t: string;
}

async function jwks(): Promise<Jwk[]> {
  return ((await emulator.request(jwksPath)).json() as { keys: Jwk[] }).keys;
}

async function ring() {
  const [tenant] = await emulator.tenants();
  if (tenant === undefined) throw new Error("there is no tenant");
  return tenant.ring;
}

async function dashboard(action: string): Promise<void> {
  const answer = await emulator.control("POST", `/tenants/${emulator.domain}/${action}`);
  expect(answer.status).toBeLessThan(300);
}

async function text(path: string): Promise<string> {
  const answer = await emulator.request(path);
  expect(answer.status).toBe(200);
  return answer.text;
}

describe("the JWKS", () => {
  test("holds current, next and valid previous keys, and drops a revoked one", async () => {
    const kids = async () => (await jwks()).map(({ kid }) => kid).sort();
    const { current, next } = await ring();
    expect(await kids()).toEqual([current, next].sort());
    await dashboard("rotate");
    const { next: newNext } = await ring();
    expect(await kids()).toEqual([current, next, newNext].sort());
    await dashboard(`revoke/${current}`);
    expect(await kids()).toEqual([next, newNext].sort());
  });

  test("says how long it may be cached", async () => {
    expect((await emulator.request(jwksPath)).headers["cache-control"]).toBe(
      "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400",
    );
  });

  test("carries each certificate with the thumbprint that the Management API shows", async () => {
    const token = await emulator.token();
    const listed = (await emulator.request("/api/v2/keys/signing", { token })).json() as {
      kid: string;
      cert: string;
      pkcs7: string;
      fingerprint: string;
      thumbprint: string;
    }[];
    const keys = await jwks();
    for (const { kid, x5c, x5t } of keys) {
      const shown = listed.find((key) => key.kid === kid);
      const certificate = new X509Certificate(shown?.cert ?? "");
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
      expect(certificate.raw.equals(Buffer.from(x5c[0], "base64"))).toBe(true);
      expect(shown?.fingerprint).toBe(certificate.fingerprint);
      expect(shown?.thumbprint).toBe(certificate.fingerprint.replaceAll(":", ""));
      expect(Buffer.from(x5t, "base64url").toString("hex").toUpperCase()).toBe(shown?.thumbprint);
      expect(shown?.cert).toMatch(/^-----BEGIN CERTIFICATE-----\r\n[^]*\r\n-----END CERTIFICATE-----\r\n$/);
      expect(shown?.pkcs7).toMatch(/^-----BEGIN PKCS7-----\r\n[^]*\r\n-----END PKCS7-----\r\n$/);
      const bundle = Buffer.from((shown?.pkcs7 ?? "").replaceAll(/-----.*-----/g, ""), "base64");
      // The object identifier of signedData, then the certificate as it is.
      expect(bundle.includes(Buffer.from("06092a864886f70d010702", "hex"))).toBe(true);
      expect(bundle.includes(certificate.raw)).toBe(true);
    }
  });
});

test("jose's remote JWKS verifies a token before and after the rotation, and not after the revocation", async () => {
  const viaCa: FetchImplementation = async (url) => {
    const { pathname } = new URL(url);
    const answer = await emulator.request(pathname);
    return new Response(answer.text, { status: answer.status });
  };
  // No cache and no cool-down: each verification reads the JWKS as it is.
  const keys = createRemoteJWKSet(new URL(`https://${emulator.domain}${jwksPath}`), {
    [customFetch]: viaCa,
    cacheMaxAge: 0,
    cooldownDuration: 0,
  });
  const expected = { issuer: `https://${emulator.domain}/`, audience: "https://api.example.com/" };
  const { current } = await ring();
  const old = await emulator.token({ audience: expected.audience });
  expect((await jwtVerify(old, keys, expected)).protectedHeader.kid).toBe(current);
  await dashboard("rotate");
  expect((await jwtVerify(old, keys, expected)).protectedHeader.kid).toBe(current);
  const fresh = await emulator.token({ audience: expected.audience });
  expect((await jwtVerify(fresh, keys, expected)).protectedHeader.kid).toBe((await ring()).current);
  await dashboard(`revoke/${current}`);
  await expect(jwtVerify(old, keys, expected)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
  expect((await jwtVerify(fresh, keys, expected)).protectedHeader.kid).toBe((await ring()).current);
});

test("discovery leads to the JWKS and the token endpoint", async () => {
  const found = JSON.parse(await text("/.well-known/openid-configuration")) as Record<string, unknown>;
  expect(found).toMatchObject({
    issuer: `https://${emulator.domain}/`,
    jwks_uri: `https://${emulator.domain}${jwksPath}`,
    token_endpoint: `https://${emulator.domain}/oauth/token`,
  });
});

test("the certificate endpoints and the SAML metadata show the current certificate, before and after a rotation", async () => {
  const seen = new Set<string>();
  for (let round = 0; round < 2; round += 1) {
    const { current } = await ring();
    const certificate = new X509Certificate(await text("/pem"));
    const [base64 = ""] = (await jwks()).find(({ kid }) => kid === current)?.x5c ?? [];
    expect(certificate.raw.toString("base64")).toBe(base64);
    expect(await text("/rawpem")).toBe(base64);
    expect(await text("/fingerprint")).toBe(certificate.fingerprint);
    expect((await text("/pb7")).replaceAll(/-----.*-----|\s/g, "").length).toBeGreaterThan(base64.length);
    expect(Number((await emulator.request("/cer")).headers["content-length"])).toBe(certificate.raw.length);
    const xml = await text(`/samlp/metadata/${emulator.clientId}`);
    expect(/<X509Certificate>([^<]+)<\/X509Certificate>/.exec(xml)?.[1]).toBe(base64);
    seen.add(base64);
    await dashboard("rotate");
  }
  expect(seen.size).toBe(2);
  expect((await emulator.request("/samlp/metadata/unknown")).status).toBe(404);
});

describe("resource servers and clients", () => {
  test("tell the lifetimes that a grace period is reckoned from", async () => {
    const token = await emulator.token();
    const apis = await emulator.request("/api/v2/resource-servers", { token });
    expect(apis.json()).toMatchObject([
      {
        identifier: emulator.audience,
        is_system: true,
        token_lifetime: 86_400,
        token_lifetime_for_web: 7_200,
      },
      { identifier: "https://api.example.com/", token_lifetime: 86_400, token_lifetime_for_web: 7_200 },
    ]);
    const clients = await emulator.request("/api/v2/clients", { token });
    expect(clients.json()).toMatchObject([
      { client_id: emulator.clientId, jwt_configuration: { lifetime_in_seconds: 36_000 } },
    ]);
    expect(clients.text).not.toContain(emulator.clientSecret);
  });

  test("come in pages", async () => {
    const token = await emulator.token();
    const get = async (query: string) =>
      (await emulator.request(`/api/v2/resource-servers?${query}`, { token })).json();
    expect(await get("per_page=1&page=1")).toMatchObject([{ identifier: "https://api.example.com/" }]);
    expect(await get("per_page=1&page=2")).toEqual([]);
    expect(await get("include_totals=true&per_page=1")).toMatchObject({
      start: 0,
      limit: 1,
      length: 1,
      total: 2,
      resource_servers: [{ identifier: emulator.audience }],
    });
    expect(await get("per_page=101&page=x")).toMatchObject({
      statusCode: 400,
      message: "Query validation error: 'page' must be a whole number; 'per_page' must be 100 at most",
    });
  });
});

describe("the page", () => {
  test("lists valid and revoked keys as an operator sees them", async () => {
    const { current } = await ring();
    await dashboard("rotate");
    await dashboard(`revoke/${current}`);
    const { current: inUse, next } = await ring();
    for (const html of [await text("/"), await (await fetch(`${emulator.controlUrl}/`)).text()]) {
      const [valid = "", revoked = ""] = html.match(/<table>[^]*?<\/table>/g) ?? [];
      expect(valid).toContain("List of Valid Keys");
      expect(valid).toMatch(new RegExp(`${next}[^]*Next in queue[^]*${inUse}[^]*Currently used`));
      expect(valid).not.toContain(current);
      expect(revoked).toContain("List of Revoked Keys");
      expect(revoked).toContain(current);
      expect(html).not.toMatch(/(?:src|href)=/);
    }
  });

  test("allows no script but its own", async () => {
    const { headers, text: html } = await emulator.request("/");
    const nonce = /<script nonce="([^"]+)">/.exec(html)?.[1] ?? "";
    expect(headers["content-security-policy"]).toContain(`script-src 'nonce-${nonce}'`);
  });
});
