import { durationMilliseconds } from "../../src/duration";
import { codesIn, refusal } from "./stack";
import { requestsTo, ringOf } from "./tenants";
import { startWorld, type World } from "./world";

jest.setTimeout(60_000);

let world: World;

beforeAll(async () => {
  world = await startWorld(15);
});

afterEach(async () => {
  await world.emulator.clearFaults();
});

afterAll(async () => {
  await world.stop();
});

const AUTO = { gracePeriod: "auto", revokePrevious: true };
const DAY = 86_400;

async function control(method: "POST" | "PUT", path: string, body: object): Promise<unknown> {
  const answer = await world.emulator.control(method, path, body);
  expect(answer.status).toBeLessThan(300);
  return answer.body;
}

/** Milliseconds between a key's retirement and its due date. */
function graceOf(key: { retiredAt: string; revokeDueAt?: string } | undefined): number {
  return Date.parse(key?.revokeDueAt ?? "") - Date.parse(key?.retiredAt ?? "");
}

const ALLOWANCES = durationMilliseconds("24h") + durationMilliseconds("5m");

test("a rotation asks for the lifetimes, and records the due date with what it was derived from", async () => {
  const { tenant, stack } = await world.rotated(AUTO);
  const requests = await requestsTo(world.emulator, tenant);
  expect(requests.filter((request) => request === "clients")).toHaveLength(2);
  expect(requests.filter((request) => request === "rotate")).toHaveLength(1);
  const [key] = stack.outputs.retired;
  expect(graceOf(key)).toBe(DAY * 1000 + ALLOWANCES);
  expect(key?.derivedFrom).toEqual({
    accessTokenSeconds: DAY,
    accessTokenOf: tenant.audience,
    idTokenSeconds: 36_000,
    idTokenOf: tenant.clientId,
    jwksCacheAllowance: "24h",
    clockSkew: "5m",
  });
});

test("the longest of all counts, on whatever page it is, the web lifetime and ID tokens included", async () => {
  const { emulator } = world;
  const { tenant, stack, up } = await world.managed({ generation: 0, ...AUTO });
  for (let count = 0; count < 104; count += 1) {
    const accessTokenForWebSeconds = count === 103 ? 7 * DAY : 60;
    const api = {
      identifier: `https://api-${count}.example.com`,
      accessTokenSeconds: 60,
      accessTokenForWebSeconds,
    };
    await control("POST", `/tenants/${encodeURIComponent(tenant.domain)}/apis`, api);
  }
  await up({ generation: 1, ...AUTO, jwksCacheAllowance: "10m" });
  const [key] = stack.outputs.retired;
  expect(key?.derivedFrom).toMatchObject({
    accessTokenSeconds: 7 * DAY,
    accessTokenOf: "https://api-103.example.com",
    jwksCacheAllowance: "10m",
  });
  const { current } = await ringOf(emulator, tenant);
  await control("PUT", `/tenants/${encodeURIComponent(tenant.domain)}/lifetimes`, {
    idTokenSeconds: 30 * DAY,
  });
  await up({ generation: 2, ...AUTO });
  const second = stack.outputs.retired.find(({ kid }) => kid === current);
  expect(graceOf(second)).toBe(30 * DAY * 1000 + ALLOWANCES);
});

test("a lifetime lowered shortly before the rotation doesn't shorten the grace", async () => {
  const { tenant, stack, up } = await world.managed({ generation: 0, ...AUTO });
  const lifetimes = `/tenants/${encodeURIComponent(tenant.domain)}/lifetimes`;
  await control("PUT", lifetimes, { accessTokenSeconds: 3 * DAY });
  await stack.refresh();
  expect(stack.outputs.tokenLifetimes).toMatchObject({ accessTokenSeconds: 3 * DAY });
  await control("PUT", lifetimes, { accessTokenSeconds: 60 });
  await up({ generation: 1, ...AUTO });
  expect(graceOf(stack.outputs.retired[0])).toBe(3 * DAY * 1000 + ALLOWANCES);
  // The record of the next key begins anew.
  expect(stack.outputs.tokenLifetimes).toMatchObject({
    kid: stack.outputs.currentKey.kid,
    accessTokenSeconds: DAY,
  });
});

test("a key is revoked once its derived date has come, with no edit, and the preview says how long it is", async () => {
  const { tenant, stack, up, preview, effects, retired } = await world.rotated(AUTO);
  const said = world.listening();
  expect(await preview({ generation: 1, ...AUTO })).toEqual({ intent: "same", rotation: "same" });
  await said(/revoke \S+ not before \S+ \(in 2 days\)/);
  await world.emulator.control("POST", "/clock", { advance: "49h", tenant: tenant.domain });
  await stack.refresh();
  await up({ generation: 1, ...AUTO });
  expect(await effects()).toEqual([`rotate ${retired}`, `revoke ${retired}`]);
});

test("changing from a length of time to auto puts the date off, and never brings it forward", async () => {
  const { stack, up } = await world.rotated({ gracePeriod: "1h", revokePrevious: true });
  await up({ generation: 1, ...AUTO });
  expect(graceOf(stack.outputs.retired[0])).toBe(DAY * 1000 + ALLOWANCES);
  await up({ generation: 1, revokePrevious: true, gracePeriod: "30d" });
  await up({ generation: 1, ...AUTO });
  expect(graceOf(stack.outputs.retired[0])).toBe(30 * DAY * 1000);
});

describe("without the scopes", () => {
  test("a raise is refused before anything is recorded, and both are named", async () => {
    const { tenant, stack, effects, up } = world.unmanaged();
    const scopes = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
    const client = (await control("POST", "/clients", { tenant: tenant.domain, scopes })) as object;
    const error = await refusal(up({ generation: 1, ...AUTO, tenant: { domain: tenant.domain, ...client } }));
    expect(codesIn(error)).toEqual(["insufficient_scope"]);
    expect(error.message).toContain("read:resource_servers, read:clients");
    expect(error.message).toContain("give gracePeriod as a duration");
    expect(await effects()).toEqual([]);
    expect(stack.state).toEqual({});
  });

  test("so is turning auto on later, with the state as it was", async () => {
    const { stack, base, up } = await world.rotated({ gracePeriod: "1h" });
    const scopes = ["read:signing_keys"];
    const { domain } = base.tenant as { domain: string };
    const client = (await control("POST", "/clients", { tenant: domain, scopes })) as object;
    const before = stack.outputs.retired;
    const error = await refusal(up({ generation: 1, ...AUTO, tenant: { domain, ...client } }));
    expect(codesIn(error)).toEqual(["insufficient_scope"]);
    expect(stack.outputs.retired).toEqual(before);
  });
});

describe("in an emergency", () => {
  test.each([["/api/v2/resource-servers"], ["/api/v2/clients"]])(
    "lifetimes that %s doesn't give keep no key that is named from being rotated out and revoked",
    async (path) => {
      const { tenant, stack, effects, up } = await world.managed({ generation: 0, ...AUTO });
      const { current } = await ringOf(world.emulator, tenant);
      const known = stack.outputs.tokenLifetimes;
      const match = { method: "GET", path };
      await world.emulator.fault({
        fault: "status",
        status: 503,
        tenant: tenant.domain,
        match,
        times: 99,
      });
      const emergency = { ...AUTO, revokeNow: { kid: current, reason: "leaked" } };
      await up({ generation: 1, ...emergency });
      expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
      expect(stack.outputs.tokenLifetimes).toEqual(known);

      await world.emulator.clearFaults();
      const { current: second } = await ringOf(world.emulator, tenant);
      await up({ generation: 2, ...emergency });
      expect(graceOf(stack.outputs.retired.find(({ kid }) => kid === second))).toBe(DAY * 1000 + ALLOWANCES);
    },
  );

  test("nor do the scopes that they take", async () => {
    const { tenant, effects, up } = world.unmanaged();
    const scopes = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
    const client = (await control("POST", "/clients", { tenant: tenant.domain, scopes })) as object;
    const { current } = await ringOf(world.emulator, tenant);
    const revokeNow = { kid: current, reason: "leaked" };
    await up({ generation: 1, ...AUTO, revokeNow, tenant: { domain: tenant.domain, ...client } });
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });
});

test.each([
  ["APIs", "/api/v2/resource-servers"],
  ["applications", "/api/v2/clients"],
])("a list of %s that is none refuses the raise before anything is recorded", async (_, path) => {
  const { tenant, effects, stack, up } = world.unmanaged();
  await world.emulator.fault({
    fault: "html",
    tenant: tenant.domain,
    match: { method: "GET", path },
    times: 9,
  });
  const error = await refusal(up({ generation: 1, ...AUTO }));
  expect(codesIn(error)).toEqual(["unexpected_answer"]);
  expect(await effects()).toEqual([]);
  expect(stack.state).toEqual({});
});
