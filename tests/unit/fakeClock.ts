import type { Clock } from "../../src/clock";

/** A clock that moves only when somebody sleeps on it. */
export class FakeClock implements Clock {
  readonly pauses: number[] = [];

  constructor(private milliseconds = Date.parse("2026-03-10T12:00:00.000Z")) {}

  now(): Date {
    return new Date(this.milliseconds);
  }

  sleep(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds);
    this.advance(milliseconds);
    return Promise.resolve();
  }

  advance(milliseconds: number): void {
    this.milliseconds += milliseconds;
  }
}
