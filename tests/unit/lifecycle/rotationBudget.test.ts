import { rotationBudget } from "../../../src/lifecycle/rotationBudget";
import { keyRingOf, NOW } from "../keyRingOf";

const DAY = 24 * 60 * 60 * 1000;
const hoursAgo = (hours: number): string => new Date(Date.parse(NOW) - hours * 3_600_000).toISOString();

/** A ring whose keys became current so many hours ago, the current one last. */
function ringRotated(...hours: number[]) {
  const [current = 1000, ...others] = [...hours].sort((one, other) => one - other);
  return keyRingOf({
    current: { kid: "current", since: hoursAgo(current) },
    previous: others.slice(0, 1).map((since) => ({ kid: `previous ${since}`, since: hoursAgo(since) })),
    revoked: others.slice(1).map((since) => ({ kid: `revoked ${since}`, since: hoursAgo(since) })),
  });
}

test.each<[string, number[], number, number]>([
  ["an old key has used none", [720], 0, 5],
  ["each key that became current within 24 hours has used one, revoked ones included", [1, 2, 3, 30], 3, 2],
  ["24 hours ago is not within 24 hours", [1, 24], 1, 4],
  ["none are left of five, and of more than five neither", [1, 2, 3, 4, 5, 6], 6, 0],
])("%s", (_, hours, used, left) => {
  expect(rotationBudget(ringRotated(...hours))).toMatchObject({ used, left });
});

test("a key without a date counts as none", () => {
  expect(rotationBudget(keyRingOf({ previous: ["old"] }))).toMatchObject({ used: 0, left: 5 });
});

test.each<[string, number[], number, number]>([
  ["one rotation is there when the first of five is a day old", [1, 2, 3, 4, 5], 1, 5],
  ["two are when the second of five is", [1, 2, 3, 4, 5], 2, 4],
  ["two are when the first of four is", [1, 2, 3, 4], 2, 4],
  ["one is when the second of six is", [1, 2, 3, 4, 5, 6], 1, 5],
])("%s", (_, hours, needed, freedBy) => {
  const freed = Date.parse(hoursAgo(freedBy)) + DAY;
  expect(rotationBudget(ringRotated(...hours)).availableAt(needed)).toEqual(new Date(freed));
});

test("what is left is there now", () => {
  expect(rotationBudget(ringRotated(1, 2, 3)).availableAt(2)).toEqual(new Date(NOW));
});
