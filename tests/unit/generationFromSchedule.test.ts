import fc from "fast-check";
import { generationFromSchedule } from "../../src/generationFromSchedule";

const DAY = 86_400_000;
const SINCE = "2026-01-01";
const START = Date.parse(SINCE);
const every90 = { every: "90d", since: SINCE };
const at = (milliseconds: number): Date => new Date(START + milliseconds);

test.each([
  ["long before it begins", -900 * DAY, 0],
  ["when it begins", 0, 0],
  ["just before the first rotation is due", 90 * DAY - 1, 0],
  ["when it is due", 90 * DAY, 1],
  ["a year on", 365 * DAY, 4],
])("%s", (_, milliseconds, generation) => {
  expect(generationFromSchedule(every90, at(milliseconds))).toBe(generation);
});

test("a date is midnight in UTC, and a time has its own offset", () => {
  const since = "2026-01-01T02:00:00+02:00";
  expect(generationFromSchedule({ every: "1d", since }, at(DAY))).toBe(1);
  expect(generationFromSchedule({ every: "1d", since }, at(DAY - 1))).toBe(0);
});

test("extra rotations count on top, before and after", () => {
  expect(generationFromSchedule({ ...every90, extra: 2 }, at(-1))).toBe(2);
  expect(generationFromSchedule({ ...every90, extra: 2 }, at(180 * DAY))).toBe(4);
});

test("without a moment it is that of this machine", () => {
  const since = new Date(Date.now() - 3 * DAY).toISOString();
  expect(generationFromSchedule({ every: "1d", since })).toBe(3);
});

test("never falls while time goes on and extra rotations are added, and is the same for the same moment", () => {
  const moment = fc.integer({ min: -1_000 * DAY, max: 10_000 * DAY });
  const schedule = fc.record({ days: fc.integer({ min: 1, max: 3_650 }), extra: fc.nat(1_000) });
  fc.assert(
    fc.property(schedule, moment, fc.nat(1_000 * DAY), fc.nat(10), ({ days, extra }, now, later, more) => {
      const given = { every: `${days}d`, since: SINCE, extra };
      const generation = generationFromSchedule(given, at(now));
      expect(generationFromSchedule(given, at(now))).toBe(generation);
      const next = generationFromSchedule({ ...given, extra: extra + more }, at(now + later));
      expect(next).toBeGreaterThanOrEqual(generation + more);
      expect(next - generation - more).toBeLessThanOrEqual(Math.floor(later / (days * DAY)) + 1);
      expect(Number.isSafeInteger(generation)).toBe(true);
    }),
  );
});

test.each([
  ["every", { every: "12h" }, 'every: given "12h"; allowed: a duration of at least 1d'],
  ["every without a unit", { every: "90" }, 'every: given "90"'],
  ["a time that is another one on each machine", { since: "2026-01-01T06:00:00" }, "since: given"],
  ["no day of its month", { since: "2026-02-30" }, "since: given"],
  ["no day of any month", { since: "2026-13-01" }, "since: given"],
  ["a date that is written out", { since: "1 January 2026" }, "since: given"],
  ["a fraction of a rotation", { extra: 0.5 }, "extra: given 0.5; allowed: a whole number from 0 on"],
  ["rotations taken away", { extra: -1 }, "extra: given -1"],
])("refuses %s", (_, change, message) => {
  expect(() => generationFromSchedule({ ...every90, ...change }, at(0))).toThrow(message);
});

test("names every fault at once", () => {
  const wrong = { every: "soon", since: "", extra: Number.NaN };
  expect(() => generationFromSchedule(wrong, new Date(Number.NaN))).toThrow(
    /every: .*; since: .*; extra: .*; now: .*\[invalid_input\]/,
  );
});
