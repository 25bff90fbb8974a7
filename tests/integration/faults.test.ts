import type { Emulator, TenantAccess } from "../support/emulator";
import { startProviderHost } from "../support/providerHost";
import { CASES, expectedCode, isLasting, type Case } from "./faultMatrix/cases";
import { REQUEST_TIMEOUT } from "./faultMatrix/misbehaviours";
import { run, type Hosts, type Outcome } from "./faultMatrix/run";
import { SCENARIOS } from "./faultMatrix/scenarios";
import { outcomeTable } from "./faultMatrix/table";
import { codesIn, STACK_TRACE, TOKEN } from "./stack";
import { requestName, startTenants } from "./tenants";

const CASES_AT_ONCE = 28;
const UPDATES_AT_MOST = 6;
/** The longest takes half a minute; one that hangs is named. */
const CASE_DEADLINE_MS = 240_000;

let emulator: Emulator;
let hosts: Hosts;
const secrets: string[] = [];
const outcomes = new Map<string, Outcome | Error>();
const withoutFault = new Map<string, Outcome>();

beforeAll(async () => {
  const flags = ["--revoked-listed", "3"];
  const tenants = await startTenants(CASES_AT_ONCE, ...flags);
  emulator = tenants.emulator;
  const env = {
    NODE_EXTRA_CA_CERTS: emulator.caFile,
    AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: REQUEST_TIMEOUT,
  };
  const started = Array.from({ length: 2 + UPDATES_AT_MOST }, () => startProviderHost({ env }));
  hosts = (await Promise.all(started)) as unknown as Hosts;
  const keepSecret = (secret: string): void => {
    secrets.push(secret);
  };
  // The long cases first, so that they don't run on alone at the end.
  const waiting = [...CASES].sort((one, other) => Number(isLasting(other)) - Number(isLasting(one)));
  async function runCases(tenant: TenantAccess): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await orError(run(emulator, hosts, tenant, keepSecret, next.scenario, next));
      outcomes.set(next.name, outcome);
      if (outcome instanceof DeadlinePassed) return;
    }
  }
  const [first, ...others] = Array.from({ length: CASES_AT_ONCE }, () => tenants.nextTenant());
  if (first === undefined) throw new Error("no tenant");
  for (const scenario of SCENARIOS)
    withoutFault.set(scenario.name, await run(emulator, hosts, first, keepSecret, scenario));
  await Promise.all([first, ...others].map(runCases));
}, 600_000);

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await emulator.stop();
  const cells = new Map([...outcomes].map(([name, outcome]) => [name, cell(outcome)]));
  process.stdout.write(`${outcomeTable(cells)}\nfigure: faults ${outcomes.size}\n`);
});

class DeadlinePassed extends Error {}

async function orError(outcome: Promise<Outcome>): Promise<Outcome | Error> {
  let timer;
  const deadline = new Promise<Error>((resolve) => {
    const passed = new DeadlinePassed(`it did not end within ${CASE_DEADLINE_MS} ms`);
    timer = setTimeout(resolve, CASE_DEADLINE_MS, passed);
  });
  const failed = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
  const first = await Promise.race([outcome.catch(failed), deadline]);
  clearTimeout(timer);
  return first;
}

/** The code, or `ok`. */
function cell(outcome: Outcome | Error): string {
  if (outcome instanceof Error) return "not converged";
  return outcome.failure === undefined ? "ok" : codesIn(outcome.failure).join();
}

function outcomeOf({ name }: Case): Outcome {
  const outcome = outcomes.get(name);
  if (outcome instanceof Error) throw outcome;
  if (outcome === undefined) throw new Error(`${name} has not been run`);
  return outcome;
}

describe("without a fault", () => {
  test.each(SCENARIOS)("$name makes the requests that the table takes as its steps", ({ name, requests }) => {
    expect(withoutFault.get(name)?.asked).toEqual(requests);
  });
});

describe("with a fault", () => {
  test.each(CASES)("$name", (each) => {
    const outcome = outcomeOf(each);
    assertAnswered(each, outcome);
    assertNothingLost(outcome);
    assertConverged(each, outcome);
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

/** The command that met the fault said what it had to say. */
function assertAnswered(each: Case, { failure }: Outcome): void {
  const code = expectedCode(each);
  expect(failure === undefined ? [] : codesIn(failure)).toEqual(code === undefined ? [] : [code]);
  expect(failure?.message ?? "").not.toMatch(STACK_TRACE);
}

/** What had happened by then was on record, and nothing else. */
function assertNothingLost({ failure, stateBefore, stateAfter, effectsAfter, retiring }: Outcome): void {
  if (failure === undefined) return;
  if (effectsAfter.includes(`rotate ${retiring}`)) {
    const { retired } = stateAfter.rotation?.outputs ?? {};
    expect(retired).toMatchObject([{ kid: retiring, generation: 1 }]);
  } else expect(stateAfter.rotation).toEqual(stateBefore.rotation);
  if (effectsAfter.includes(`revoke ${retiring}`)) {
    const { retired, keys } = { ...stateAfter.rotation?.outputs, ...stateAfter.revocation?.outputs };
    expect(keys ?? retired).toMatchObject([{ kid: retiring, revokedAt: expect.any(String) as string }]);
  }
}

/** In the end everything is as if nothing had gone wrong, with the effects that were asked for, each once. */
function assertConverged({ scenario, misbehaviour }: Case, outcome: Outcome): void {
  const { stack, stateInTheEnd, effects, entries, retiring, ring } = outcome;
  const revoked = scenario.revokes === true ? [`revoke ${retiring}`] : [];
  expect(effects).toEqual([`rotate ${retiring}`, ...revoked]);
  const asked = entries.filter((entry) => requestName(entry) === "revoke").map(({ path }) => path);
  expect([...new Set(asked)]).toEqual(revoked.map(() => `/api/v2/keys/signing/${retiring}/revoke`));

  for (const actions of [outcome.afterwards, outcome.afterRefresh])
    expect(actions).toEqual(actions.map(() => "same"));
  const retired = [{ kid: retiring, generation: 1 }];
  const before = stateInTheEnd.rotation?.outputs;
  expect(before).toMatchObject({ generation: 1, retired, pending: [], currentKey: { kid: ring.current } });
  // Where nothing was rotated, a list that leaves the next key out is recorded as it is.
  if (misbehaviour.fault.rewriting !== "no-next" || scenario.requests.includes("rotate"))
    expect(before).toMatchObject({ nextKey: { kid: ring.next } });

  expect(stack.outputs).toMatchObject({ generation: 1, retired, pending: [] });
  expect(stack.outputs.retired[0]?.revokedAt !== undefined).toBe(scenario.revokes === true);
  expect(stack.outputs.currentKey.kid).toBe(ring.current);
  expect(stack.outputs.nextKey?.kid).toBe(ring.next);
  expect(stack.outputs.foreign).not.toContain(retiring);
  if (scenario.hasRevocation !== true) return;
  expect(stack.revocation).toMatchObject({
    keys: [{ kid: retiring, revokedAt: expect.any(String) as string }],
    revocable: [],
    pending: [],
  });
}
