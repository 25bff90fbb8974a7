import type { SigningKeyErrorCode } from "../../src/errors";
import type { Emulator, Fault, JournalEntry, TenantAccess } from "../support/emulator";
import { HostError, type ProviderHost, startProviderHost } from "../support/providerHost";
import { codesIn, Stack, STACK_TRACE, TOKEN, type ProgramArgs } from "./stack";
import { journalOf, PATHS, requestName, ringOf, startTenants, type Request } from "./tenants";

/** How long one request may take; the ring is watched for half as long again before a rotation is repeated. */
const REQUEST_TIMEOUT = "3s";
/** An answer that comes after that, and an effect that comes while the ring is still being watched. */
const LATE_ANSWER_MS = 4_000;
const LATE_EFFECT_MS = 1_000;
const CASES_AT_ONCE = 12;
const UPDATES_AT_MOST = 4;
const NOTHING_TO_DO = { intent: "same", rotation: "same" };

interface Scenario {
  readonly name: string;
  /** The program before the update that meets the fault; none for a creation. */
  readonly before?: ProgramArgs;
  readonly args: ProgramArgs;
  /** What meets the fault, and is then done again until it succeeds. */
  readonly act: (stack: Stack, args: ProgramArgs) => Promise<unknown>;
  /** Its requests where there is no fault: its steps. */
  readonly requests: readonly Request[];
}

const up: Scenario["act"] = (stack, args) => stack.up(args);
const ROTATION: readonly Request[] = ["token", "list", "list", "rotate", "list", "jwks"];

const SCENARIOS: readonly Scenario[] = [
  { name: "create", args: { generation: 1 }, act: up, requests: ROTATION },
  { name: "raise", before: { generation: 0 }, args: { generation: 1 }, act: up, requests: ROTATION },
  {
    name: "revoke",
    before: { generation: 1 },
    args: { generation: 1, revokePrevious: true },
    act: up,
    requests: ["token", "list", "jwks", "list", "revoke", "list", "token", "list", "jwks"],
  },
  {
    name: "refresh",
    before: { generation: 1 },
    args: { generation: 1 },
    act: (stack) => stack.refresh(),
    requests: ["token", "list"],
  },
];

type Misbehaviour = Pick<Fault, "fault" | "status" | "delayMs">;

const ON_ANY: readonly Misbehaviour[] = [
  ...[400, 401, 403, 404, 429, 500, 502, 503].map((status): Misbehaviour => ({ fault: "status", status })),
  { fault: "reset" },
  { fault: "delay", delayMs: LATE_ANSWER_MS },
  { fault: "html" },
  { fault: "truncate" },
];
/** A request without an effect can't tell these from the former. */
const ON_WRITES: readonly Misbehaviour[] = [
  ...[500, 502, 504].map((status): Misbehaviour => ({ fault: "status-after-effect", status })),
  { fault: "reset-after-effect" },
  { fault: "late-effect", delayMs: LATE_EFFECT_MS },
];
const ON_JWKS: readonly Misbehaviour[] = [{ fault: "stale-jwks" }];
/** Those that an update gets over when they happen once. */
const LASTING: readonly Misbehaviour[] = [
  { fault: "status", status: 429 },
  { fault: "status", status: 503 },
];
/** More often than one update retries or looks, so that it fails; what is left meets the updates after it. */
const LASTING_TIMES = 6;

interface Case {
  readonly name: string;
  readonly scenario: Scenario;
  readonly request: Request;
  /** The how-manieth request of its kind meets the fault. */
  readonly nth: number;
  readonly misbehaviour: Misbehaviour;
  readonly lasting: boolean;
}

const CASES: readonly Case[] = SCENARIOS.flatMap((scenario) =>
  scenario.requests.flatMap((request, index) => {
    const nth = scenario.requests.slice(0, index + 1).filter((other) => other === request).length;
    const onJwks = request === "jwks" ? ON_JWKS : [];
    const onWrites = isWrite(request) ? ON_WRITES : [];
    const asCase = (misbehaviour: Misbehaviour, lasting: boolean): Case => {
      const { fault, status } = misbehaviour;
      const what = `${fault}${status === undefined ? "" : ` ${status}`}${lasting ? ", lasting" : ""}`;
      return {
        name: `${scenario.name}, ${request} ${nth}: ${what}`,
        scenario,
        request,
        nth,
        misbehaviour,
        lasting,
      };
    };
    return [
      ...[...ON_ANY, ...onWrites, ...onJwks].map((misbehaviour) => asCase(misbehaviour, false)),
      ...[...LASTING, ...onJwks].map((misbehaviour) => asCase(misbehaviour, true)),
    ];
  }),
);

function isWrite(request: Request): boolean {
  return request === "rotate" || request === "revoke";
}

/** How the call that meets the fault ends: with this code, or, `undefined`, well in spite of it. */
function expectedCode({ request, misbehaviour, lasting }: Case): SigningKeyErrorCode | undefined {
  const { fault, status } = misbehaviour;
  if (fault === "stale-jwks") return lasting ? "verification_timeout" : undefined;
  if (fault === "html") return isWrite(request) ? undefined : "unexpected_answer";
  if (fault !== "status") return undefined;
  switch (status) {
    case 400:
      return "refused_by_auth0";
    case 401:
      // A list is asked for again with a fresh token: a key that was revoked may have signed the one in use.
      if (request === "list") return undefined;
      return request === "token" ? "access_denied" : request === "jwks" ? "refused_by_auth0" : "unauthorized";
    case 403:
      if (request === "token") return "access_denied";
      return request === "jwks" ? "refused_by_auth0" : "insufficient_scope";
    case 404:
      return "tenant_not_found";
    case 429:
      return lasting ? "rate_limited" : undefined;
    default:
      if (!lasting) return undefined;
      return isWrite(request) ? "outcome_unknown" : "unreachable";
  }
}

/** What a case has come to: everything that the rules are about. */
interface Outcome {
  /** The error of the call that met the fault. */
  readonly failure: HostError | undefined;
  readonly stack: Stack;
  /** What an update does after the one that succeeded. */
  readonly afterwards: unknown;
  /** Every request of the case, and those of the call that met the fault. */
  readonly entries: readonly JournalEntry[];
  readonly asked: readonly string[];
  /** The key that the case's one rotation is to retire. */
  readonly retiring: string;
  readonly ring: Awaited<ReturnType<typeof ringOf>>;
}

let emulator: Emulator;
/** One for each run of the engine: the first prepares, the second meets the fault. */
let hosts: ProviderHost[];
const secrets: string[] = [];
const outcomes = new Map<string, Outcome | Error>();
const withoutFault = new Map<string, Outcome>();

beforeAll(async () => {
  const tenants = await startTenants(CASES_AT_ONCE);
  emulator = tenants.emulator;
  const env = {
    NODE_EXTRA_CA_CERTS: emulator.caFile,
    AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: REQUEST_TIMEOUT,
  };
  hosts = await Promise.all(Array.from({ length: 2 + UPDATES_AT_MOST }, () => startProviderHost({ env })));
  // The long cases first, so that they don't run on alone at the end.
  const waiting = [...CASES].sort((one, other) => Number(other.lasting) - Number(one.lasting));
  async function runCases(tenant: TenantAccess): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const failed = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
      outcomes.set(next.name, await run(tenant, next.scenario, next).catch(failed));
    }
  }
  const [first, ...others] = Array.from({ length: CASES_AT_ONCE }, () => tenants.nextTenant());
  if (first === undefined) throw new Error("no tenant");
  for (const scenario of SCENARIOS) withoutFault.set(scenario.name, await run(first, scenario));
  await Promise.all([first, ...others].map(runCases));
}, 600_000);

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await emulator.stop();
});

/** One case, on a tenant that no other uses meanwhile, with an application that no other uses at all. */
async function run(tenant: TenantAccess, scenario: Scenario, met?: Case): Promise<Outcome> {
  const { domain } = tenant;
  const base = {
    minKeyAge: "0s",
    verifyTimeout: met?.lasting === true ? "2s" : "10s",
    tenant: { domain, ...(await newApplication(tenant)) },
  };
  const args = { ...base, ...scenario.args };
  const [preparing, faulty, ...later] = hosts as [ProviderHost, ProviderHost, ...ProviderHost[]];
  const known = (await journalOf(emulator, tenant)).length;
  const retiring = (await ringOf(emulator, tenant)).current;
  const stack = new Stack(preparing);
  if (scenario.before !== undefined) await stack.up({ ...base, ...scenario.before });

  const prepared = (await journalOf(emulator, tenant)).length;
  if (met !== undefined) await arm(tenant, met);
  let failure = await failureOf(scenario.act(stack.useHost(faulty), args));
  const asked = (await journalOf(emulator, tenant)).slice(prepared).map(requestName);
  const firstFailure = failure;

  // What the engine would do next, each time in a host of its own, with what it has recorded so far.
  for (const host of later) {
    if (failure === undefined) break;
    failure = await failureOf(scenario.act(stack.useHost(host), args));
  }
  if (failure !== undefined) throw failure;
  await stack.up(args);
  const afterwards = await stack.up(args);
  const { body } = await emulator.control("GET", "/faults");
  if ((body as Fault[]).some((fault) => fault.tenant === domain)) throw new Error("the fault was not met");
  const entries = (await journalOf(emulator, tenant)).slice(known);
  const ring = await ringOf(emulator, tenant);
  return { failure: firstFailure, stack, afterwards, entries, asked, retiring, ring };
}

async function newApplication({ domain }: TenantAccess) {
  const { body } = await emulator.control("POST", "/clients", {
    tenant: domain,
    scopes: ["read:signing_keys", "create:signing_keys", "update:signing_keys"],
  });
  const application = body as { clientId: string; clientSecret: string };
  secrets.push(application.clientSecret);
  return application;
}

async function arm({ domain }: TenantAccess, { request, nth, misbehaviour, lasting }: Case): Promise<void> {
  const met = { tenant: domain, match: PATHS[request] };
  // A delay of nothing lets those before the nth pass.
  if (nth > 1) await emulator.fault({ ...met, fault: "delay", delayMs: 0, times: nth - 1 });
  await emulator.fault({ ...met, ...misbehaviour, ...(lasting && { times: LASTING_TIMES }) });
}

async function failureOf(call: Promise<unknown>): Promise<HostError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
}

function outcomeOf({ name }: Case): Outcome {
  const outcome = outcomes.get(name);
  if (outcome instanceof Error) throw outcome;
  if (outcome === undefined) throw new Error(`${name} has not been run`);
  return outcome;
}

function effects({ entries }: Outcome): string[] {
  return entries.flatMap(({ effect, kid }) => (effect === undefined ? [] : [`${effect} ${kid ?? ""}`]));
}

describe("without a fault", () => {
  test.each(SCENARIOS)("$name makes the requests that the table takes as its steps", ({ name, requests }) => {
    expect(withoutFault.get(name)?.asked).toEqual(requests);
  });
});

describe("with a fault", () => {
  test.each(CASES)("$name", (each) => {
    const outcome = outcomeOf(each);
    const { failure, stack, afterwards, retiring, entries, ring } = outcome;
    const code = expectedCode(each);
    expect(failure === undefined ? [] : codesIn(failure)).toEqual(code === undefined ? [] : [code]);
    expect(failure?.message ?? "").not.toMatch(STACK_TRACE);

    const revokes = each.scenario.args.revokePrevious === true;
    expect(effects(outcome)).toEqual([`rotate ${retiring}`, ...(revokes ? [`revoke ${retiring}`] : [])]);
    const asked = entries.filter((entry) => requestName(entry) === "revoke").map(({ path }) => path);
    expect(new Set(asked)).toEqual(new Set(revokes ? [`/api/v2/keys/signing/${retiring}/revoke`] : []));

    expect(afterwards).toEqual(NOTHING_TO_DO);
    expect(stack.outputs.generation).toBe(1);
    expect(stack.outputs.retired).toMatchObject([{ kid: retiring, generation: 1 }]);
    expect(stack.outputs.retired[0]?.revokedAt !== undefined).toBe(revokes);
    expect(stack.outputs.pending).toEqual([]);
    expect(stack.outputs.currentKey.kid).toBe(ring.current);
    expect(stack.outputs.nextKey?.kid).toBe(ring.next);
    expect(stack.outputs.foreign).not.toContain(retiring);
  });

  test("no secret and no token is shown in a message or in the output of a host", () => {
    const messages = [...outcomes.values()].map((outcome) =>
      outcome instanceof Error ? outcome.message : (outcome.failure?.message ?? ""),
    );
    const shown = [...messages, ...hosts.flatMap((host) => [host.stdout(), host.stderr()])].join("\n");
    expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    expect(shown).not.toMatch(TOKEN);
    expect(shown).not.toMatch(STACK_TRACE);
  });
});
