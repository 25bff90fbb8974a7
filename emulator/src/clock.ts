import ms, { type StringValue } from "ms";

/** A tenant's clock: the machine's, moved ahead as far as tests have asked for. It never goes back. */
export class Clock {
  #offsetMs: number;

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }

  advance(byMs: number): void {
    this.#offsetMs += byMs;
  }
}

/** A century: further ahead, dates stop being ones that certificates and clients can write. */
const longestAdvanceMs = 100 * 365 * 24 * 3_600_000;

/** "25h", "10 minutes", "7d" in milliseconds; `undefined` for what is no positive duration of at most a century. */
export function parseDuration(text: string): number | undefined {
  // ms() throws on an empty or over-long string and gives NaN for other nonsense.
  if (text === "" || text.length > 100) return undefined;
  const parsed: number = ms(text as StringValue);
  return parsed > 0 && parsed <= longestAdvanceMs ? parsed : undefined;
}
