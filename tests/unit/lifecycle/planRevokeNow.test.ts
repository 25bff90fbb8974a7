import { plan, type Step, type ThisUpdate } from "../../../src/lifecycle/plan";
import type { DesiredRotation } from "../../../src/lifecycle/inputs";
import type { Baseline, Recorded, RetiredKey } from "../../../src/lifecycle/state";
import { thrownBy } from "../thrownBy";
import { desiredOf, keyRingOf, NOW, recordedOf, type RingSpec } from "../keyRingOf";

const RETIRED_AT = "2026-03-10T11:30:00.000Z";
const REVOKED_AT = "2026-03-10T11:45:00.000Z";
const old: RetiredKey = { kid: "old", generation: 4, retiredAt: RETIRED_AT };
const raiseFrom = (kid: string): Baseline => ({
  generation: 5,
  from: 4,
  kid,
  at: "2026-03-10T11:00:00.000Z",
});
const revokeByName = (kid: string): Step => ({ kind: "revoke", kid, cause: "revokeNow" });

interface Rule {
  rule: string;
  names: string;
  ring?: RingSpec;
  recorded?: Partial<Recorded>;
  desired?: Partial<DesiredRotation>;
  thisUpdate?: ThisUpdate;
  steps: Step[];
}

const rules: Rule[] = [
  {
    rule: "takes a named key of ours that has dropped off the list as revoked",
    names: "gone",
    recorded: { retired: [{ ...old, kid: "gone" }] },
    steps: [{ kind: "note-revoked", kid: "gone", revokedAt: NOW }, { kind: "note-revoke-now" }],
  },
  {
    rule: "revokes the named previous key without the flag and without grace",
    names: "old",
    recorded: { retired: [{ ...old, revokeDueAt: "2026-04-01T00:00:00.000Z" }] },
    steps: [revokeByName("old")],
  },
  {
    rule: "revokes a named key that somebody else retired",
    names: "theirs",
    ring: { previous: ["theirs"] },
    steps: [revokeByName("theirs")],
  },
  {
    rule: "revokes a named key once, though it is due as well",
    names: "old",
    recorded: { retired: [old] },
    desired: { revokePrevious: true },
    steps: [revokeByName("old")],
  },
  {
    rule: "revokes the named key and, by the flag, the others that are due",
    names: "old",
    ring: { previous: ["old", "older"] },
    recorded: { retired: [{ ...old, kid: "older" }, old] },
    desired: { revokePrevious: true },
    steps: [revokeByName("old"), { kind: "revoke", kid: "older", cause: "due" }],
  },
  {
    rule: "with a raise, revokes the current key once it is retired: the Dashboard's Rotate & Revoke",
    names: "current",
    desired: { generation: 5, baselines: [raiseFrom("current")] },
    steps: [{ kind: "rotate", generation: 5, kid: "current" }, revokeByName("current")],
  },
  {
    rule: "revokes a named key in the very update that retired it",
    names: "old",
    recorded: { generation: 5, retired: [{ ...old, generation: 5 }] },
    desired: { generation: 5, baselines: [raiseFrom("old")] },
    thisUpdate: { retired: new Set(["old"]), crossed: false },
    steps: [revokeByName("old")],
  },
  {
    rule: "first records a rotation that a killed update had done, whatever the named key is",
    names: "nobody",
    ring: { current: { kid: "current", since: RETIRED_AT }, previous: ["old"] },
    desired: { generation: 5, baselines: [raiseFrom("old")] },
    steps: [
      { kind: "adopt", retired: { ...old, generation: 5 } },
      { kind: "reach", generation: 5 },
    ],
  },
  {
    rule: "takes a key that is revoked already as done, without a call",
    names: "old",
    ring: { previous: [], revoked: [{ kid: "old", revokedAt: REVOKED_AT }] },
    recorded: { retired: [old] },
    steps: [{ kind: "note-revoked", kid: "old", revokedAt: REVOKED_AT }, { kind: "note-revoke-now" }],
  },
  {
    rule: "takes somebody else's key that is revoked already as done, without a call",
    names: "theirs",
    ring: { previous: [], revoked: ["theirs"] },
    steps: [{ kind: "note-revoke-now" }],
  },
  {
    rule: "does nothing more once it has been carried out, though it stays in the program",
    names: "old",
    ring: { previous: [], revoked: ["old"] },
    recorded: {
      retired: [{ ...old, revokedAt: REVOKED_AT }],
      revokeNow: { kid: "old", reason: "worded otherwise" },
    },
    steps: [],
  },
];

test.each(rules)("$rule", ({ names, ring, recorded, desired, thisUpdate, steps }) => {
  const observed = keyRingOf({ previous: ["old"], ...ring });
  const wanted = desiredOf({ ...desired, revokeNow: { kid: names, reason: "leaked" } });
  expect(plan(observed, recordedOf(recorded), wanted, new Date(NOW), thisUpdate)).toEqual(steps);
});

const refusals: {
  rule: string;
  names: string;
  desired?: Partial<DesiredRotation>;
  observation: string;
  remedy: string;
}[] = [
  {
    rule: "refuses the current key without a raise",
    names: "current",
    observation: "it is the current key",
    remedy: "raise generation in the same update, so that it is retired first",
  },
  {
    rule: "refuses the next key",
    names: "next",
    observation: "it is the next key",
    remedy: "raise generation twice: once to make it current, once to retire it",
  },
  {
    rule: "refuses the next key with a raise, too",
    names: "next",
    desired: { generation: 5, baselines: [raiseFrom("current")] },
    observation: "it is the next key",
    remedy: "raise generation twice: once to make it current, once to retire it",
  },
  {
    rule: "refuses a key that the tenant doesn't list",
    names: "nobody",
    observation: "the tenant lists no such key; its keys are current (current), next (next), old (previous)",
    remedy:
      "name a previous key, or the current one while generation is raised; if it has been revoked since, take revokeNow out",
  },
  {
    rule: "refuses the current key where the raise has been carried out before: it would not be retired",
    names: "current",
    desired: { generation: 4, baselines: [raiseFrom("old")] },
    observation: "it is the current key",
    remedy: "raise generation in the same update, so that it is retired first",
  },
];

test.each(refusals)("$rule", ({ names, desired, observation, remedy }) => {
  const wanted = desiredOf({ ...desired, revokeNow: { kid: names, reason: "leaked" } });
  const error = thrownBy(() => plan(keyRingOf({ previous: ["old"] }), recordedOf(), wanted, new Date(NOW)));
  expect(error.code).toBe("not_revocable");
  expect(error.message).toBe(`revokeNow of key ${names}: ${observation}; ${remedy} [not_revocable]`);
});
