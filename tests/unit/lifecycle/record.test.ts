import { withoutPending, withPending, withRetired, withRevoked } from "../../../src/lifecycle/record";
import type { PendingStep, RetiredKey } from "../../../src/lifecycle/state";
import { NOW, recordedOf } from "../keyRingOf";

const old: RetiredKey = { kid: "old", generation: 4, retiredAt: NOW };
const older: RetiredKey = { kid: "older", generation: 3, retiredAt: NOW };
const rotation = (kid: string): PendingStep => ({ step: "verify-rotation", kid, since: NOW });
const revocation = (kid: string): PendingStep => ({ step: "verify-revocation", kid, since: NOW });

test("a key is on record as retired once", () => {
  const once = withRetired(recordedOf({ retired: [old] }), older);
  expect(once.retired).toEqual([old, older]);
});

test("one that was taken for retired too early is retired now, by this generation", () => {
  const again = { ...old, generation: 9, retiredAt: "2026-03-11T12:00:00.000Z" };
  expect(withRetired(recordedOf({ retired: [old, older] }), again).retired).toEqual([older, again]);
});

test("one that is revoked stays as it is on record", () => {
  const recorded = recordedOf({ retired: [{ ...old, revokedAt: NOW }] });
  expect(withRetired(recorded, { ...old, generation: 9 })).toEqual(recorded);
});

test("a revocation is noted on its key alone", () => {
  const { retired } = withRevoked(recordedOf({ retired: [older, old] }), "old", NOW);
  expect(retired).toEqual([older, { ...old, revokedAt: NOW }]);
});

test("a revocation of a key that somebody else retired leaves the record as it is", () => {
  const recorded = recordedOf({ retired: [older] });
  expect(withRevoked(recorded, "theirs", NOW)).toEqual(recorded);
});

test("only the latest rotation is pending", () => {
  const recorded = recordedOf({ pending: [rotation("current"), revocation("old")] });
  expect(withPending(recorded, rotation("newer")).pending).toEqual([revocation("old"), rotation("newer")]);
});

test("revocations are pending each for itself", () => {
  const recorded = recordedOf({ pending: [rotation("current"), revocation("old")] });
  const { pending } = withPending(withPending(recorded, revocation("older")), revocation("old"));
  expect(pending).toEqual([rotation("current"), revocation("older"), revocation("old")]);
});

test("a verification ends alone", () => {
  const recorded = recordedOf({ pending: [rotation("current"), revocation("old"), revocation("older")] });
  expect(withoutPending(recorded, revocation("old")).pending).toEqual([
    rotation("current"),
    revocation("older"),
  ]);
  expect(withoutPending(recorded, rotation("newer")).pending).toEqual([
    revocation("old"),
    revocation("older"),
  ]);
});

test("what was recorded before is not changed in place", () => {
  const recorded = recordedOf({ retired: [old], pending: [rotation("current")] });
  const before = structuredClone(recorded);
  withRetired(recorded, older);
  withRevoked(recorded, "old", NOW);
  withPending(recorded, revocation("old"));
  withoutPending(recorded, rotation("current"));
  expect(recorded).toEqual(before);
});
