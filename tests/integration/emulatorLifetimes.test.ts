import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeJwt } from "jose";
import { type Emulator, startEmulator, type TenantSummary } from "../support/emulator";
import { rsaKeyPair } from "../support/rsaKeyPair";
import { assertionOf, grantedTo } from "./privateKeyJwt";

const exampleApi = "https://api.example.com/";

jest.setTimeout(60_000);

let emulator: Emulator;
let folder: string;
let data: string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "emulator-test-"));
  data = path.join(folder, "tenant.json");
  emulator = await startEmulator(["--tenants", "2", "--data", data]);
});

afterEach(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function setLifetimes(lifetimes: object, tenant = emulator.domain) {
  return emulator.control("PUT", `/tenants/${tenant}/lifetimes`, lifetimes);
}

/** What a token for an API says of its life: in the answer, and in the token itself. */
async function lifeOfToken(audience: string): Promise<unknown[]> {
  const answer = await emulator.request("/oauth/token", {
    method: "POST",
    body: {
      grant_type: "client_credentials",
      client_id: emulator.clientId,
      client_secret: emulator.clientSecret,
      audience,
    },
  });
  const { access_token, expires_in } = answer.json() as { access_token: string; expires_in: number };
  const { iat = 0, exp = 0 } = decodeJwt(access_token);
  return [expires_in, exp - iat];
}

async function listed(what: "resource-servers" | "clients"): Promise<unknown> {
  return (await emulator.request(`/api/v2/${what}`, { token: await emulator.token() })).json();
}

async function secondTenant(): Promise<TenantSummary> {
  const tenant = (await emulator.tenants())[1];
  if (tenant === undefined) throw new Error("there is no second tenant");
  return tenant;
}

describe("lifetimes", () => {
  test("count for the tokens issued from then on, of the tenant alone, and are listed", async () => {
    const answer = await setLifetimes({
      accessTokenSeconds: 600,
      accessTokenForWebSeconds: 300,
      idTokenSeconds: 1_200,
    });
    expect(answer).toEqual({
      status: 200,
      body: {
        apis: [
          {
            identifier: emulator.audience,
            name: "Auth0 Management API",
            accessTokenSeconds: 86_400,
            accessTokenForWebSeconds: 7_200,
          },
          {
            identifier: exampleApi,
            name: "Example API",
            accessTokenSeconds: 600,
            accessTokenForWebSeconds: 300,
          },
        ],
        clients: [
          {
            clientId: emulator.clientId,
            name: "Default machine-to-machine application",
            idTokenSeconds: 1_200,
          },
        ],
      },
    });
    expect(await lifeOfToken(exampleApi)).toEqual([600, 600]);
    expect(await lifeOfToken(emulator.audience)).toEqual([86_400, 86_400]);
    expect(await listed("resource-servers")).toMatchObject([
      { identifier: emulator.audience, token_lifetime: 86_400, token_lifetime_for_web: 7_200 },
      { identifier: exampleApi, token_lifetime: 600, token_lifetime_for_web: 300 },
    ]);
    expect(await listed("clients")).toMatchObject([{ jwt_configuration: { lifetime_in_seconds: 1_200 } }]);
    const second = await secondTenant();
    const other = decodeJwt(await emulator.token({ audience: exampleApi, access: second }));
    expect((other.exp ?? 0) - (other.iat ?? 0)).toBe(86_400);
  });

  test("of the Management API: a token that is too old for it is refused", async () => {
    expect((await setLifetimes({ api: emulator.audience, accessTokenSeconds: 60 })).status).toBe(200);
    expect(await lifeOfToken(emulator.audience)).toEqual([60, 60]);
    const token = await emulator.token();
    await emulator.advanceClock("61s");
    const answer = await emulator.request("/api/v2/keys/signing", { token });
    expect(answer.json()).toMatchObject({
      statusCode: 401,
      message: "Expired token received for JSON Web Token validation",
    });
  });

  test("of a further application, and one lifetime without the other", async () => {
    const { body } = await emulator.control("POST", "/clients", { scopes: ["read:logs"] });
    const { clientId } = body as { clientId: string };
    await setLifetimes({ accessTokenForWebSeconds: 30 });
    await setLifetimes({ client: clientId, idTokenSeconds: 1 });
    expect(await listed("resource-servers")).toMatchObject([
      { token_lifetime_for_web: 7_200 },
      { token_lifetime: 86_400, token_lifetime_for_web: 30 },
    ]);
    expect(await listed("clients")).toMatchObject([
      { client_id: emulator.clientId, jwt_configuration: { lifetime_in_seconds: 36_000 } },
      { client_id: clientId, jwt_configuration: { lifetime_in_seconds: 1 } },
    ]);
  });

  test.each<[object, string[]]>([
    [{}, ["accessTokenSeconds, accessTokenForWebSeconds or idTokenSeconds: at least one must be given"]],
    [
      { accessTokenSeconds: 0, accessTokenForWebSeconds: 1.5, idTokenSeconds: "1h", lifetime: 1 },
      [
        "accessTokenSeconds: must be 1 second at least",
        "accessTokenForWebSeconds: must be a whole number of seconds",
        "idTokenSeconds: must be a number of seconds",
        "lifetime: is not a property here",
      ],
    ],
    [
      { api: "https://nowhere.example/", client: "nobody", idTokenSeconds: 60 },
      ["api: https://nowhere.example/ is no API of tenant-1", "client: nobody is no application of tenant-1"],
    ],
  ])("%j is refused, with every problem named, and changes nothing", async (lifetimes, problems) => {
    const answer = await setLifetimes(lifetimes);
    expect(answer.status).toBe(400);
    expect((answer.body as { problems: string[] }).problems.sort()).toEqual(problems.sort());
    expect(await lifeOfToken(exampleApi)).toEqual([86_400, 86_400]);
  });

  test("of an unknown tenant: 404", async () => {
    expect((await setLifetimes({ idTokenSeconds: 60 }, "tenant-9")).status).toBe(404);
  });
});

describe("a further API", () => {
  const identifier = "https://orders.example/";

  test("has tokens, of the lifetime that it was added with", async () => {
    const added = await emulator.control("POST", `/tenants/tenant-1/apis`, {
      identifier,
      name: "Orders",
      accessTokenSeconds: 120,
    });
    expect(added).toEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/) as string,
        identifier,
        name: "Orders",
        accessTokenSeconds: 120,
        accessTokenForWebSeconds: 7_200,
      },
    });
    expect(await lifeOfToken(identifier)).toEqual([120, 120]);
    await setLifetimes({ api: identifier, accessTokenSeconds: 240 });
    expect(await lifeOfToken(identifier)).toEqual([240, 240]);
    expect(await listed("resource-servers")).toMatchObject([
      { is_system: true },
      { identifier: exampleApi },
      { identifier, name: "Orders", token_lifetime: 240 },
    ]);
  });

  test("is refused if the tenant has it, or if its properties are wrong", async () => {
    for (const taken of [exampleApi, emulator.audience]) {
      const answer = await emulator.control("POST", "/tenants/tenant-1/apis", { identifier: taken });
      expect(answer.status).toBe(409);
    }
    const answer = await emulator.control("POST", "/tenants/tenant-1/apis", { name: "", scopes: [] });
    expect(answer.status).toBe(400);
    const { problems } = answer.body as { problems: string[] };
    expect(problems.map((problem) => problem.replace(/:.*/s, "")).sort()).toEqual([
      "identifier",
      "name",
      "scopes",
    ]);
  });
});

describe("--data", () => {
  test("lifetimes and further APIs outlive a restart", async () => {
    await setLifetimes({ accessTokenSeconds: 600, idTokenSeconds: 700 });
    await setLifetimes({ api: emulator.audience, accessTokenForWebSeconds: 800 });
    await emulator.control("POST", "/tenants/tenant-1/apis", { identifier: "https://orders.example/" });
    const before = [await listed("resource-servers"), await listed("clients")];
    await emulator.stop();
    emulator = await startEmulator(["--data", data]);
    expect([await listed("resource-servers"), await listed("clients")]).toEqual(before);
    expect(await lifeOfToken(exampleApi)).toEqual([600, 600]);
    expect(await lifeOfToken("https://orders.example/")).toEqual([86_400, 86_400]);
  });

  test("a file from before lifetimes and grants could be set still loads, with Auth0's defaults and what was granted", async () => {
    await setLifetimes({ accessTokenSeconds: 600, idTokenSeconds: 700 });
    await emulator.stop();
    const keys = rsaKeyPair();
    interface Remembered {
      managementLifetimes?: object;
      apis?: object[];
      grants?: object[];
      applications: object[];
    }
    const file = JSON.parse(readFileSync(data, "utf8")) as { tenants: Remembered[] };
    for (const tenant of file.tenants) {
      delete tenant.managementLifetimes;
      delete tenant.apis;
      delete tenant.grants;
      const [{ clientId, clientSecret }] = tenant.applications as [Record<string, string>];
      const credential = { clientSecret };
      const scopes = ["read:clients"];
      tenant.applications = [
        { clientId, name: "Default", scopes, credential },
        { clientId: "with a key", name: "Another", scopes, credential: { publicKeyPem: keys.publicKey } },
      ];
    }
    writeFileSync(data, JSON.stringify(file));
    emulator = await startEmulator(["--data", data]);
    expect(await lifeOfToken(exampleApi)).toEqual([86_400, 86_400]);
    expect(await listed("clients")).toMatchObject([
      { client_id: emulator.clientId, jwt_configuration: { lifetime_in_seconds: 36_000 } },
      { client_id: "with a key" },
    ]);
    const assertion = await assertionOf(emulator, "with a key", keys.privateKey);
    expect(await grantedTo(emulator, assertion)).toBe("read:clients");
  });
});
