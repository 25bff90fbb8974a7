import { findFaults, raisedFrom, type Fault, type PropertyBag } from "../../../src/lifecycle/inputs";
import { DOMAIN } from "../keyRingOf";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const tenant = { domain: DOMAIN, clientId: "app", clientSecret: "s3cr3t" };
const FLAG_ON = { revokePrevious: true };
const baselines = [{ generation: 5, from: 4, kid: "current", at: "2026-03-10T11:00:00.000Z" }];

function faultsOf(which: "intent" | "rotation", olds: PropertyBag, news: PropertyBag): Fault[] {
  return findFaults(which, olds, { tenant, ...news }, { config: () => undefined, environment: {} });
}

const ACCIDENT = (generation: number): Fault => ({
  property: "revokePrevious",
  reason:
    `generation ${generation} would retire the current key and revoke it in the same update, ending every session that it signed; ` +
    'set gracePeriod (for example "24h") so that it is revoked once its tokens have expired, ' +
    "or, in an emergency, name the key in revokeNow: { kid, reason }",
});

interface Change {
  rule: string;
  olds: PropertyBag;
  news: PropertyBag;
}

/** Updates that would retire a key while the flag is on, without a grace period. */
const accidents: Change[] = [
  { rule: "a raise", olds: { generation: 4, ...FLAG_ON }, news: { generation: 5, ...FLAG_ON } },
  { rule: "a raise by several", olds: { generation: 4 }, news: { generation: 9, ...FLAG_ON } },
  {
    rule: "a raise that takes the grace period away",
    olds: { generation: 4, ...FLAG_ON, gracePeriod: "24h" },
    news: { generation: 5, ...FLAG_ON },
  },
  {
    rule: "a raise with a grace period of null",
    olds: { generation: 4 },
    news: { generation: 5, ...FLAG_ON, gracePeriod: null },
  },
  { rule: "a first generation", olds: {}, news: { generation: 1, ...FLAG_ON } },
];

/** Updates that retire nothing, or revoke nothing that they retire by accident. */
const deliberate: Change[] = [
  {
    rule: "a raise with a grace period",
    olds: { generation: 4, ...FLAG_ON },
    news: { generation: 5, ...FLAG_ON, gracePeriod: "24h" },
  },
  {
    rule: "a raise with a grace period that is not known yet",
    olds: { generation: 4, ...FLAG_ON },
    news: { generation: 5, ...FLAG_ON, gracePeriod: UNKNOWN },
  },
  {
    rule: "a raise that names the key",
    olds: { generation: 4, ...FLAG_ON },
    news: { generation: 5, ...FLAG_ON, revokeNow: { kid: "current", reason: "leaked" } },
  },
  { rule: "a raise without the flag", olds: { generation: 4 }, news: { generation: 5 } },
  {
    rule: "a raise that turns the flag off",
    olds: { generation: 4, ...FLAG_ON },
    news: { generation: 5, revokePrevious: false },
  },
  {
    rule: "turning the flag on at an unchanged generation, without grace",
    olds: { generation: 5 },
    news: { generation: 5, ...FLAG_ON },
  },
  { rule: "adopting the ring with the flag on", olds: {}, news: { generation: 0, ...FLAG_ON } },
  {
    rule: "a generation that is taken as carried out, with the flag on",
    olds: {},
    news: { generation: 7, ...FLAG_ON },
  },
  {
    rule: "a generation that is not known yet",
    olds: { generation: 4 },
    news: { generation: UNKNOWN, ...FLAG_ON },
  },
];

describe.each(["intent", "rotation"] as const)("the check of the %s", (which) => {
  test.each(accidents)(
    "refuses to retire and revoke in one update, with both ways out: $rule",
    ({ olds, news }) => {
      expect(faultsOf(which, olds, news)).toEqual([ACCIDENT(Number(news["generation"]))]);
    },
  );
  test.each(deliberate)("passes $rule", ({ olds, news }) => {
    expect(faultsOf(which, olds, news)).toEqual([]);
  });
  test("tells an accident along with the other faults", () => {
    const faults = faultsOf(which, { generation: 4 }, { generation: 5, ...FLAG_ON, verifyTimeout: "soon" });
    expect(faults.map((fault) => fault.property).sort()).toEqual(["revokePrevious", "verifyTimeout"]);
  });
});

describe("a generation without state that rotates because expectedCurrentKid names the current key", () => {
  test("is refused with the flag on and no grace", () => {
    const news = { generation: 7, ...FLAG_ON, expectedCurrentKid: "current" };
    expect(faultsOf("intent", {}, news)).toEqual([ACCIDENT(7)]);
  });
  test("is refused by the rotation, too, if the flag came on after its intent was recorded and it did not start", () => {
    expect(faultsOf("rotation", {}, { generation: 5, ...FLAG_ON, baselines })).toEqual([ACCIDENT(5)]);
  });
  test("passes with a grace period", () => {
    const news = { generation: 7, ...FLAG_ON, gracePeriod: "24h", expectedCurrentKid: "current" };
    expect(faultsOf("intent", {}, news)).toEqual([]);
  });
});

describe("what policies are told a raise comes from", () => {
  test.each<[string, PropertyBag, PropertyBag, number | undefined]>([
    ["a raise", { generation: 4 }, { generation: 5 }, 4],
    ["a raise by several", { generation: 4 }, { generation: 9 }, 4],
    ["a first generation", {}, { generation: 1 }, 0],
    ["a later one that rotates if it names the key", {}, { generation: 7, expectedCurrentKid: "current" }, 0],
    ["a later one that is taken as carried out", {}, { generation: 7 }, undefined],
    ["adopting the ring", {}, { generation: 0 }, undefined],
    ["no raise", { generation: 5 }, { generation: 5 }, undefined],
    ["a raise that is taken back", { generation: 5 }, { generation: 4 }, undefined],
    ["a generation that is not known yet", { generation: 4 }, { generation: UNKNOWN }, undefined],
  ])("%s", (_, olds, news, from) => {
    expect(raisedFrom(olds, news)).toBe(from);
  });
});

describe("lowering", () => {
  test("is refused by the rotation, whatever the step", () => {
    expect(faultsOf("rotation", { generation: 5 }, { generation: 2 })).toEqual([
      {
        property: "generation",
        reason: "generation 2 was given, but rotation 5 cannot be undone: keep 5, or raise to 6",
      },
    ]);
  });
  test("is left to the update by the intent, which alone knows whether the raise was carried out", () => {
    expect(faultsOf("intent", { generation: 5 }, { generation: 4 })).toEqual([]);
  });
  test("to something that is no generation is one fault", () => {
    expect(faultsOf("rotation", { generation: 5 }, { generation: -1 })).toHaveLength(1);
  });
});

test("the rotation takes no minKeyAge: that refusal is its intent's", () => {
  expect(faultsOf("rotation", {}, { generation: 1, minKeyAge: "1h" })).toHaveLength(1);
  expect(faultsOf("intent", {}, { generation: 1, minKeyAge: "1h" })).toEqual([]);
});
