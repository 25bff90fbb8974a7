import { setTimeout as sleep } from "node:timers/promises";
import { systemClock, type Clock } from "../../clock";
import { Runtime } from "../../lifecycle/runtime";
import type { Environment, Output } from "../output";

/** Ctrl-C was pressed, and what is under way has come to a point where it can be gone on from. */
export class Interrupted extends Error {}

/** Lets Ctrl-C end waits and keep further writes from being begun, but not cut off a request in flight. */
export class Interruption {
  private readonly controller = new AbortController();
  private readonly onSignal: () => void;

  constructor(output: Output) {
    // The first Ctrl-C only: the second one ends the process as it does anywhere.
    this.onSignal = () => {
      this.controller.abort();
      output.say("interrupted: the request in flight is finished first; Ctrl-C again ends it at once");
    };
  }

  readonly clock: Clock = {
    now: () => systemClock.now(),
    sleep: async (milliseconds) => {
      try {
        await sleep(milliseconds, undefined, { signal: this.controller.signal });
      } catch {
        throw new Interrupted();
      }
    },
  };

  async during(work: () => Promise<void>): Promise<void> {
    process.once("SIGINT", this.onSignal);
    try {
      await work();
    } finally {
      process.off("SIGINT", this.onSignal);
    }
  }

  /** @throws Interrupted once Ctrl-C was pressed */
  assertGoesOn(): void {
    if (this.controller.signal.aborted) throw new Interrupted();
  }
}

/** A runtime that begins no write once it is interrupted. */
export class InterruptibleRuntime extends Runtime {
  constructor(
    private readonly interruption: Interruption,
    environment: () => Environment,
    write: (line: string) => Promise<void>,
  ) {
    super(interruption.clock, environment, write);
  }

  override async announce(message: string): Promise<void> {
    this.interruption.assertGoesOn();
    await super.announce(message);
  }
}
