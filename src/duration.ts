import ms, { type StringValue } from "ms";

/** A length of time as people write it: a number and a unit, such as `"90s"`, `"15m"`, `"24h"`, `"7d"`. */
export type Duration = string;

const LONGEST_MILLISECONDS = ms("10y");

/** The milliseconds in a duration such as `"24h"`, or `undefined` if it is none: a unit is required, ten years the limit. */
export function parseDuration(text: string): number | undefined {
  // `ms` reads a bare number as milliseconds and accepts a sign; neither is ever meant here.
  if (!/^\d+(\.\d+)?\s*[a-z]+$/i.test(text)) return undefined;
  const milliseconds = ms(text as StringValue) as number | undefined;
  if (milliseconds === undefined || !(milliseconds <= LONGEST_MILLISECONDS)) return undefined;
  return Math.round(milliseconds);
}

/** The milliseconds of a duration that has been checked before. */
export function durationMilliseconds(text: Duration): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new RangeError(`not a duration: ${JSON.stringify(text)}`);
  return milliseconds;
}

/** A length of time in words, rounded to its largest unit: `3 minutes`. */
export function inWords(milliseconds: number): string {
  return ms(milliseconds, { long: true });
}
