import type { DesiredRotation } from "../../../src/lifecycle/inputs";
import type { Recorded } from "../../../src/lifecycle/state";
import { describeCreation, describeUpdate } from "../../../src/lifecycle/words";
import { desiredOf, DOMAIN, NOW, type RingSpec } from "../keyRingOf";
import { outputsOf } from "./recordedOutputs";

const RING_AT = "2026-03-10T09:00:00.000Z";
const SINCE = "2026-01-01T00:00:00.000Z";
const RETIRED_AT = "2026-03-10T00:00:00.000Z";
const DUE_TOMORROW = "2026-03-11T00:00:00.000Z";
const AS_RECORDED = `ring as recorded at ${RING_AT}`;

const old = { kid: "old", generation: 4, retiredAt: RETIRED_AT };
const FLAG_ON = { revokePrevious: true };

interface Sentence {
  rule: string;
  recorded?: Partial<Recorded>;
  ring?: RingSpec;
  desired: Partial<DesiredRotation>;
  says: string;
}

const updates: Sentence[] = [
  {
    rule: "a raise: which key retires, since when it is current, that nothing is revoked, how old the ring is",
    desired: { generation: 5 },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}); revoke nothing; ${AS_RECORDED}`,
  },
  {
    rule: "a raise with flag and grace: nothing is revoked before the grace period is over",
    desired: { generation: 5, ...FLAG_ON, gracePeriod: "24h" },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}); revoke nothing before 2026-03-11T12:00:00.000Z; ${AS_RECORDED}`,
  },
  {
    rule: "a raise that expects another key than the one on record",
    desired: { generation: 5, expectedCurrentKid: "another" },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}), which will be refused unless another, the expectedCurrentKid, is current by then; revoke nothing; ${AS_RECORDED}`,
  },
  {
    rule: "a raise that expects the key on record",
    desired: { generation: 5, expectedCurrentKid: "current" },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}); revoke nothing; ${AS_RECORDED}`,
  },
  {
    rule: "a raise that was recorded before, and whose key is current no longer",
    desired: { generation: 5, baselines: [{ generation: 5, from: 4, kid: "former", at: RING_AT }] },
    says: `generation 4 → 5: recorded before, and former is no longer current: rotate nothing, record what has happened; revoke nothing; ${AS_RECORDED}`,
  },
  {
    rule: "a key of which Auth0 gives no date",
    ring: { current: "current" },
    desired: { generation: 5 },
    says: `generation 4 → 5: rotate (current retires); revoke nothing; ${AS_RECORDED}`,
  },
  {
    rule: "a raise with the key to be revoked at once",
    desired: { generation: 5, revokeNow: { kid: "current", reason: "leaked" } },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}); revoke current now (leaked); ${AS_RECORDED}`,
  },
  {
    rule: "a raise while another key waits for its due date",
    recorded: { retired: [{ ...old, revokeDueAt: DUE_TOMORROW }] },
    desired: { generation: 5, ...FLAG_ON, gracePeriod: "24h" },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}); revoke old not before ${DUE_TOMORROW} (in 12 hours); revoke current not before 2026-03-11T12:00:00.000Z; ${AS_RECORDED}`,
  },
  {
    rule: "a key that is not yet due, though nothing changes",
    recorded: { retired: [{ ...old, revokeDueAt: DUE_TOMORROW }] },
    desired: FLAG_ON,
    says: `revoke old not before ${DUE_TOMORROW} (in 12 hours); ${AS_RECORDED}`,
  },
  {
    rule: "a pending due date, which always shows: also while the flag is off",
    recorded: { retired: [{ ...old, revokeDueAt: DUE_TOMORROW }] },
    desired: {},
    says: `old is due at ${DUE_TOMORROW} (in 12 hours); this resource keeps it; ${AS_RECORDED}`,
  },
  {
    rule: "auto, for a key whose grace period is not derived yet",
    recorded: { retired: [old] },
    desired: { ...FLAG_ON, gracePeriod: "auto" },
    says: `derive when old is due from the tenant's token lifetimes; ${AS_RECORDED}`,
  },
  {
    rule: "a raise with auto, by the lifetimes on record",
    recorded: {
      tokenLifetimes: {
        kid: "current",
        accessTokenSeconds: 86_400,
        accessTokenOf: "api",
        idTokenSeconds: 36_000,
        idTokenOf: "app",
      },
    },
    desired: { generation: 5, ...FLAG_ON, gracePeriod: "auto" },
    says: `generation 4 → 5: rotate (current retires, current since ${SINCE}); revoke nothing before 2026-03-12T12:05:00.000Z; ${AS_RECORDED}`,
  },
  {
    rule: "a key that is due",
    recorded: { retired: [{ ...old, revokeDueAt: NOW }] },
    desired: FLAG_ON,
    says: `revoke old; ${AS_RECORDED}`,
  },
  {
    rule: "a key that is due by the tenant's clock as a refresh has seen it, though not by this machine's",
    recorded: { retired: [{ ...old, revokeDueAt: DUE_TOMORROW }] },
    ring: { at: DUE_TOMORROW },
    desired: FLAG_ON,
    says: `revoke old; ring as recorded at ${DUE_TOMORROW}`,
  },
  {
    rule: "the flag turned on without grace",
    recorded: { retired: [old] },
    desired: FLAG_ON,
    says: `revoke old; ${AS_RECORDED}`,
  },
  {
    rule: "a due date brought forward by a shorter grace",
    recorded: { retired: [{ ...old, revokeDueAt: DUE_TOMORROW }] },
    desired: { ...FLAG_ON, gracePeriod: "18h" },
    says:
      `the revocation of old is brought forward from ${DUE_TOMORROW} to 2026-03-10T18:00:00.000Z; ` +
      `revoke old not before 2026-03-10T18:00:00.000Z (in 6 hours); ${AS_RECORDED}`,
  },
  {
    rule: "a key named for immediate revocation, once",
    recorded: { retired: [{ ...old, revokeDueAt: DUE_TOMORROW }] },
    desired: { ...FLAG_ON, revokeNow: { kid: "old", reason: "leaked" } },
    says: `revoke old now (leaked); ${AS_RECORDED}`,
  },
  {
    rule: "steps that are begun and not finished",
    recorded: { pending: [{ step: "verify-rotation", kid: "current", since: RING_AT }] },
    desired: {},
    says: `verify-rotation of current goes on; ${AS_RECORDED}`,
  },
  {
    rule: "a lowered generation",
    desired: { generation: 3 },
    says: `generation 4 → 3: rotation 4 cannot be undone; ${AS_RECORDED}`,
  },
];

test.each(updates)("a preview says $rule, beginning with the domain", ({ recorded, ring, desired, says }) => {
  const inRing = { current: { kid: "current", since: SINCE }, previous: ["old"], at: RING_AT, ...ring };
  const sentence = describeUpdate(outputsOf(recorded, inRing), desiredOf(desired), DOMAIN, new Date(NOW));
  expect(sentence).toBe(`${DOMAIN}: ${says}`);
});

test.each<[string, Partial<Recorded>, RingSpec, Partial<DesiredRotation>]>([
  ["nothing changes", {}, {}, {}],
  ["nothing changes, with a foreign key and the flag on", {}, { previous: ["theirs"] }, FLAG_ON],
  ["all is revoked", { retired: [{ ...old, revokedAt: NOW }] }, { revoked: ["old"] }, FLAG_ON],
  ["a retired key is no longer valid", { retired: [old] }, { revoked: ["old"] }, FLAG_ON],
  [
    "the named key was revoked before",
    { revokeNow: { kid: "old", reason: "leaked" } },
    {},
    { revokeNow: { kid: "old", reason: "leaked" } },
  ],
])("a preview says nothing where %s", (_, recorded, ring, desired) => {
  expect(
    describeUpdate(outputsOf(recorded, ring), desiredOf(desired), DOMAIN, new Date(NOW)),
  ).toBeUndefined();
});

test.each<[Partial<DesiredRotation>, string]>([
  [{ generation: 0 }, "generation 0: adopt the key ring as it is, rotate nothing; revoke nothing"],
  [{ generation: 1 }, "generation 1: rotate once; revoke nothing"],
  [
    { generation: 7 },
    "generation 7: no state for it: taken as carried out; raise to 8 to rotate; revoke nothing",
  ],
  [
    { generation: 7, expectedCurrentKid: "abc" },
    "generation 7: no state for it: rotate if abc is the current key, otherwise take it as carried out; revoke nothing",
  ],
  [
    { generation: 1, revokeNow: { kid: "abc", reason: "leaked" } },
    "generation 1: rotate once; revoke abc now (leaked)",
  ],
])("the preview of a creation with %j", (desired, says) => {
  expect(describeCreation(desiredOf(desired), DOMAIN)).toBe(`${DOMAIN}: ${says}`);
});

test("a preview that doesn't know yet whether the intent records a raise says what becomes of either", () => {
  expect(describeCreation(desiredOf({ generation: 7 }), DOMAIN, false)).toBe(
    `${DOMAIN}: generation 7: no state for it: taken as carried out; raise to 8 to rotate, or, if its intent is still on record, rotate once; revoke nothing`,
  );
});

test("a preview of a raise that the intent is known not to record says that nothing rotates", () => {
  const sentence = describeUpdate(
    outputsOf({}, { at: RING_AT }),
    desiredOf({ generation: 5 }),
    DOMAIN,
    new Date(NOW),
    true,
  );
  expect(sentence).toBe(
    `${DOMAIN}: generation 4 → 5: no state for it: taken as carried out; raise to 6 to rotate; revoke nothing; ${AS_RECORDED}`,
  );
});
