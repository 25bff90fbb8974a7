import type { Emulator, Fault, JournalEntry, TenantAccess } from "../../support/emulator";
import { HostError, type ProviderHost } from "../../support/providerHost";
import { Stack, type Action, type StackState } from "../stack";
import { dashboard, journalOf, PATHS, requestName, ringOf } from "../tenants";
import { isLasting, type Case } from "./cases";
import { act, prepare, update, type Scenario, type Surroundings } from "./scenarios";

/** What a case has come to: everything that the rules are about. */
export interface Outcome {
  /** The error of the command that met the fault. */
  readonly failure: HostError | undefined;
  /** The state before and after that command, and the effects up to then. */
  readonly stateBefore: StackState;
  readonly stateAfter: StackState;
  readonly effectsAfter: readonly string[];
  /** The requests of that command. */
  readonly asked: readonly string[];
  /** What an update does after one that succeeded, and after a refresh. */
  readonly afterwards: readonly Action[];
  readonly afterRefresh: readonly Action[];
  /** In the end, before and after the refresh. */
  readonly stateInTheEnd: StackState;
  readonly stack: Stack;
  readonly effects: readonly string[];
  readonly entries: readonly JournalEntry[];
  /** The key that the case's one rotation is to retire. */
  readonly retiring: string;
  readonly ring: Awaited<ReturnType<typeof ringOf>>;
}

/** The runs of the engine: the first prepares, the second meets the fault, the others go on from there. */
export type Hosts = readonly [ProviderHost, ProviderHost, ...ProviderHost[]];

const SCOPES = [
  "read:signing_keys",
  "create:signing_keys",
  "update:signing_keys",
  "read:resource_servers",
  "read:clients",
];

/**
 * Runs one case, on a tenant that no other uses meanwhile, with an application that no other uses at all.
 * @param keepSecret is told the application's secret
 * @param met none: the scenario without a fault
 */
export async function run(
  emulator: Emulator,
  [preparing, faulty, ...later]: Hosts,
  tenant: TenantAccess,
  keepSecret: (secret: string) => void,
  scenario: Scenario,
  met?: Case,
): Promise<Outcome> {
  const known = (await journalOf(emulator, tenant)).length;
  const entriesSince = async (from: number): Promise<JournalEntry[]> =>
    (await journalOf(emulator, tenant)).slice(from);
  const retiring = (await ringOf(emulator, tenant)).current;
  const lasts = met !== undefined && isLasting(met);
  const surroundings: Surroundings = {
    tenant,
    common: {
      verifyTimeout: lasts ? "1s" : "10s",
      tenant: { domain: tenant.domain, ...(await newApplication(emulator, tenant, keepSecret)) },
    },
    canaryTimeout: lasts ? "100ms" : "20s",
    first: retiring,
  };
  const stack = new Stack(preparing);
  await prepare(stack, scenario, surroundings);

  const stateBefore = stack.state;
  const prepared = known + (await entriesSince(known)).length;
  if (met !== undefined) await arm(emulator, tenant, met);
  const failure = await failureOf(act(stack.useHost(faulty), scenario, surroundings));
  const stateAfter = stack.state;
  const asked = (await entriesSince(prepared)).map(requestName);
  const effectsAfter = effectsIn(await entriesSince(known));

  // What the engine would do next, each time in a host of its own, with what it has recorded so far.
  let latest = failure;
  for (const host of later) {
    if (latest === undefined) break;
    latest = await failureOf(act(stack.useHost(host), scenario, surroundings));
  }
  if (met !== undefined) await endFault(emulator, tenant, met);
  if (latest !== undefined) throw latest;
  await update(stack, scenario, surroundings);
  const afterwards = await update(stack, scenario, surroundings);
  const stateInTheEnd = stack.state;
  await stack.refresh();
  const afterRefresh = await update(stack, scenario, surroundings);
  const entries = await entriesSince(known);
  const ring = await ringOf(emulator, tenant);
  // The list must not grow from case to case.
  for (const kid of ring.previous) await dashboard(emulator, tenant, `revoke/${kid}`);
  return {
    failure,
    stateBefore,
    stateAfter,
    effectsAfter,
    asked,
    afterwards,
    afterRefresh,
    stateInTheEnd,
    stack,
    effects: effectsIn(entries),
    entries,
    retiring,
    ring,
  };
}

async function newApplication(
  emulator: Emulator,
  { domain }: TenantAccess,
  keepSecret: (secret: string) => void,
): Promise<object> {
  const { body } = await emulator.control("POST", "/clients", { tenant: domain, scopes: SCOPES });
  const application = body as { clientId: string; clientSecret: string };
  keepSecret(application.clientSecret);
  return application;
}

async function arm(
  emulator: Emulator,
  { domain }: TenantAccess,
  { request, nth, misbehaviour: { fault } }: Case,
): Promise<void> {
  const met = { tenant: domain, match: PATHS[request] };
  // A delay of nothing lets those before the nth pass.
  if (nth > 1) await emulator.fault({ ...met, fault: "delay", delayMs: 0, times: nth - 1 });
  await emulator.fault({ ...met, ...fault });
}

/** A fault that lasts is over with the update that succeeds in spite of it; it must have been met at all. */
async function endFault(
  emulator: Emulator,
  { domain }: TenantAccess,
  { misbehaviour: { fault } }: Case,
): Promise<void> {
  const { body } = await emulator.control("GET", `/faults?tenant=${encodeURIComponent(domain)}`);
  await emulator.clearFaults(domain);
  if ((body as Fault[]).some(({ times }) => times === (fault.times ?? 1)))
    throw new Error("the fault was not met");
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

function effectsIn(entries: readonly JournalEntry[]): string[] {
  return entries.flatMap(({ effect, kid }) => (effect === undefined ? [] : [`${effect} ${kid ?? ""}`]));
}
