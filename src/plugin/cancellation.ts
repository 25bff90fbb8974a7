import { setTimeout as sleep } from "node:timers/promises";
import { systemClock, type Clock } from "../clock";
import { SigningKeyError } from "../errors";

/** Ends every wait at once when the engine is told to stop; what has happened is then recorded as after any failure. */
export class Cancellation {
  private readonly controller = new AbortController();

  /** The system's clock, on which nobody sleeps once it is cancelled. */
  readonly clock: Clock = {
    now: () => systemClock.now(),
    sleep: async (milliseconds) => {
      const { signal } = this.controller;
      await sleep(milliseconds, undefined, { signal }).catch(() => {
        this.check("waiting");
      });
    },
  };

  cancel(): void {
    this.controller.abort();
  }

  /** @throws SigningKeyError `cancelled` if it has been */
  check(attempt: string): void {
    if (!this.controller.signal.aborted) return;
    throw new SigningKeyError("cancelled", {
      attempt,
      observation: "the engine was told to stop",
      remedy: "what has happened is recorded; run it again to go on from there",
    });
  }
}
