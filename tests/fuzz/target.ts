import assert from "node:assert/strict";
import type fc from "fast-check";

/** Something that takes input from outside, and what must hold for any input. */
export interface Target {
  readonly name: string;
  /** Of a thousand inputs, how many it gets. */
  readonly share: number;
  /** @param taken called for each input that is not refused */
  readonly property: (taken: () => void) => fc.IAsyncProperty<unknown>;
}

/** A property that has nothing to wait for. */
export function synchronous<T extends unknown[]>(
  holds: (...given: T) => void,
): (...given: T) => Promise<void> {
  return (...given) => {
    holds(...given);
    return Promise.resolve();
  };
}

/** What a call returns, twice the same. */
export function sameTwice<T>(call: () => T): T {
  const first = call();
  assert.deepEqual(call(), first, "it answers differently the second time");
  return first;
}
