import { durationMilliseconds, parseDuration, type Duration } from "./duration";

/** When a tenant's signing keys are to be rotated without anybody editing the program. */
export interface RotationSchedule {
  /** The time from one rotation to the next: a day or more, such as `"90d"`. */
  every: Duration;
  /**
   * When the schedule begins, in ISO 8601: a date (midnight, UTC), or a date and a time with an offset from UTC. The
   * first rotation falls due once `every` has passed from then. Never move it, or the generation may fall.
   */
  since: string;
  /** How many rotations came on top of the schedule, in emergencies: each adds one for good. Default: 0. */
  extra?: number;
}

const LEAST_EVERY: Duration = "1d";
/** A date, or a date and a time whose offset is given: without one it would mean another moment on each machine. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * The generation that a schedule has come to: how often `every` has passed since `since`, and `extra`. It depends on
 * nothing but its arguments, and never falls while time goes on. However many generations fall due between two updates,
 * the next update rotates once.
 *
 * @param now the moment that counts (default: now, by this machine's clock). A pipeline that must carry out exactly what
 *   was previewed gives the same moment to both, such as that of the commit.
 * @returns 0, as long as the first rotation isn't due and there was no extra one
 * @throws RangeError with every fault of the schedule
 */
export function generationFromSchedule(schedule: RotationSchedule, now: Date = new Date()): number {
  const { extra = 0 } = schedule;
  const every = parseDuration(schedule.every);
  const since = readMoment(schedule.since);
  const faults = [
    ...(every === undefined || every < durationMilliseconds(LEAST_EVERY)
      ? [`every: given ${JSON.stringify(schedule.every)}; allowed: a duration of at least ${LEAST_EVERY}`]
      : []),
    ...(Number.isNaN(since)
      ? [
          `since: given ${JSON.stringify(schedule.since)}; allowed: "2026-01-31" (in YAML with its quotes), or "2026-01-31T06:00:00Z" with Z or an offset`,
        ]
      : []),
    ...(Number.isSafeInteger(extra) && extra >= 0
      ? []
      : [`extra: given ${String(extra)}; allowed: a whole number from 0 on`]),
    ...(Number.isNaN(now.getTime()) ? ["now: it is no date"] : []),
  ];
  if (every === undefined || faults.length > 0) {
    throw new RangeError(`reading the rotation schedule: ${faults.join("; ")} [invalid_input]`);
  }
  return Math.max(0, Math.floor((now.getTime() - since) / every)) + extra;
}

/** @returns not a number, if it is no moment or names a day that its month doesn't have */
function readMoment(text: string): number {
  const day = MOMENT.exec(text)?.[1] ?? "";
  const midnight = new Date(day);
  // `Date` takes the 30th of February for the 2nd of March.
  const exists = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
  return exists ? Date.parse(text) : Number.NaN;
}
