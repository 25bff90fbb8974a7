import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, JournalEntry } from "../support/emulator";
import type { RunningEngine, Stack } from "../support/engine";
import { stackFor } from "./leftBehind";
import { rotationProgram } from "./program";
import type { TenantSupply, TestTenant } from "./tenants";
import { mustUp } from "./updates";

export const LIST = "/api/v2/keys/signing";
export const ROTATE = "/api/v2/keys/signing/rotate";
export const REVOKE = "/api/v2/keys/signing/*/revoke";
const JWKS = "/.well-known/jwks.json";
const POLL_MS = 15;
/** Longer than it takes to see a request in the journal and to kill, shorter than the request time-out. */
const HELD_MS = 900;
const LATE_EFFECT_MS = 2_500;

/** A point of an update at which the engine is killed. */
export interface Moment {
  readonly faults: readonly Fault[];
  /** Whether the requests of the update so far say that the point is reached. */
  readonly isReached: (entries: readonly JournalEntry[]) => boolean;
  /** Longer than an effect that is still to come. */
  readonly requestTimeout?: string;
}

/** While the list is read for the nth time in the update. */
export function whileListing(nth: number): Moment {
  return {
    faults: heldRequest("GET", LIST, nth),
    isReached: (entries) => entries.filter(({ path }) => path === LIST).length >= nth,
  };
}

/** While the JWKS is read for the nth time in the update. */
export function whileVerifying(nth: number): Moment {
  return {
    faults: heldRequest("GET", JWKS, nth),
    isReached: (entries) => entries.filter(({ path }) => path === JWKS).length >= nth,
  };
}

/** The write has arrived at Auth0 and takes effect only later, whatever becomes of the one who sent it. */
export function inFlight(method: "POST" | "PUT", path: string): Moment {
  return {
    faults: [{ fault: "late-effect", delayMs: LATE_EFFECT_MS, match: { method, path } }],
    isReached: (entries) => entries.some((entry) => entry.method === method && entry.status === 0),
    requestTimeout: "3s",
  };
}

/** The write has taken effect, and nobody has been told. */
export function atEffect(method: "POST" | "PUT", path: string): Moment {
  return {
    faults: [{ fault: "delay", delayMs: HELD_MS, match: { method, path } }],
    isReached: (entries) => entries.some((entry) => entry.method === method && entry.effect !== undefined),
  };
}

function heldRequest(method: string, path: string, nth: number): Fault[] {
  const match = { method, path };
  const before: Fault[] = nth > 1 ? [{ fault: "delay", delayMs: 0, times: nth - 1, match }] : [];
  return [...before, { fault: "delay", delayMs: HELD_MS, match }];
}

/** What dies: the `pulumi` command alone, whose provider lives on, or all processes at once. */
type Kill = "the command" | "all processes";

/** Starts an update, which has come to that moment when this resolves; the faults of the moment are still there. */
export async function reach(
  tenant: TestTenant,
  stack: Stack,
  { faults, isReached, requestTimeout }: Moment,
): Promise<RunningEngine> {
  const { emulator, domain } = tenant;
  if (requestTimeout !== undefined)
    stack.setEnvironment({ AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: requestTimeout });
  const before = (await tenant.journal()).length;
  for (const fault of faults) await emulator.fault({ ...fault, tenant: domain });
  const update = stack.startUp();
  const watch = new AbortController();
  const reached = async (): Promise<undefined> => {
    while (!watch.signal.aborted && !isReached((await tenant.journal()).slice(before))) await sleep(POLL_MS);
  };
  const ended = await Promise.race([reached(), update.ended]);
  watch.abort();
  if (ended !== undefined) throw new Error(`the update ended before its moment:\n${ended.output}`);
  return update;
}

/** Starts an update and kills it with SIGKILL at that moment. */
export async function killUpdate(
  tenant: TestTenant,
  stack: Stack,
  moment: Moment,
  kill: Kill,
): Promise<void> {
  const update = await reach(tenant, stack, moment);
  const { outcome } = await (kill === "the command" ? update.killCommand() : update.killAll());
  expect(outcome).toBe("SIGKILL");
  await tenant.emulator.clearFaults();
}

/** What a user or a pipeline does after a crash. */
const RECOVERIES = ["up", "up --refresh", "refresh, then up"] as const;
type Recovery = (typeof RECOVERIES)[number];

export async function recover(stack: Stack, recovery: Recovery): Promise<void> {
  await stack.cancel();
  if (recovery === "refresh, then up") {
    const refresh = await stack.refresh();
    expect([refresh.outcome, refresh.output]).toEqual([0, expect.any(String)]);
  }
  const update = await stack.up(...(recovery === "up --refresh" ? ["--refresh"] : []));
  expect([update.outcome, update.output]).toEqual([0, expect.any(String)]);
}

/**
 * Every moment with every recovery. What dies alternates, so that each of them meets both kinds; `CRASHES=all` in the
 * environment asks for all combinations, which takes twice as long.
 */
export function crashes(
  moments: readonly string[],
  recoveries: readonly Recovery[] = RECOVERIES,
): [moment: string, kill: Kill, recovery: Recovery][] {
  const kills: readonly Kill[] = ["the command", "all processes"];
  return moments.flatMap((moment, row) =>
    recoveries.flatMap((recovery, column) =>
      kills
        .filter((_, index) => process.env["CRASHES"] === "all" || index === (row + column) % 2)
        .map((kill): [string, Kill, Recovery] => [moment, kill, recovery]),
    ),
  );
}

/** The moment of that name. */
export function momentOf(moments: Readonly<Record<string, Moment>>, name: string): Moment {
  const moment = moments[name];
  if (moment === undefined) throw new Error(`no such moment: ${name}`);
  return moment;
}

/** A tenant and a stack that is about to be raised to this generation. */
interface Raise {
  readonly tenant: TestTenant;
  readonly stack: Stack;
  readonly generation: number;
}

/** Stacks that each go through several tests, such as all recoveries from one moment, a generation each: adopting a tenant takes its time. */
export class RaisedStacks {
  private readonly latest = new Map<string, Raise>();

  constructor(private readonly supply: TenantSupply) {}

  async next(tests: string): Promise<Raise> {
    const { generation, ...managed } = this.latest.get(tests) ?? (await this.adopted());
    const raise = { ...managed, generation: generation + 1 };
    this.latest.set(tests, raise);
    return raise;
  }

  private async adopted(): Promise<Raise> {
    const tenant = await this.supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    await mustUp(stack);
    return { tenant, stack, generation: 0 };
  }
}
