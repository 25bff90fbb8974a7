import {
  deriveGrace,
  derivedGrace,
  dueDate,
  longerDerivation,
  seenLifetimes,
} from "../../../src/lifecycle/gracePeriod";
import { plan, retire, withDueDates } from "../../../src/lifecycle/plan";
import type { TokenLifetimes } from "../../../src/tenant/tokenLifetimes";
import { desiredOf, keyRingOf, NOW, recordedOf } from "../keyRingOf";

const HOUR = 3_600;
const RETIRED_AT = "2026-03-10T00:00:00.000Z";
const lifetimes = (accessTokenSeconds: number, idTokenSeconds = 0): TokenLifetimes => ({
  accessTokenSeconds,
  accessTokenOf: `api of ${accessTokenSeconds}`,
  idTokenSeconds,
  idTokenOf: `app of ${idTokenSeconds}`,
});
/** One hour of cache and five minutes of skew on top of the longer lifetime. */
const derived = (...of: Parameters<typeof lifetimes>) => deriveGrace(lifetimes(...of), "1h");

test.each([
  ["the access token's lifetime where that is longer", [24 * HOUR, 10 * HOUR], 25],
  ["the ID token's lifetime where that is longer", [2 * HOUR, 10 * HOUR], 11],
] as const)("the derived grace is %s, plus cache allowance and clock skew", (_, [access, id], hours) => {
  expect(derivedGrace(derived(access, id))).toBe((hours * HOUR + 300) * 1000);
});

describe("the due date", () => {
  const IN_25_HOURS = "2026-03-11T01:05:00.000Z";
  const derivation = derived(24 * HOUR);
  test.each([
    ["auto sets it by what is known now", {}, { revokeDueAt: IN_25_HOURS, derivedFrom: derivation }],
    [
      "auto goes by the derivation on record, whatever is known now",
      { derivedFrom: derived(48 * HOUR) },
      { revokeDueAt: "2026-03-12T01:05:00.000Z", derivedFrom: derived(48 * HOUR) },
    ],
    [
      "auto never brings a date forward",
      { revokeDueAt: "2026-04-01T00:00:00.000Z" },
      { revokeDueAt: "2026-04-01T00:00:00.000Z", derivedFrom: derivation },
    ],
    [
      "auto puts off a date that was too early",
      { revokeDueAt: "2026-03-10T01:00:00.000Z" },
      { revokeDueAt: IN_25_HOURS, derivedFrom: derivation },
    ],
  ])("%s", (_, recorded, expected) => {
    expect(dueDate({ retiredAt: RETIRED_AT, ...recorded }, "auto", derivation)).toEqual(expected);
  });

  test("stays unknown under auto while nothing is known, and the key is not revoked for want of it", () => {
    const recorded = recordedOf({ retired: [{ kid: "old", generation: 4, retiredAt: RETIRED_AT }] });
    const desired = desiredOf({ revokePrevious: true, gracePeriod: "auto" });
    expect(withDueDates(recorded, desired)).toEqual(recorded.retired);
    expect(plan(keyRingOf({ previous: ["old"] }), recorded, desired, new Date(NOW))).toEqual([]);
  });

  test("an explicit grace period brings a derived date forward", () => {
    const recorded = { retiredAt: RETIRED_AT, revokeDueAt: IN_25_HOURS, derivedFrom: derivation };
    expect(dueDate(recorded, "1h")).toEqual({
      revokeDueAt: "2026-03-10T01:00:00.000Z",
      derivedFrom: derivation,
    });
  });

  test("taking auto away changes none", () => {
    const recorded = { revokeDueAt: IN_25_HOURS, derivedFrom: derivation };
    expect(dueDate({ retiredAt: RETIRED_AT, ...recorded }, undefined)).toEqual(recorded);
  });
});

describe("the longest lifetime seen while the key was current counts", () => {
  test("a lower one seen later changes nothing, a longer one does; another current key begins anew", () => {
    const first = seenLifetimes(undefined, "a", lifetimes(10, 5));
    expect(first).toEqual({ kid: "a", ...lifetimes(10, 5) });
    expect(seenLifetimes(first, "a", lifetimes(1, 1))).toEqual(first);
    expect(seenLifetimes(first, "a", lifetimes(1, 7))).toMatchObject({ ...lifetimes(10, 7), kid: "a" });
    expect(seenLifetimes(first, "b", lifetimes(1, 1))).toEqual({ kid: "b", ...lifetimes(1, 1) });
  });

  test("of the raise's derivation and the rotation's own record, the longer sets the due date", () => {
    const recorded = recordedOf({ tokenLifetimes: { kid: "old", ...lifetimes(24 * HOUR) } });
    const desired = desiredOf({ gracePeriod: "auto", jwksCacheAllowance: "1h" });
    const baseline = { kid: "old", generation: 5, at: RETIRED_AT, derivedFrom: derived(HOUR) };
    const ring = keyRingOf({ previous: [{ kid: "old", until: RETIRED_AT }] });
    expect(retire(ring, baseline, recorded, desired)).toEqual({
      kid: "old",
      generation: 5,
      retiredAt: RETIRED_AT,
      revokeDueAt: "2026-03-11T01:05:00.000Z",
      derivedFrom: derived(24 * HOUR),
    });
    expect(longerDerivation(derived(48 * HOUR), derived(HOUR))).toEqual(derived(48 * HOUR));
    expect(longerDerivation(undefined, derived(HOUR))).toEqual(derived(HOUR));
  });
});
