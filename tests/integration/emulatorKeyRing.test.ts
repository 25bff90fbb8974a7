import { type Emulator, startEmulator } from "../support/emulator";

interface ListedKey {
  readonly kid: string;
  readonly cert: string;
  readonly current?: true;
  readonly next?: true;
  readonly previous?: true;
  readonly revoked?: true;
  readonly revoked_at?: string;
}

const keysPath = "/api/v2/keys/signing";
const rotatePath = `${keysPath}/rotate`;

jest.setTimeout(60_000);

let emulator: Emulator;

async function start(...flags: string[]): Promise<void> {
  emulator = await startEmulator(flags);
}

afterEach(async () => {
  await emulator.stop();
});

async function list(token: string): Promise<ListedKey[]> {
  const answer = await emulator.request(keysPath, { token });
  expect(answer.status).toBe(200);
  return answer.json() as ListedKey[];
}

function shapeOf(key: ListedKey | undefined): string[] {
  return Object.keys(key ?? {}).sort();
}

const alwaysThere = ["cert", "fingerprint", "kid", "pkcs7", "thumbprint"];

describe("the life of a key", () => {
  test("next, current, previous, revoked: each with the properties that Auth0 shows and no false ones", async () => {
    await start();
    const token = await emulator.token();
    const before = await list(token);
    expect(before).toHaveLength(2);
    const oldNext = before.find((key) => key.next);
    const oldCurrent = before.find((key) => key.current);
    expect(shapeOf(oldNext)).toEqual([...alwaysThere, "next"].sort());
    expect(shapeOf(oldCurrent)).toEqual([...alwaysThere, "current", "current_since"].sort());

    const rotated = await emulator.request(rotatePath, { method: "POST", token });
    expect(rotated.status).toBe(201);
    const answer = rotated.json() as { kid: string; cert: string };
    expect(Object.keys(answer)).toEqual(["kid", "cert"]);
    const after = await list(token);
    expect(after.find((key) => key.next)).toMatchObject(answer);
    expect(after.find((key) => key.current)?.kid).toBe(oldNext?.kid);
    const previous = after.find((key) => key.previous);
    expect(previous?.kid).toBe(oldCurrent?.kid);
    expect(shapeOf(previous)).toEqual([...alwaysThere, "current_since", "current_until", "previous"].sort());

    const fresh = await emulator.token();
    const revoke = await emulator.request(`${keysPath}/${oldCurrent?.kid ?? ""}/revoke`, {
      method: "PUT",
      token: fresh,
    });
    expect(revoke.status).toBe(200);
    expect(revoke.json()).toEqual({ kid: oldCurrent?.kid, cert: oldCurrent?.cert });
    const revoked = (await list(fresh)).find((key) => key.revoked);
    expect(revoked?.kid).toBe(oldCurrent?.kid);
    expect(shapeOf(revoked)).toEqual(
      [...alwaysThere, "current_since", "current_until", "previous", "revoked", "revoked_at"].sort(),
    );
  });

  test("several previous keys can be valid at once, and one key can be asked for", async () => {
    await start();
    const token = await emulator.token();
    await emulator.request(rotatePath, { method: "POST", token });
    await emulator.request(rotatePath, { method: "POST", token });
    const keys = await list(token);
    expect(keys.filter((key) => key.previous)).toHaveLength(2);
    for (const key of keys) {
      const one = await emulator.request(`${keysPath}/${key.kid}`, { token });
      expect(one.json()).toEqual(key);
    }
  });

  test("only a previous key can be revoked, and only once", async () => {
    await start();
    const { ring } = await firstTenant();
    let token = await emulator.token();
    const refusal = async (kid: string): Promise<unknown> => {
      const answer = await emulator.request(`${keysPath}/${kid}/revoke`, { method: "PUT", token });
      return answer.json();
    };
    const state = { statusCode: 400, error: "Bad Request", errorCode: "invalid_signing_key_state" };
    expect(await refusal(ring.current)).toMatchObject(state);
    expect(await refusal(ring.next)).toMatchObject(state);
    expect(await refusal("unknown")).toMatchObject({ statusCode: 404, error: "Not Found" });
    await emulator.request(rotatePath, { method: "POST", token });
    token = await emulator.token();
    expect(await refusal(ring.current)).toHaveProperty("kid", ring.current);
    expect(await refusal(ring.current)).toMatchObject(state);
    expect((await effects()).map(({ effect, kid }) => [effect, kid])).toEqual([
      ["rotate", ring.current],
      ["revoke", ring.current],
    ]);
  });

  test("--revoked-listed shows only the keys that were revoked last", async () => {
    await start("--revoked-listed", "1");
    const first = (await firstTenant()).ring.current;
    const { domain } = emulator;
    await emulator.control("POST", `/tenants/${domain}/rotate`);
    await emulator.control("POST", `/tenants/${domain}/rotate`);
    const { previous } = (await firstTenant()).ring;
    const second = previous.find((kid) => kid !== first) ?? "";
    await emulator.control("POST", `/tenants/${domain}/revoke/${second}`);
    await emulator.advanceClock("1m");
    await emulator.control("POST", `/tenants/${domain}/revoke/${first}`);
    const listed = await list(await emulator.token());
    expect(listed.filter((key) => key.revoked).map((key) => key.kid)).toEqual([first]);
  });
});

describe("who may do what", () => {
  const calls = [
    { method: "GET", path: keysPath, scopes: ["read:signing_keys"] },
    { method: "GET", path: `${keysPath}/unknown`, scopes: ["read:signing_keys"] },
    { method: "POST", path: rotatePath, scopes: ["create:signing_keys", "update:signing_keys"] },
    { method: "PUT", path: `${keysPath}/unknown/revoke`, scopes: ["update:signing_keys"] },
    { method: "GET", path: "/api/v2/resource-servers", scopes: ["read:resource_servers"] },
    { method: "GET", path: "/api/v2/clients", scopes: ["read:clients"] },
    { method: "GET", path: "/api/v2/logs", scopes: ["read:logs"] },
  ];
  const all = [...new Set(calls.flatMap(({ scopes }) => scopes))];

  test("each call is refused without any one of its scopes, and let through with just these", async () => {
    await start();
    for (const { method, path, scopes } of calls) {
      const sufficient = await tokenWith(scopes);
      const allowed = await emulator.request(path, { method, token: sufficient });
      expect([path, allowed.status]).not.toEqual([path, 403]);
      for (const lacking of scopes) {
        const token = await tokenWith(all.filter((scope) => scope !== lacking));
        const answer = await emulator.request(path, { method, token });
        expect(answer.json()).toEqual({
          statusCode: 403,
          error: "Forbidden",
          message: `Insufficient scope, expected any of: ${scopes.join(",")}`,
          errorCode: "insufficient_scope",
        });
      }
    }
    expect((await effects()).map(({ effect }) => effect)).toEqual(["rotate"]);
  });

  test("no token, an alien token, one for another audience or of another tenant: 401", async () => {
    await start("--tenants", "2");
    const other = (await emulator.tenants())[1];
    if (other === undefined) throw new Error("there is no second tenant");
    const [header = "", payload = ""] = (await emulator.token()).split(".");
    const forged = `${header}.${payload}.${Buffer.alloc(256).toString("base64url")}`;
    const tokens = {
      "Missing authentication": undefined,
      "Invalid signature received for JSON Web Token validation": forged,
      "Bad audience": await emulator.token({ audience: "https://api.example.com/" }),
      "Invalid token": await emulator.token({ access: other }),
    };
    for (const [message, token] of Object.entries(tokens)) {
      const answer = await emulator.request(keysPath, token === undefined ? {} : { token });
      expect(answer.json()).toMatchObject({ statusCode: 401, error: "Unauthorized", message });
    }
  });

  test("whoever revokes the key of the own token is locked out until a fresh one is signed", async () => {
    await start();
    const { ring } = await firstTenant();
    const old = await emulator.token();
    await emulator.request(rotatePath, { method: "POST", token: old });
    expect((await emulator.request(keysPath, { token: old })).status).toBe(200);
    const revoke = await emulator.request(`${keysPath}/${ring.current}/revoke`, {
      method: "PUT",
      token: old,
    });
    expect(revoke.status).toBe(200);
    const lockedOut = await emulator.request(keysPath, { token: old });
    expect(lockedOut.status).toBe(401);
    expect(lockedOut.json()).toMatchObject({
      statusCode: 401,
      error: "Unauthorized",
      message: "Invalid token",
    });
    expect((await emulator.request(keysPath, { token: await emulator.token() })).status).toBe(200);
  });
});

describe("limits", () => {
  test("five rotations in 24 hours of the tenant's clock, then 429 until the first of them is a day old", async () => {
    await start();
    let token = await emulator.token();
    for (const remaining of ["4", "3", "2", "1", "0"]) {
      const answer = await emulator.request(rotatePath, { method: "POST", token });
      expect([answer.status, answer.headers["x-ratelimit-remaining"]]).toEqual([201, remaining]);
    }
    const refused = await emulator.request(rotatePath, { method: "POST", token });
    expect(refused.json()).toEqual({
      statusCode: 429,
      error: "Too Many Requests",
      message: "Global limit has been reached",
      errorCode: "too_many_requests",
    });
    expect(refused.headers["x-ratelimit-limit"]).toBe("5");
    const dayAhead = Date.parse(refused.headers["date"] as string) / 1000 + 86_400;
    expect(Math.abs(Number(refused.headers["x-ratelimit-reset"]) - dayAhead)).toBeLessThan(30);

    await emulator.advanceClock("23h");
    expect((await emulator.request(rotatePath, { method: "POST", token })).status).toBe(429);
    await emulator.advanceClock("61m");
    token = await emulator.token();
    expect((await emulator.request(rotatePath, { method: "POST", token })).status).toBe(201);
    expect(await effects()).toHaveLength(6);
  });

  test("--rotations-per-day 0 lifts the limit", async () => {
    await start("--rotations-per-day", "0");
    const token = await emulator.token();
    for (let rotation = 1; rotation <= 7; rotation += 1) {
      expect((await emulator.request(rotatePath, { method: "POST", token })).status).toBe(201);
    }
  });

  test("--requests-per-second holds back whoever asks too often", async () => {
    await start("--requests-per-second", "2");
    const token = await emulator.token();
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => emulator.request(keysPath, { token })),
    );
    const allowedBySecond = new Map<unknown, number>();
    for (const { status, headers } of answers) {
      const second = headers["x-ratelimit-reset"];
      allowedBySecond.set(second, (allowedBySecond.get(second) ?? 0) + (status === 200 ? 1 : 0));
    }
    expect(Math.max(...allowedBySecond.values())).toBe(2);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.json()).toMatchObject({ errorCode: "too_many_requests" });
    expect(answers.every(({ headers }) => headers["x-ratelimit-limit"] === "2")).toBe(true);
  });
});

test("the clock: headers, dates in the ring and the expiry of tokens follow it", async () => {
  await start();
  const token = await emulator.token();
  await emulator.advanceClock("25h");
  const expired = await emulator.request(keysPath, { token });
  expect(expired.json()).toMatchObject({
    statusCode: 401,
    message: "Expired token received for JSON Web Token validation",
  });
  const ahead = Date.parse(expired.headers["date"] as string) - Date.now();
  expect(Math.abs(ahead - 25 * 3_600_000)).toBeLessThan(10_000);

  const fresh = await emulator.token();
  await emulator.request(rotatePath, { method: "POST", token: fresh });
  const current = (await list(fresh)).find((key) => key.current) as unknown as { current_since: string };
  expect(Date.parse(current.current_since) - Date.now()).toBeGreaterThan(24 * 3_600_000);

  for (const advance of ["-1h", "0", "soon", "", 5]) {
    const refused = await emulator.control("POST", "/clock", { advance });
    expect([advance, refused.status]).toEqual([advance, 400]);
  }
});

test("each write is in the tenant's log, with its path", async () => {
  await start();
  const token = await emulator.token();
  await emulator.request(rotatePath, { method: "POST", token });
  await emulator.control("POST", `/tenants/${emulator.domain}/rotate`);
  const logs = await emulator.request("/api/v2/logs?include_totals=true&per_page=1", { token });
  expect(logs.json()).toMatchObject({ start: 0, limit: 1, length: 1, total: 2 });
  const second = await emulator.request("/api/v2/logs?page=1&per_page=1", { token });
  expect(second.json()).toMatchObject([
    {
      type: "sapi",
      client_id: emulator.clientId,
      details: { request: { method: "POST", path: rotatePath } },
    },
  ]);
});

async function firstTenant() {
  const [tenant] = await emulator.tenants();
  if (tenant === undefined) throw new Error("there is no tenant");
  return tenant;
}

async function effects() {
  return (await emulator.journal()).filter(({ effect }) => effect !== undefined);
}

async function tokenWith(scopes: readonly string[]): Promise<string> {
  const { body } = await emulator.control("POST", "/clients", { scopes });
  return emulator.token({
    access: { ...emulator, ...(body as { clientId: string; clientSecret: string }) },
  });
}
