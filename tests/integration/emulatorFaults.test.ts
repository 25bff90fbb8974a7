import { setTimeout as sleep } from "node:timers/promises";
import { type Emulator, type Fault, startEmulator, type TenantAnswer } from "../support/emulator";

const keysPath = "/api/v2/keys/signing";
const rotatePath = `${keysPath}/rotate`;
const jwksPath = "/.well-known/jwks.json";

jest.setTimeout(60_000);

let emulator: Emulator;
let token: string;

beforeAll(async () => {
  emulator = await startEmulator(["--rotations-per-day", "0", "--tenants", "2"]);
  token = await emulator.token();
});

afterAll(async () => {
  await emulator.stop();
});

beforeEach(async () => {
  await emulator.clearFaults();
  await emulator.clearJournal();
});

function rotate(): Promise<TenantAnswer> {
  return emulator.request(rotatePath, { method: "POST", token });
}

async function currentKid(): Promise<string> {
  const [tenant] = await emulator.tenants();
  return tenant?.ring.current ?? "";
}

/** Journal entries without their time. */
async function journal() {
  return (await emulator.journal()).map(({ method, path, status, effect, kid }) => ({
    method,
    path,
    status,
    ...(effect === undefined ? {} : { effect, kid }),
  }));
}

async function untilJournalled(entries: number): Promise<void> {
  while ((await emulator.journal()).length < entries) await sleep(50);
}

const asRotation = { method: "POST", path: rotatePath };

describe("faults", () => {
  test("status: refused, nothing done", async () => {
    await emulator.fault({ fault: "status", status: 503, match: asRotation });
    const before = await currentKid();
    const answer = await rotate();
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ statusCode: 503, error: "Service Unavailable" });
    expect(await currentKid()).toBe(before);
    expect(await journal()).toEqual([{ ...asRotation, status: 503 }]);
  });

  test("status 429 with the time of the reset", async () => {
    await emulator.fault({ fault: "status", status: 429, resetSeconds: 7 });
    const answer = await rotate();
    expect(answer.json()).toMatchObject({ statusCode: 429, errorCode: "too_many_requests" });
    expect(answer.headers["retry-after"]).toBe("7");
    const now = Date.parse(answer.headers["date"] as string) / 1000;
    expect(Math.abs(Number(answer.headers["x-ratelimit-reset"]) - now - 7)).toBeLessThanOrEqual(1);
  });

  test("status on /oauth/token has that endpoint's error body; any body can be given", async () => {
    await emulator.fault({ fault: "status", status: 403, match: { path: "/oauth/token" } });
    await expect(emulator.token()).rejects.toThrow(/403.*"error":"access_denied"/);
    await emulator.fault({ fault: "status", status: 200, body: null, match: { path: keysPath } });
    const answer = await emulator.request(keysPath, { token });
    expect([answer.status, answer.text]).toEqual([200, "null"]);
  });

  test("status with headers of one's own, before those that belong to it", async () => {
    const headers = { "X-RateLimit-Reset": "soon", "content-type": "text/plain" };
    await emulator.fault({ fault: "status", status: 429, resetSeconds: 7, headers, match: asRotation });
    expect((await rotate()).headers).toMatchObject({
      "x-ratelimit-reset": "soon",
      "content-type": "text/plain",
      "retry-after": "7",
    });
  });

  test("status-after-effect: done, and refused all the same", async () => {
    await emulator.fault({ fault: "status-after-effect", status: 500, match: asRotation });
    const retired = await currentKid();
    const answer = await rotate();
    expect(answer.json()).toMatchObject({ statusCode: 500 });
    expect(await currentKid()).not.toBe(retired);
    expect(await journal()).toEqual([{ ...asRotation, status: 500, effect: "rotate", kid: retired }]);
  });

  test("reset: the connection breaks, nothing done", async () => {
    await emulator.fault({ fault: "reset", match: asRotation });
    const before = await currentKid();
    await expect(rotate()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await currentKid()).toBe(before);
    expect(await journal()).toEqual([{ ...asRotation, status: 0 }]);
  });

  test("reset-after-effect: done, and the connection breaks", async () => {
    await emulator.fault({ fault: "reset-after-effect", match: asRotation });
    const retired = await currentKid();
    await expect(rotate()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await currentKid()).not.toBe(retired);
    expect(await journal()).toEqual([{ ...asRotation, status: 0, effect: "rotate", kid: retired }]);
  });

  test("late-effect: the connection breaks at once, it is done later", async () => {
    await emulator.fault({ fault: "late-effect", delayMs: 3_000, match: asRotation });
    const retired = await currentKid();
    const begun = Date.now();
    await expect(rotate()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await currentKid()).toBe(retired);
    expect(await journal()).toEqual([{ ...asRotation, status: 0 }]);
    expect(Date.now() - begun).toBeLessThan(3_000);
    await untilJournalled(2);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_990);
    expect(await currentKid()).not.toBe(retired);
    expect(await journal()).toEqual([
      { ...asRotation, status: 0 },
      { ...asRotation, status: 0, effect: "rotate", kid: retired },
    ]);
  });

  test("delay: done at once, answered later; in the journal from the effect on", async () => {
    await emulator.fault({ fault: "delay", delayMs: 3_000, match: asRotation });
    const retired = await currentKid();
    const begun = Date.now();
    const answer = rotate();
    await untilJournalled(1);
    expect(await currentKid()).not.toBe(retired);
    expect(await journal()).toEqual([{ ...asRotation, status: 201, effect: "rotate", kid: retired }]);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect((await answer).status).toBe(201);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_990);
  });

  test.each([200, 502])("html: a page with status %d, nothing done", async (status) => {
    await emulator.fault({ fault: "html", match: asRotation, ...(status === 200 ? {} : { status }) });
    const before = await currentKid();
    const answer = await rotate();
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "text/html; charset=utf-8"]);
    expect(answer.text).toMatch(/^<!DOCTYPE html>/);
    expect(await currentKid()).toBe(before);
    expect(await journal()).toEqual([{ ...asRotation, status }]);
  });

  test("slow-body: done, the headers at once, the whole body later", async () => {
    await emulator.fault({ fault: "slow-body", delayMs: 1_000, match: asRotation });
    const retired = await currentKid();
    const begun = Date.now();
    let headersAfterMs = 0;
    const answer = await emulator.request(rotatePath, {
      method: "POST",
      token,
      onHeaders: () => (headersAfterMs = Date.now() - begun),
    });
    expect(headersAfterMs).toBeLessThan(1_000);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
    expect([answer.status, answer.json()]).toEqual([
      201,
      expect.objectContaining({ kid: expect.any(String) as string }),
    ]);
    expect(await journal()).toEqual([{ ...asRotation, status: 201, effect: "rotate", kid: retired }]);
  });

  test("truncate: done, and the answer ends in the middle", async () => {
    await emulator.fault({ fault: "truncate", match: asRotation });
    const retired = await currentKid();
    await expect(rotate()).rejects.toThrow(/aborted/);
    expect(await currentKid()).not.toBe(retired);
    expect(await journal()).toEqual([{ ...asRotation, status: 201, effect: "rotate", kid: retired }]);
  });

  test("stale-jwks: the JWKS as it was before the last change, for JWKS requests only", async () => {
    const before = (await emulator.request(jwksPath)).text;
    await rotate();
    const after = (await emulator.request(jwksPath)).text;
    expect(after).not.toBe(before);
    await emulator.fault({ fault: "stale-jwks", times: 2 });
    expect((await emulator.request(keysPath, { token })).status).toBe(200);
    expect((await emulator.request(jwksPath)).text).toBe(before);
    expect((await emulator.request(jwksPath)).text).toBe(before);
    expect((await emulator.request(jwksPath)).text).toBe(after);
  });

  describe("rewrite", () => {
    interface Listed {
      readonly kid: unknown;
      readonly [flag: string]: unknown;
    }
    const rewritten = async (rewriting: string, path: string): Promise<unknown> => {
      await emulator.fault({ fault: "rewrite", rewriting });
      return (await emulator.request(path, { token })).json();
    };
    const listed = async (rewriting: string): Promise<Listed[]> =>
      (await rewritten(rewriting, keysPath)) as Listed[];
    const published = async (rewriting: string): Promise<{ keys: Listed[] }> =>
      (await rewritten(rewriting, jwksPath)) as { keys: Listed[] };
    const kids = (keys: readonly Listed[]): unknown[] => keys.map(({ kid }) => kid);
    let ring: Listed[];
    let jwks: Listed[];

    beforeAll(async () => {
      const retired = await currentKid();
      await rotate();
      await rotate();
      token = await emulator.token();
      await emulator.request(`${keysPath}/${retired}/revoke`, { method: "PUT", token });
    });

    beforeEach(async () => {
      ring = (await emulator.request(keysPath, { token })).json() as Listed[];
      jwks = ((await emulator.request(jwksPath)).json() as { keys: Listed[] }).keys;
    });

    test("second-current: the key that retired last is current too", async () => {
      const last = ring.find(({ previous, revoked }) => previous === true && revoked !== true);
      const current = (await listed("second-current")).filter((key) => key["current"] === true);
      expect(kids(current)).toEqual([await currentKid(), last?.kid]);
    });

    test("second-current, of a tenant that has never rotated: the next key", async () => {
      const second = (await emulator.tenants())[1];
      if (second === undefined) throw new Error("there is one tenant only");
      const access = { token: await emulator.token({ access: second }), domain: second.domain };
      await emulator.fault({ fault: "rewrite", rewriting: "second-current" });
      const keys = (await emulator.request(keysPath, access)).json() as Listed[];
      expect(kids(keys.filter((key) => key["current"] === true))).toEqual([
        second.ring.next,
        second.ring.current,
      ]);
    });

    test("no-next and revoked-cut-off: these keys are missing", async () => {
      const without = (flag: string): unknown[] => kids(ring.filter((key) => key[flag] !== true));
      expect(kids(await listed("no-next"))).toEqual(without("next"));
      expect(kids(await listed("revoked-cut-off"))).toEqual(without("revoked"));
      expect(without("next")).toHaveLength(ring.length - 1);
      expect(without("revoked").length).toBeLessThan(ring.length);
    });

    test("flags-as-text: texts instead of booleans", async () => {
      const current = (await listed("flags-as-text")).find(({ kid }) => kid === jwks[0]?.kid);
      expect(current).toMatchObject({ current: "true" });
    });

    test("foreign-keys: one that no list shows, before all others", async () => {
      const { keys } = await published("foreign-keys");
      expect(kids(keys)).toEqual(["custom-signing-key", ...kids(jwks)]);
      expect(keys[0]).toMatchObject({ kty: "RSA", use: "sig", alg: "RS256" });
    });

    test("numeric-kids and keys-as-object: of the list and of the JWKS", async () => {
      expect(kids(await listed("numeric-kids"))).toEqual([...ring.keys()]);
      expect(kids((await published("numeric-kids")).keys)).toEqual([...jwks.keys()]);
      const byKid = (keys: readonly Listed[]): object =>
        Object.fromEntries(keys.map((key) => [String(key.kid), key]));
      expect(await listed("keys-as-object")).toEqual(byKid(ring));
      expect(await published("keys-as-object")).toEqual({ keys: byKid(jwks) });
    });

    test("meets no request whose answer it doesn't know, and changes no refusal", async () => {
      await emulator.fault({ fault: "rewrite", rewriting: "foreign-keys" });
      expect((await emulator.request(keysPath, { token })).json()).toEqual(ring);
      expect((await emulator.control("GET", "/faults")).body).toHaveLength(1);
      await emulator.clearFaults();
      await emulator.fault({ fault: "rewrite", rewriting: "no-next" });
      expect((await emulator.request(keysPath)).json()).toMatchObject({ statusCode: 401 });
    });
  });

  test("a call that would be refused anyway has no effect to hide", async () => {
    await emulator.fault({ fault: "reset-after-effect", match: asRotation });
    const before = await currentKid();
    await expect(emulator.request(rotatePath, { method: "POST" })).rejects.toThrow(
      /socket hang up|ECONNRESET/,
    );
    expect(await currentKid()).toBe(before);
    expect(await journal()).toEqual([{ ...asRotation, status: 0 }]);
  });
});

describe("which request meets a fault", () => {
  const list = async () => (await emulator.request(keysPath, { token })).status;

  test("method, path with wildcard, tenant and number of times", async () => {
    const second = (await emulator.tenants())[1];
    await emulator.fault({ fault: "status", status: 500, match: { method: "PUT" } });
    await emulator.fault({ fault: "status", status: 501, match: { path: "/api/v2/keys/*/revoke" } });
    await emulator.fault({ fault: "status", status: 502, tenant: second?.domain ?? "" });
    expect(await list()).toBe(200);
    await emulator.clearFaults();
    await emulator.fault({
      fault: "status",
      status: 503,
      match: { method: "get", path: "/api/v2/*" },
      times: 2,
    });
    expect([await list(), await list(), await list()]).toEqual([503, 503, 200]);
  });

  test("never the page, which asks for itself every second", async () => {
    await emulator.fault({ fault: "status", status: 500 });
    expect((await emulator.request("/")).status).toBe(200);
    expect(await list()).toBe(500);
  });

  test("first come, first served; what is left can be seen and cleared", async () => {
    await emulator.fault({ fault: "status", status: 500, times: 2 });
    await emulator.fault({ fault: "status", status: 502 });
    expect(await list()).toBe(500);
    expect((await emulator.control("GET", "/faults")).body).toEqual([
      { fault: "status", status: 500, times: 1, match: {} },
      { fault: "status", status: 502, times: 1, match: {} },
    ]);
    expect([await list(), await list(), await list()]).toEqual([500, 502, 200]);
    await emulator.fault({ fault: "status", status: 500 });
    await emulator.clearFaults();
    expect(await list()).toBe(200);
  });

  test("those asked for a tenant can be seen and cleared alone", async () => {
    const ofTenant = { fault: "status", status: 500, tenant: emulator.domain } as const;
    await emulator.fault({ fault: "status", status: 502 });
    await emulator.fault(ofTenant);
    const waiting = async (query = "") => (await emulator.control("GET", `/faults${query}`)).body;
    expect(await waiting("?tenant=tenant-1")).toEqual([{ ...ofTenant, times: 1, match: {} }]);
    expect(await waiting("?tenant=tenant-2")).toEqual([]);
    await emulator.clearFaults(emulator.domain);
    expect(await waiting()).toEqual([{ fault: "status", status: 502, times: 1, match: {} }]);
    expect((await emulator.control("DELETE", "/faults?tenant=nowhere")).status).toBe(404);
  });

  test.each<[string, unknown, string[]]>([
    ["an unknown fault", { fault: "flood", times: 0 }, ["times", "fault"]],
    ["no fault", {}, ["fault"]],
    ["a status fault without a status", { fault: "status" }, ["status"]],
    ["an impossible status", { fault: "status-after-effect", status: 42 }, ["status"]],
    ["a delay without its length", { fault: "delay" }, ["delayMs"]],
    ["what belongs to other faults", { fault: "reset", status: 500, delayMs: 5 }, ["status", "delayMs"]],
    ["a rewriting that is none", { fault: "rewrite", rewriting: "no-keys" }, ["rewriting"]],
    ["an impossible header", { fault: "status", status: 429, headers: { a: "b\n" } }, ["headers.a"]],
    [
      "several things at once",
      { fault: "late-effect", delayMs: -1, times: 1.5, match: { path: "api", verb: "GET" } },
      ["match.path", "match.verb", "times", "delayMs"],
    ],
    ["an unknown tenant", { fault: "reset", tenant: "nowhere" }, ["tenant"]],
    ["no object", [], ["fault"]],
  ])("refused with every problem: %s", async (_, fault, properties) => {
    const answer = await emulator.control("POST", "/faults", fault);
    expect(answer.status).toBe(400);
    const { problems } = answer.body as { problems: string[] };
    expect(problems.map((problem) => problem.replace(/:.*/s, "")).sort()).toEqual([...properties].sort());
    expect((await emulator.control("GET", "/faults")).body).toEqual([]);
  });
});

describe("the journal", () => {
  test("holds every request with its tenant, in order, and neither query nor secret", async () => {
    const [first, second] = await emulator.tenants();
    const fresh = await emulator.token();
    await emulator.request(`${keysPath}?note=confidential`, { token: fresh });
    await emulator.request(jwksPath, { domain: second?.domain ?? "" });
    await emulator.request("/nowhere");
    await emulator.request("/");
    const entries = await emulator.journal();
    expect(entries.map(({ tenant, method, path, status }) => [tenant, method, path, status])).toEqual([
      [first?.domain, "POST", "/oauth/token", 200],
      [first?.domain, "GET", keysPath, 200],
      [second?.domain, "GET", jwksPath, 200],
      [first?.domain, "GET", "/nowhere", 404],
    ]);
    const text = JSON.stringify(entries);
    expect(text).not.toContain("confidential");
    expect(text).not.toContain(fresh);
    expect(text).not.toContain(emulator.clientSecret);
    for (const { at } of entries) expect(new Date(at).toISOString()).toBe(at);
    expect(await emulator.journal(second?.domain)).toEqual(entries.slice(2, 3));
    expect((await emulator.control("GET", "/journal?tenant=nowhere")).status).toBe(404);
  });

  test("each answer names its request, as Auth0's do", async () => {
    const id = async () => (await emulator.request(jwksPath)).headers["x-auth0-requestid"];
    const [one, other] = [await id(), await id()];
    expect(one).toMatch(/^[0-9a-f]{20}$/);
    expect(one).not.toBe(other);
  });

  test("shows what a dashboard user does", async () => {
    const retired = await currentKid();
    const rotated = await emulator.control("POST", `/tenants/${emulator.domain}/rotate`);
    expect(rotated.status).toBe(201);
    expect(rotated.body).toMatchObject({ retired });
    const revoked = await emulator.control("POST", `/tenants/tenant-1/revoke/${retired}`);
    expect(revoked.status).toBe(200);
    expect(await journal()).toEqual([
      { method: "DASHBOARD", path: "/dashboard/rotate", status: 201, effect: "rotate", kid: retired },
      {
        method: "DASHBOARD",
        path: `/dashboard/revoke/${retired}`,
        status: 200,
        effect: "revoke",
        kid: retired,
      },
    ]);
    token = await emulator.token();
    const again = await emulator.control("POST", `/tenants/tenant-1/revoke/${retired}`);
    const unknown = await emulator.control("POST", "/tenants/tenant-1/revoke/unknown");
    const elsewhere = await emulator.control("POST", "/tenants/nowhere/rotate");
    expect([again.status, unknown.status, elsewhere.status]).toEqual([400, 404, 404]);
  });
});

test("the fault type of the test support names every fault of the emulator", async () => {
  const answer = await emulator.control("POST", "/faults", { fault: "flood" });
  const names: Record<Fault["fault"], true> = {
    status: true,
    "status-after-effect": true,
    reset: true,
    "reset-after-effect": true,
    "late-effect": true,
    delay: true,
    "slow-body": true,
    html: true,
    truncate: true,
    "stale-jwks": true,
    rewrite: true,
  };
  expect(answer.body).toMatchObject({ error: `fault: must be one of ${Object.keys(names).join(", ")}` });
});
