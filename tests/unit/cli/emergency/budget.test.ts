import { budgetRefusal } from "../../../../src/cli/emergency/budget";
import type { CompromisedKey } from "../../../../src/cli/emergency/compromised";
import { DOMAIN, keyRingOf, NOW } from "../../keyRingOf";
import { receiptOf, requestOf } from "./requestOf";

const CURRENT: CompromisedKey[] = [{ kid: "current", state: "current" }];
const BOTH: CompromisedKey[] = [...CURRENT, { kid: "next", state: "next" }];
const HALF: CompromisedKey[] = [
  { kid: "first", state: "revoked" },
  { kid: "current", state: "current" },
];

/** A ring after so many rotations, an hour apart, the last one an hour ago. */
function ringAfter(rotations: number) {
  const since = (hours: number): string => new Date(Date.parse(NOW) - hours * 3_600_000).toISOString();
  return keyRingOf({
    current: { kid: "current", since: since(rotations === 0 ? 720 : 1) },
    revoked: Array.from({ length: Math.max(rotations - 1, 0) }, (_, index) => ({
      kid: `revoked ${index}`,
      since: since(index + 2),
    })),
  });
}

test.each<[string, number, CompromisedKey[]]>([
  ["one rotation where one is left", 4, CURRENT],
  ["two where two are left", 3, BOTH],
  ["one for the rest of both", 4, HALF],
  ["none for what is only to be revoked", 5, [{ kid: "previous", state: "previous" }]],
])("lets pass %s", (_, used, keys) => {
  expect(budgetRefusal(ringAfter(used), keys, requestOf())).toBeUndefined();
});

test("lets everything pass with --ignore-budget: Auth0 decides", () => {
  expect(budgetRefusal(ringAfter(5), BOTH, requestOf({ ignoreBudget: true }))).toBeUndefined();
});

const LATER = "2026-03-11T08:00:00.000Z";

test("refuses both where one is left, and says how to do them one by one", () => {
  const error = budgetRefusal(ringAfter(4), BOTH, requestOf({ compromised: "both" }));
  const one = `auth0-signing-keys emergency --tenant ${DOMAIN} --compromised current --reason leaked --kid`;
  expect(error?.code).toBe("budget_spent");
  expect(error?.message).toBe(
    `emergency on ${DOMAIN}: it takes 2 rotations, and of Auth0's 5 a day 1 is left at most (4 in the last 24 hours); ` +
      `rotate and revoke the current key now: ${one} current; and the other one from ${LATER} on: ` +
      `${one} next --receipt ./auth0-emergency-${DOMAIN}-second.json; ` +
      "or add --ignore-budget to let Auth0 decide; nothing was done [budget_spent]",
  );
});

test("refuses to go on with both where one is left, and doesn't begin anything else instead", () => {
  const error = budgetRefusal(ringAfter(4), BOTH, requestOf({ compromised: "both" }), receiptOf());
  expect(error?.message).toContain(
    `left at most (4 in the last 24 hours); run it again from ${LATER} on; or add --ignore-budget`,
  );
});

test.each<[string, number, CompromisedKey[], string]>([
  [
    "the current key where none is left",
    5,
    CURRENT,
    "it takes 1 rotation, and of Auth0's 5 a day 0 are left",
  ],
  ["both where none is left", 5, BOTH, "it takes 2 rotations, and of Auth0's 5 a day 0 are left"],
  ["the rest of both", 5, HALF, "it takes 1 rotation, and of Auth0's 5 a day 0 are left"],
])("refuses %s, and says when to run it again", (_, used, keys, words) => {
  const error = budgetRefusal(ringAfter(used), keys, requestOf());
  expect(error?.message).toContain(words);
  expect(error?.message).toMatch(
    /; run it again from 2026-03-11T0[78]:00:00\.000Z on; or add --ignore-budget/,
  );
});
