import { plan, withDueDates, type Step, type ThisUpdate } from "../../../src/lifecycle/plan";
import type { DesiredRotation } from "../../../src/lifecycle/inputs";
import type { Recorded, RetiredKey } from "../../../src/lifecycle/state";
import { desiredOf, keyRingOf, NOW, recordedOf, type RingSpec } from "../keyRingOf";

const RETIRED_AT = "2026-03-10T00:00:00.000Z";
const BEFORE_NOW = "2026-03-10T11:59:59.999Z";
const AFTER_NOW = "2026-03-10T12:00:00.001Z";

function retired(kid: string, given: Partial<RetiredKey> = {}): RetiredKey {
  return { kid, generation: 4, retiredAt: RETIRED_AT, ...given };
}

const revokeOld: Step = { kind: "revoke", kid: "old", cause: "due" };
const FLAG_ON = { revokePrevious: true };

interface Rule {
  rule: string;
  ring?: RingSpec;
  recorded: Partial<Recorded>;
  desired: Partial<DesiredRotation>;
  thisUpdate?: ThisUpdate;
  steps: Step[];
}

const due: Rule[] = [
  {
    rule: "revokes only after grace: not a millisecond before",
    recorded: { retired: [retired("old", { revokeDueAt: AFTER_NOW })] },
    desired: FLAG_ON,
    steps: [],
  },
  {
    rule: "revokes once grace is over",
    recorded: { retired: [retired("old", { revokeDueAt: NOW })] },
    desired: FLAG_ON,
    steps: [revokeOld],
  },
  {
    rule: "revokes each key when it is due, not the others",
    ring: { previous: ["older", "old"] },
    recorded: {
      retired: [
        retired("older", { revokeDueAt: BEFORE_NOW }),
        retired("old", { revokeDueAt: "2026-03-11T00:00:00.000Z" }),
      ],
    },
    desired: FLAG_ON,
    steps: [{ kind: "revoke", kid: "older", cause: "due" }],
  },
  {
    rule: "turning the flag on later, without a grace period, revokes in that update",
    recorded: { retired: [retired("old")] },
    desired: FLAG_ON,
    steps: [revokeOld],
  },
  {
    rule: "turning the flag on later, with a grace period, counts it from the retirement",
    recorded: { retired: [retired("old")] },
    desired: { ...FLAG_ON, gracePeriod: "24h" },
    steps: [],
  },
  {
    rule: "nothing is revoked without the flag, however long due",
    recorded: { retired: [retired("old", { revokeDueAt: BEFORE_NOW })] },
    desired: {},
    steps: [],
  },
  {
    rule: "a revoked key is done: turning the flag off and on again does nothing",
    ring: { previous: [], revoked: ["old"] },
    recorded: { retired: [retired("old", { revokedAt: BEFORE_NOW })] },
    desired: FLAG_ON,
    steps: [],
  },
  {
    rule: "a key retired in this update is never revoked by the flag",
    recorded: { retired: [retired("old")] },
    desired: FLAG_ON,
    thisUpdate: { retired: new Set(["old"]), crossed: false },
    steps: [],
  },
  {
    rule: "a key retired in this update is never revoked by the flag, even if it is due",
    recorded: { retired: [retired("old", { revokeDueAt: BEFORE_NOW })] },
    desired: FLAG_ON,
    thisUpdate: { retired: new Set(["old"]), crossed: false },
    steps: [],
  },
];

const others: Rule[] = [
  {
    rule: "foreign keys are never planned",
    ring: { previous: ["theirs"], revoked: ["theirs too"] },
    recorded: {},
    desired: FLAG_ON,
    steps: [],
  },
  {
    rule: "a key on record as retired that is current is never revoked",
    ring: { previous: [] },
    recorded: { retired: [retired("current", { revokeDueAt: BEFORE_NOW })] },
    desired: FLAG_ON,
    steps: [],
  },
  {
    rule: "a key on record as retired that is next is never revoked",
    ring: { previous: [] },
    recorded: { retired: [retired("next", { revokeDueAt: BEFORE_NOW })] },
    desired: FLAG_ON,
    steps: [],
  },
  {
    rule: "a key that somebody else has revoked is noted without a call, even without the flag",
    ring: { previous: [], revoked: [{ kid: "old", revokedAt: BEFORE_NOW }] },
    recorded: { retired: [retired("old")] },
    desired: {},
    steps: [{ kind: "note-revoked", kid: "old", revokedAt: BEFORE_NOW }],
  },
  {
    rule: "a revocation of which Auth0 gives no date is noted as of now",
    ring: { previous: [], revoked: ["old"] },
    recorded: { retired: [retired("old")] },
    desired: FLAG_ON,
    steps: [{ kind: "note-revoked", kid: "old", revokedAt: NOW }],
  },
  {
    rule: "a retired key that is no longer listed is noted, not asked for again",
    ring: { previous: [] },
    recorded: { retired: [retired("old", { revokeDueAt: BEFORE_NOW })] },
    desired: FLAG_ON,
    steps: [{ kind: "note-revoked", kid: "old", revokedAt: NOW }],
  },
  {
    rule: "a revoked key that the JWKS still shows holds up no other revocation",
    ring: { previous: ["old"], revoked: ["older"] },
    recorded: {
      retired: [retired("older", { revokedAt: BEFORE_NOW }), retired("old", { revokeDueAt: BEFORE_NOW })],
      pending: [{ step: "verify-revocation", kid: "older", since: BEFORE_NOW }],
    },
    desired: FLAG_ON,
    steps: [
      { kind: "revoke", kid: "old", cause: "due" },
      { kind: "verify-revocation", kid: "older" },
    ],
  },
  {
    rule: "if two rotations crossed, nothing is revoked in this update, by flag or by name, and verification goes on",
    ring: { previous: ["old", "former next"] },
    recorded: {
      retired: [retired("old", { revokeDueAt: BEFORE_NOW })],
      pending: [{ step: "verify-rotation", kid: "current", since: NOW }],
    },
    desired: { ...FLAG_ON, revokeNow: { kid: "former next", reason: "leaked" } },
    thisUpdate: { retired: new Set(["former next"]), crossed: true },
    steps: [{ kind: "verify-rotation" }],
  },
];

describe.each([
  ["keys that are due", due],
  ["keys that are not for the flag", others],
])("%s", (_, rules) => {
  test.each(rules)("$rule", ({ ring, recorded, desired, thisUpdate, steps }) => {
    const observed = keyRingOf({ previous: ["old"], ...ring });
    expect(plan(observed, recordedOf(recorded), desiredOf(desired), new Date(NOW), thisUpdate)).toEqual(
      steps,
    );
  });
});

test("turning the flag off and on again does nothing to a key that is not yet due", () => {
  const recorded = recordedOf({ retired: [retired("old", { revokeDueAt: AFTER_NOW })] });
  const ring = keyRingOf({ previous: ["old"] });
  const planned = [true, false, true].map((revokePrevious) =>
    plan(ring, recorded, desiredOf({ revokePrevious }), new Date(NOW)),
  );
  expect(planned).toEqual([[], [], []]);
});

describe("due dates", () => {
  const IN_A_DAY = "2026-03-11T00:00:00.000Z";
  const cases: {
    rule: string;
    key: Partial<RetiredKey>;
    gracePeriod?: string;
    revokeDueAt: string | undefined;
  }[] = [
    {
      rule: "an explicit shorter grace brings one forward",
      key: { revokeDueAt: IN_A_DAY },
      gracePeriod: "6h",
      revokeDueAt: "2026-03-10T06:00:00.000Z",
    },
    { rule: "taking grace away never does", key: { revokeDueAt: IN_A_DAY }, revokeDueAt: IN_A_DAY },
    {
      rule: "an unchanged grace changes nothing",
      key: { revokeDueAt: IN_A_DAY },
      gracePeriod: "24h",
      revokeDueAt: IN_A_DAY,
    },
    {
      rule: "a longer grace puts one off",
      key: { revokeDueAt: IN_A_DAY },
      gracePeriod: "2d",
      revokeDueAt: "2026-03-12T00:00:00.000Z",
    },
    {
      rule: "a grace given later is counted from the retirement",
      key: {},
      gracePeriod: "24h",
      revokeDueAt: IN_A_DAY,
    },
    { rule: "no grace, no due date", key: {}, revokeDueAt: undefined },
    {
      rule: "that of a revoked key stays as it is",
      key: { revokeDueAt: IN_A_DAY, revokedAt: BEFORE_NOW },
      gracePeriod: "6h",
      revokeDueAt: IN_A_DAY,
    },
  ];
  test.each(cases)("$rule", ({ key, gracePeriod, revokeDueAt }) => {
    const desired = desiredOf({ revokePrevious: true, ...(gracePeriod !== undefined && { gracePeriod }) });
    const [after] = withDueDates({ retired: [retired("old", key)] }, desired);
    expect(after).toEqual(retired("old", { ...key, ...(revokeDueAt !== undefined && { revokeDueAt }) }));
  });

  test("a date brought forward revokes in that update", () => {
    const recorded = recordedOf({ retired: [retired("old", { revokeDueAt: IN_A_DAY })] });
    const desired = desiredOf({ revokePrevious: true, gracePeriod: "6h" });
    expect(plan(keyRingOf({ previous: ["old"] }), recorded, desired, new Date(NOW))).toEqual([revokeOld]);
  });
});
