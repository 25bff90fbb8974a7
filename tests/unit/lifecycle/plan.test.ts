import { plan, type Step } from "../../../src/lifecycle/plan";
import type { DesiredRotation } from "../../../src/lifecycle/inputs";
import { NOTHING_RECORDED, type Baseline, type Recorded } from "../../../src/lifecycle/state";
import { desiredOf, keyRingOf, NOW, recordedOf, type RingSpec } from "../keyRingOf";

const RECORDED_AT = "2026-03-10T11:00:00.000Z";
const SWITCHED_AT = "2026-03-10T11:30:00.000Z";

function raise(from: number, generation: number, kid: string): Baseline {
  return { generation, from, kid, at: RECORDED_AT };
}

function adopt(kid: string, generation: number, dates: Record<string, string> = {}): Step {
  return { kind: "adopt", retired: { kid, generation, retiredAt: SWITCHED_AT, ...dates } };
}

interface Rule {
  rule: string;
  ring?: RingSpec;
  recorded?: Partial<Recorded>;
  desired: Partial<DesiredRotation>;
  steps: Step[];
}

/** A ring in which a rotation has made `current` current half an hour after the raise was recorded. */
const rotatedSince: RingSpec = { current: { kid: "current", since: SWITCHED_AT }, previous: ["old"] };

const rotation: Rule[] = [
  {
    rule: "generation 0 adopts the ring as it is",
    recorded: NOTHING_RECORDED,
    ring: { previous: ["theirs"] },
    desired: { generation: 0 },
    steps: [],
  },
  {
    rule: "generation 1 rotates once at creation",
    recorded: NOTHING_RECORDED,
    desired: { generation: 1, baselines: [raise(0, 1, "current")] },
    steps: [{ kind: "rotate", generation: 1, kid: "current" }],
  },
  {
    rule: "a raise rotates once",
    desired: { generation: 5, baselines: [raise(4, 5, "current")] },
    steps: [{ kind: "rotate", generation: 5, kid: "current" }],
  },
  {
    rule: "a raise by several rotates once, whatever the step",
    desired: { generation: 9, baselines: [raise(4, 9, "current")] },
    steps: [{ kind: "rotate", generation: 9, kid: "current" }],
  },
  {
    rule: "an adopted key keeps the grace period of its raise, though none is given any more",
    recorded: NOTHING_RECORDED,
    ring: rotatedSince,
    desired: { generation: 5, baselines: [{ ...raise(4, 5, "old"), gracePeriod: "24h" }] },
    steps: [adopt("old", 5, { revokeDueAt: "2026-03-11T11:30:00.000Z" }), { kind: "reach", generation: 5 }],
  },
  { rule: "an unchanged generation plans nothing", desired: { generation: 4 }, steps: [] },
  { rule: "lowering plans nothing", desired: { generation: 3 }, steps: [] },
  {
    rule: "lowering plans nothing, whatever raises are on record",
    ring: rotatedSince,
    desired: { generation: 3, baselines: [raise(2, 3, "old"), raise(3, 4, "current")] },
    steps: [],
  },
  {
    rule: "a generation of which no raise is on record is taken as carried out",
    recorded: NOTHING_RECORDED,
    desired: { generation: 7 },
    steps: [{ kind: "reach", generation: 7 }],
  },
  {
    rule: "a baseline of a generation that is carried out rotates nothing",
    desired: { generation: 4, baselines: [raise(3, 4, "current")] },
    steps: [],
  },
  {
    rule: "a baseline of a generation that is carried out is not adopted with the next raise",
    ring: rotatedSince,
    desired: { generation: 5, baselines: [raise(3, 4, "old"), raise(4, 5, "current")] },
    steps: [{ kind: "rotate", generation: 5, kid: "current" }],
  },
];

const adoption: Rule[] = [
  {
    rule: "a list that shows as next what was current before is out of date: nothing is adopted by it",
    ring: { current: "older", next: "old" },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [{ kind: "list-again", kid: "old" }],
  },
  {
    rule: "a baseline that is no longer current is adopted, not rotated again",
    ring: rotatedSince,
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5), { kind: "reach", generation: 5 }],
  },
  {
    rule: "the same holds at creation",
    ring: rotatedSince,
    recorded: NOTHING_RECORDED,
    desired: { generation: 1, baselines: [raise(0, 1, "old")] },
    steps: [adopt("old", 1), { kind: "reach", generation: 1 }],
  },
  {
    rule: "two baselines of one killed raise and the one that followed are both adopted",
    ring: { current: { kid: "current", since: SWITCHED_AT }, previous: ["older", "old"] },
    desired: { generation: 6, baselines: [raise(4, 5, "older"), raise(5, 6, "old")] },
    steps: [adopt("older", 5), adopt("old", 6), { kind: "reach", generation: 6 }],
  },
  {
    rule: "two baselines of one killed raise and one that has not happened: the first is adopted, the second rotated",
    ring: rotatedSince,
    desired: { generation: 6, baselines: [raise(4, 5, "old"), raise(5, 6, "current")] },
    steps: [adopt("old", 5), { kind: "rotate", generation: 6, kid: "current" }],
  },
  {
    rule: "two raises recorded from the same key rotate once",
    desired: { generation: 6, baselines: [raise(4, 5, "current"), raise(5, 6, "current")] },
    steps: [{ kind: "rotate", generation: 6, kid: "current" }],
  },
  {
    rule: "two raises recorded from the same key adopt it once",
    ring: rotatedSince,
    desired: { generation: 6, baselines: [raise(4, 5, "old"), raise(5, 6, "old")] },
    steps: [adopt("old", 5), { kind: "reach", generation: 6 }],
  },
  {
    rule: "a key that is on record as retired is not retired twice",
    ring: rotatedSince,
    recorded: { retired: [{ kid: "old", generation: 5, retiredAt: SWITCHED_AT }] },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [{ kind: "reach", generation: 5 }],
  },
  {
    rule: "an adopted key is due after the grace period",
    ring: rotatedSince,
    desired: { generation: 5, gracePeriod: "24h", baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5, { revokeDueAt: "2026-03-11T11:30:00.000Z" }), { kind: "reach", generation: 5 }],
  },
  {
    rule: "an adopted key that somebody has revoked is adopted as revoked",
    ring: {
      current: { kid: "current", since: SWITCHED_AT },
      revoked: [{ kid: "old", revokedAt: "2026-03-10T11:45:00.000Z" }],
    },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5, { revokedAt: "2026-03-10T11:45:00.000Z" }), { kind: "reach", generation: 5 }],
  },
  {
    rule: "a baseline whose key is no longer listed is adopted, so that no key is forgotten",
    ring: { current: { kid: "current", since: SWITCHED_AT } },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5), { kind: "reach", generation: 5 }],
  },
];

const retirement: Rule[] = [
  {
    rule: "a key retired when Auth0 says that it ceased to be current",
    ring: {
      current: { kid: "current", since: SWITCHED_AT },
      previous: [{ kid: "old", until: "2026-03-10T11:20:00.000Z" }],
    },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5, { retiredAt: "2026-03-10T11:20:00.000Z" }), { kind: "reach", generation: 5 }],
  },
  {
    rule: "a key retired when its successor became current, where Auth0 gives no other date",
    ring: rotatedSince,
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5), { kind: "reach", generation: 5 }],
  },
  {
    rule: "a key retired now at the latest, where Auth0 gives no date",
    ring: { previous: ["old"] },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5, { retiredAt: NOW }), { kind: "reach", generation: 5 }],
  },
  {
    rule: "a key never retired before its raise was recorded: a date from before is not believed",
    ring: {
      current: { kid: "current", since: "2026-01-01T00:00:00.000Z" },
      previous: [{ kid: "old", until: "2026-01-01T00:00:00.000Z" }],
    },
    desired: { generation: 5, baselines: [raise(4, 5, "old")] },
    steps: [adopt("old", 5, { retiredAt: NOW }), { kind: "reach", generation: 5 }],
  },
];

const order: Rule[] = [
  {
    rule: "what is pending goes on without a raise, each step by itself",
    desired: {},
    recorded: {
      pending: [
        { step: "verify-rotation", kid: "current", since: RECORDED_AT },
        { step: "verify-revocation", kid: "gone", since: RECORDED_AT },
      ],
    },
    steps: [{ kind: "verify-rotation" }, { kind: "verify-revocation", kid: "gone" }],
  },
  {
    rule: "it rotates, then verifies, then revokes, in that order",
    ring: { previous: ["old"] },
    recorded: {
      retired: [{ kid: "old", generation: 4, retiredAt: "2026-03-01T00:00:00.000Z" }],
      pending: [{ step: "verify-rotation", kid: "current", since: RECORDED_AT }],
    },
    desired: {
      generation: 5,
      revokePrevious: true,
      gracePeriod: "24h",
      baselines: [raise(4, 5, "current")],
    },
    steps: [
      { kind: "rotate", generation: 5, kid: "current" },
      { kind: "verify-rotation" },
      { kind: "revoke", kid: "old", cause: "due" },
    ],
  },
];

describe.each([
  ["rotation", rotation],
  ["adoption of a rotation that has happened", adoption],
  ["the date of retirement", retirement],
  ["order", order],
])("%s", (_, rules) => {
  test.each(rules)("$rule", ({ ring, recorded, desired, steps }) => {
    expect(plan(keyRingOf(ring), recordedOf(recorded), desiredOf(desired), new Date(NOW))).toEqual(steps);
  });
});
