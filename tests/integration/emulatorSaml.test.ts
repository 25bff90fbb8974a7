import { SAML, type SamlConfig } from "@node-saml/node-saml";
import { type Emulator, startEmulator } from "../support/emulator";

const acsUrl = "https://app.example.com/saml/acs?a=1&b=2";
const audience = "urn:example:app";

jest.setTimeout(60_000);

let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator();
});

afterEach(async () => {
  await emulator.stop();
});

async function samlResponse(more: object = {}): Promise<string> {
  const { status, body } = await emulator.control("POST", "/tenants/tenant-1/saml-response", {
    acsUrl,
    audience,
    ...more,
  });
  expect(status).toBe(200);
  expect(Object.keys(body as object)).toEqual(["samlResponse"]);
  return (body as { samlResponse: string }).samlResponse;
}

/** The certificate that the tenant offers for pinning. */
async function currentCertificate(): Promise<string> {
  return (await emulator.request("/pem")).text;
}

async function rotate(): Promise<void> {
  expect((await emulator.control("POST", "/tenants/tenant-1/rotate")).status).toBe(201);
}

/** A service provider that trusts the pinned certificates and no others. */
function provider(pinned: string[], more: Partial<SamlConfig> = {}): SAML {
  return new SAML({
    idpCert: pinned,
    issuer: audience,
    audience,
    callbackUrl: acsUrl,
    wantAuthnResponseSigned: false,
    ...more,
  });
}

async function nameIdFor(saml: SAML, SAMLResponse: string): Promise<string | undefined> {
  return (await saml.validatePostResponseAsync({ SAMLResponse })).profile?.nameID;
}

function xmlOf(response: string): string {
  return Buffer.from(response, "base64").toString();
}

test("a provider that pins the current certificate accepts a response", async () => {
  const saml = provider([await currentCertificate()]);
  expect(await nameIdFor(saml, await samlResponse())).toBe("auth0|emulated-user");
  const nameId = 'Zoë & <Ann> "O\'Hara"';
  expect(await nameIdFor(saml, await samlResponse({ nameId }))).toBe(nameId);
});

test("after a rotation only providers that pin the new certificate too accept one", async () => {
  const old = await currentCertificate();
  const before = await samlResponse();
  await rotate();
  const fresh = await currentCertificate();
  const after = await samlResponse();
  expect(fresh).not.toBe(old);
  await expect(nameIdFor(provider([old]), after)).rejects.toThrow("Invalid signature");
  expect(await nameIdFor(provider([old, fresh]), after)).toBe("auth0|emulated-user");
  expect(await nameIdFor(provider([old, fresh]), before)).toBe("auth0|emulated-user");
  await expect(nameIdFor(provider([fresh]), before)).rejects.toThrow("Invalid signature");
});

test("the next certificate of the Management API, pinned ahead of time, is the one that signs after a rotation", async () => {
  const token = await emulator.token();
  const listed = (await emulator.request("/api/v2/keys/signing", { token })).json();
  const next = (listed as { cert: string; next?: true }[]).find((key) => key.next)?.cert ?? "";
  const pinned = provider([await currentCertificate(), next]);
  expect(await nameIdFor(pinned, await samlResponse())).toBe("auth0|emulated-user");
  await rotate();
  expect(await nameIdFor(pinned, await samlResponse())).toBe("auth0|emulated-user");
});

test.each([
  ["subject", "auth0|emulated-user", "auth0|somebody-else"],
  ["audience", "<saml:Audience>urn:example:app<", "<saml:Audience>urn:example:other<"],
])("a tampered assertion is refused: its %s", async (_, original, forged) => {
  const xml = xmlOf(await samlResponse());
  expect(xml).toContain(original);
  const tampered = Buffer.from(xml.replace(original, forged)).toString("base64");
  const saml = provider([await currentCertificate()], { audience: false });
  await expect(nameIdFor(saml, tampered)).rejects.toThrow("Invalid signature");
});

test("signResponse signs the response around the assertion, for providers that want that", async () => {
  const strict = provider([await currentCertificate()], { wantAuthnResponseSigned: true });
  const signed = await samlResponse({ signResponse: true });
  expect(await nameIdFor(strict, signed)).toBe("auth0|emulated-user");
  await expect(nameIdFor(strict, await samlResponse())).rejects.toThrow("Invalid document signature");
  const moved = xmlOf(signed).replace(/Destination="[^"]*"/, 'Destination="https://elsewhere.example/"');
  const tampered = Buffer.from(moved).toString("base64");
  await expect(nameIdFor(strict, tampered)).rejects.toThrow("Invalid document signature");
});

test("the issuer is the entity of the tenant's metadata", async () => {
  const saml = provider([await currentCertificate()]);
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: await samlResponse() });
  const metadata = (await emulator.request(`/samlp/metadata/${emulator.clientId}`)).text;
  expect(profile?.issuer).toBe("urn:tenant-1");
  expect(metadata).toContain(`entityID="${profile?.issuer ?? ""}"`);
});

test("conditions: for its audience alone, and five minutes of the tenant's clock", async () => {
  const pinned = [await currentCertificate()];
  const response = await samlResponse();
  await expect(nameIdFor(provider(pinned, { audience: "urn:other" }), response)).rejects.toThrow(/audience/);
  const [, from = "", until = ""] =
    /<saml:Conditions NotBefore="([^"]+)" NotOnOrAfter="([^"]+)">/.exec(xmlOf(response)) ?? [];
  expect(Date.parse(until) - Date.parse(from)).toBe(300_000);
  await emulator.advanceClock("1h");
  const ahead = await samlResponse();
  await expect(nameIdFor(provider(pinned), ahead)).rejects.toThrow("SAML assertion not yet valid");
  const sameClock = provider(pinned, { acceptedClockSkewMs: 3_600_000 });
  expect(await nameIdFor(sameClock, ahead)).toBe("auth0|emulated-user");
});

test("the form is that of a bearer response by RSA-SHA256 with the certificate in it", async () => {
  const xml = xmlOf(await samlResponse());
  const base64 = (await emulator.request("/rawpem")).text;
  const escaped = acsUrl.replace("&", "&amp;");
  expect(xml).toContain(`Destination="${escaped}"`);
  expect(xml).toContain(`Recipient="${escaped}"`);
  expect(xml).toContain('Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"');
  expect(xml).toContain('<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>');
  expect(xml).toContain('<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>');
  expect(/<X509Certificate>([^<]+)</.exec(xml)?.[1]?.replaceAll(/\s/g, "")).toBe(base64);
  expect(xml).not.toContain("InResponseTo");
  const answer = xmlOf(await samlResponse({ inResponseTo: "_request-1" }));
  expect(answer.match(/ InResponseTo="_request-1"/g)).toHaveLength(2);
});

test("what cannot be a response is refused, with every problem named", async () => {
  const path = "/tenants/tenant-1/saml-response";
  const answer = await emulator.control("POST", path, {
    acsUrl: "javascript:alert(1)",
    nameId: "a\u0000b",
    signResponse: "yes",
    relayState: "x",
  });
  expect(answer.status).toBe(400);
  const { problems } = answer.body as { problems: string[] };
  expect(problems.sort()).toEqual([
    "acsUrl: must be an http or https URL",
    "audience: is missing",
    "nameId: must be text of one line, without control characters",
    "relayState: is not a property here",
    "signResponse: must be true or false",
  ]);
  expect((await emulator.control("POST", "/tenants/tenant-9/saml-response", {})).status).toBe(404);
});
