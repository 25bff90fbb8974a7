import {
  baselineId,
  isDue,
  NOTHING_RECORDED,
  readOutputs,
  toOutputs,
  type Recorded,
  type RetiredKey,
} from "../../../src/lifecycle/state";
import { DOMAIN, keyRingOf, NOW, recordedOf, type RingSpec } from "../keyRingOf";
import { outputsOf } from "./recordedOutputs";

const EARLIER = "2026-03-10T11:59:59.999Z";
const LATER = "2026-03-10T12:00:00.001Z";
const retired = (kid: string, given: Partial<RetiredKey> = {}): RetiredKey => ({
  kid,
  generation: 4,
  retiredAt: "2026-03-01T00:00:00.000Z",
  ...given,
});

const everything: Recorded = {
  generation: 4,
  retired: [retired("old", { revokeDueAt: LATER }), retired("older", { revokedAt: EARLIER })],
  pending: [{ step: "verify-rotation", kid: "current", since: EARLIER }],
  revokeNow: { kid: "older", reason: "leaked" },
  rotatedAt: EARLIER,
};
const richRing: RingSpec = {
  current: { kid: "current", since: EARLIER },
  previous: ["old", "theirs"],
  revoked: ["older"],
};

test("outputs say what is recorded and what is observed", () => {
  expect(outputsOf(everything, richRing)).toMatchObject({
    domain: DOMAIN,
    jwksUri: "https://acme.eu.auth0.com/.well-known/jwks.json",
    generation: 4,
    currentKey: { kid: "current", since: EARLIER },
    nextKey: { kid: "next" },
    previousKeys: [{ kid: "old" }, { kid: "theirs" }],
    retired: everything.retired,
    foreign: ["theirs"],
    pending: everything.pending,
    revokeNow: everything.revokeNow,
    rotatedAt: EARLIER,
    observedAt: NOW,
  });
});

test.each<[string, Partial<Recorded>, RingSpec]>([
  ["everything", everything, richRing],
  ["the least: no next key, no dates", NOTHING_RECORDED, { next: null }],
])("outputs hold no undefined, which the engine could not store: with %s", (_, recorded, ring) => {
  const outputs = outputsOf(recorded, ring);
  expect(JSON.parse(JSON.stringify(outputs))).toStrictEqual(outputs);
});

test("inputs that are given stand in the outputs, the others are absent", () => {
  const inputs = { domain: DOMAIN, jwksUri: "", revokePrevious: true, gracePeriod: "24h", reason: "yearly" };
  const outputs = toOutputs(recordedOf(), keyRingOf(), { ...inputs, tenant: { domain: DOMAIN } });
  expect(outputs).toMatchObject({ ...inputs, tenant: { domain: DOMAIN } });
  const absent = ["gracePeriod", "reason", "tenant", "revokeNow", "rotatedAt"];
  expect(Object.keys(outputsOf()).filter((name) => absent.includes(name))).toEqual([]);
});

test("a previous key that is due for revocation is put out without its certificate, which nobody is to trust", () => {
  const due = { kid: "due", generation: 1, retiredAt: EARLIER, revokeDueAt: EARLIER };
  const { previousKeys, revocable } = outputsOf({ retired: [due] }, { previous: ["due", "theirs"] });
  expect(revocable).toEqual(["due"]);
  expect(previousKeys.map(({ kid, certificate }) => [kid, certificate])).toEqual([
    ["due", undefined],
    ["theirs", "certificate of theirs"],
  ]);
  expect(JSON.parse(JSON.stringify(previousKeys))).toStrictEqual(previousKeys);
});

test("each certificate stands in the outputs once, and no certificate of a revoked key", () => {
  const text = JSON.stringify(outputsOf(everything, richRing));
  const count = ["current", "next", "old", "theirs", "older"].map(
    (kid) => text.split(`"certificate of ${kid}"`).length - 1,
  );
  expect(count).toEqual([1, 1, 1, 1, 0]);
});

describe("what stays on record", () => {
  const revokedKeys = Array.from({ length: 12 }, (_, index) =>
    retired(`revoked ${index}`, { generation: index, revokedAt: EARLIER }),
  );
  const openKeys = Array.from({ length: 12 }, (_, index) => retired(`open ${index}`, { generation: index }));
  const interleaved = revokedKeys.flatMap((key, index) => [key, openKeys[index] ?? key]);
  const onRecord = outputsOf({ retired: interleaved }).retired.map((key) => key.kid);

  test("the latest revoked keys stay, older ones are forgotten", () => {
    const revoked = onRecord.filter((kid) => kid.startsWith("revoked"));
    expect(revoked).toEqual(revokedKeys.slice(-5).map((key) => key.kid));
  });
  test("a key that is not revoked is never forgotten", () => {
    expect(onRecord.filter((kid) => kid.startsWith("open"))).toEqual(openKeys.map((key) => key.kid));
  });
});

describe("revocable", () => {
  test.each<[string, Partial<RetiredKey>, RingSpec, boolean, string[]]>([
    ["a key that is due, with the flag", { revokeDueAt: NOW }, { previous: ["old"] }, true, ["old"]],
    [
      "a key that is due, without the flag: for a revocation of its own",
      { revokeDueAt: NOW },
      { previous: ["old"] },
      false,
      ["old"],
    ],
    ["no key before it is due", { revokeDueAt: LATER }, { previous: ["old"] }, true, []],
    ["a key without grace, with the flag", {}, { previous: ["old"] }, true, ["old"]],
    ["no key without grace and without the flag", {}, { previous: ["old"] }, false, []],
    ["no key that is revoked", { revokeDueAt: EARLIER, revokedAt: EARLIER }, { revoked: ["old"] }, true, []],
    ["no key that the ring shows as revoked", { revokeDueAt: EARLIER }, { revoked: ["old"] }, true, []],
    ["no key that is no longer listed", { revokeDueAt: EARLIER }, {}, true, []],
    ["never the current key", { revokeDueAt: EARLIER }, { current: "old" }, true, []],
    ["never the next key", { revokeDueAt: EARLIER }, { next: "old" }, true, []],
  ])("holds %s", (_, key, ring, revokePrevious, kids) => {
    expect(outputsOf({ retired: [retired("old", key)] }, ring, revokePrevious).revocable).toEqual(kids);
  });
  test("never holds a foreign key", () => {
    const { revocable, foreign } = outputsOf({}, { previous: ["theirs"] }, true);
    expect({ revocable, foreign }).toEqual({ revocable: [], foreign: ["theirs"] });
  });
});

test.each<[string, Partial<RetiredKey>, boolean, boolean]>([
  ["at its due date", { revokeDueAt: NOW }, false, true],
  ["not a millisecond before", { revokeDueAt: LATER }, true, false],
  ["with the flag, where no grace was given", {}, true, true],
  ["not without the flag, where no grace was given", {}, false, false],
  ["not again once revoked", { revokedAt: EARLIER }, true, false],
])("a retired key is due %s", (_, key, flag, expected) => {
  expect(isDue(retired("old", key), new Date(NOW), flag)).toBe(expected);
});

test("state of an earlier version is read with what it lacks filled in", () => {
  expect(readOutputs({ domain: DOMAIN, generation: 3 })).toMatchObject({
    domain: DOMAIN,
    generation: 3,
    retired: [],
    pending: [],
    revocable: [],
    foreign: [],
    previousKeys: [],
  });
});

test("raises differ by tenant, generation and key", () => {
  const raise = { generation: 5, from: 4, kid: "abc", at: NOW };
  const ids = [
    baselineId(DOMAIN, raise),
    baselineId("other.auth0.com", raise),
    baselineId(DOMAIN, { ...raise, generation: 6 }),
    baselineId(DOMAIN, { ...raise, kid: "def" }),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  expect(baselineId(DOMAIN, { ...raise, at: EARLIER })).toBe(ids[0]);
});
