import { setTimeout as sleep } from "node:timers/promises";
import type { JournalEntry } from "../support/emulator";
import type { EngineRun, RunningEngine } from "../support/engine";
import type { Moment, Strike } from "./plan";

const POLL_MS = 15;

const STRIKES: Readonly<Record<Strike, (run: RunningEngine) => Promise<EngineRun>>> = {
  "SIGKILL to the command": (run) => run.killCommand(),
  "SIGKILL to all processes": (run) => run.killAll(),
  SIGTERM: (run) => run.interrupt("SIGTERM"),
  SIGINT: (run) => run.interrupt("SIGINT"),
};

/** What a strike needs to know of a run. */
export interface Struck {
  readonly run: RunningEngine;
  /** The requests that the tenant has had since the run began. */
  readonly requests: () => Promise<readonly JournalEntry[]>;
  /** How long such a run takes undisturbed, in milliseconds. */
  readonly usualMs: number;
}

/**
 * Ends a run at that moment.
 * @returns how the run ended; `struck` is false where it had ended before
 */
export async function strike(
  how: Strike,
  moment: Moment,
  struck: Struck,
): Promise<EngineRun & { readonly struck: boolean }> {
  const watch = new AbortController();
  const ended = await Promise.race([struck.run.ended, untilReached(moment, struck, watch.signal)]);
  watch.abort();
  if (ended !== undefined) return { ...ended, struck: false };
  return { ...(await STRIKES[how](struck.run)), struck: true };
}

/** Once the run has made so many requests, or has ended. */
export async function untilRequests(count: number, { run, requests }: Struck): Promise<void> {
  const watch = new AbortController();
  const made = untilSeen(requests, (entries) => entries.length >= count, watch.signal);
  await Promise.race([made, run.ended]);
  watch.abort();
}

async function untilReached(
  moment: Moment,
  { requests, usualMs }: Struck,
  signal: AbortSignal,
): Promise<undefined> {
  switch (moment.kind) {
    case "time":
      return pause(moment.share * usualMs, signal);
    case "request":
      await untilSeen(requests, (entries) => entries.length >= moment.nth, signal);
      return pause(moment.afterMs, signal);
    case "write":
      await untilSeen(requests, (entries) => entries.some(isWriteOfTheRun), signal);
      return pause(moment.afterMs, signal);
  }
}

/** A write of the run's, not one that somebody makes in the dashboard meanwhile. */
export function isWriteOfTheRun({ effect, method }: JournalEntry): boolean {
  return effect !== undefined && method !== "DASHBOARD";
}

async function untilSeen(
  requests: Struck["requests"],
  isSeen: (entries: readonly JournalEntry[]) => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && !isSeen(await requests())) await sleep(POLL_MS);
}

/** Ends early, without complaint, when nobody waits any more. */
function pause(milliseconds: number, signal: AbortSignal): Promise<undefined> {
  return sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
