import type { RetiredKey } from "../../../src/lifecycle/state";
import type { JournalEntry } from "../../support/emulator";
import { judge, type RoundAccount, type Verdict } from "../../campaign/verdict";

const START = Date.parse("2026-03-01T00:00:00.000Z");

function entry(
  seconds: number,
  method: string,
  path: string,
  effect?: "rotate" | "revoke",
  kid?: string,
): JournalEntry {
  const at = new Date(START + seconds * 1000).toISOString();
  return {
    at,
    tenant: "localhost:1",
    method,
    path,
    status: 200,
    ...(effect && { effect }),
    ...(kid && { kid }),
  };
}

const rotate = (kid: string, seconds = 0): JournalEntry =>
  entry(seconds, "POST", "/api/v2/keys/signing/rotate", "rotate", kid);
const userRotates = (kid: string, seconds = 0): JournalEntry =>
  entry(seconds, "DASHBOARD", "/dashboard/rotate", "rotate", kid);
const revoke = (kid: string, seconds = 60): JournalEntry =>
  entry(seconds, "PUT", `/api/v2/keys/signing/${kid}/revoke`, "revoke", kid);
const refusedRevocation = (kid: string): JournalEntry =>
  entry(60, "PUT", `/api/v2/keys/signing/${kid}/revoke`);

function retired(kid: string, generation: number, revokedAt?: string): RetiredKey {
  return {
    kid,
    generation,
    retiredAt: new Date(START).toISOString(),
    ...(revokedAt !== undefined && { revokedAt }),
  };
}

function round(account: Partial<RoundAccount>): RoundAccount {
  return { revokePrevious: false, raises: 0, named: [], journal: [], retired: [], foreign: [], ...account };
}

const raised = round({ raises: 1, journal: [rotate("a")], retired: [retired("a", 1)] });
const due = { revokePrevious: true, graceSeconds: 30 };
const SPOTLESS: Verdict = {
  generations: 0,
  rotations: 0,
  revocations: 0,
  doubleRotations: [],
  omittedRotations: [],
  wrongRevocations: [],
  lostRecords: [],
};

describe("a campaign finds nothing in", () => {
  test.each<[name: string, rounds: RoundAccount[], verdict: Partial<Verdict>]>([
    ["a round without a request", [round({})], {}],
    ["a raise with its rotation", [raised], { generations: 1, rotations: 1 }],
    [
      "a killed raise that the next one carries",
      [round({ raises: 2, journal: [rotate("a")], retired: [retired("a", 2)] })],
      { generations: 1, rotations: 1 },
    ],
    [
      "a raise that somebody else's rotation fulfils",
      [round({ raises: 1, journal: [userRotates("a")], retired: [retired("a", 1)] })],
      {},
    ],
    [
      "a rotation that crossed somebody else's and was killed: its key is foreign",
      [
        round({
          raises: 1,
          journal: [userRotates("a"), rotate("b")],
          retired: [retired("a", 1)],
          foreign: ["b"],
        }),
      ],
      { generations: 1, rotations: 1 },
    ],
    [
      "a revocation that is due",
      [raised, round({ ...due, journal: [revoke("a", 30)], retired: [retired("a", 1, "then")] })],
      { generations: 1, rotations: 1, revocations: 1 },
    ],
    [
      "a revocation by name before it is due",
      [raised, round({ named: ["a"], journal: [revoke("a", 1)], retired: [retired("a", 1, "then")] })],
      { generations: 1, rotations: 1, revocations: 1 },
    ],
    [
      "a revocation that is asked for twice",
      [
        raised,
        round({ ...due, journal: [revoke("a"), refusedRevocation("a")], retired: [retired("a", 1, "then")] }),
      ],
      { generations: 1, rotations: 1, revocations: 1 },
    ],
    [
      "a key that was revoked before five others",
      [
        raised,
        round({
          ...due,
          journal: [revoke("a")],
          retired: ["b", "c", "d", "e", "f"].map((kid) => retired(kid, 9, "then")),
        }),
      ],
      { generations: 1, rotations: 1, revocations: 1 },
    ],
  ])("%s", (_name, rounds, verdict) => {
    expect(judge(rounds)).toEqual({ ...SPOTLESS, ...verdict });
  });
});

describe("a campaign finds", () => {
  test.each<[name: string, rounds: RoundAccount[], fault: Partial<Record<keyof Verdict, string[]>>]>([
    [
      "two rotations for a raise",
      [
        round({
          raises: 1,
          journal: [rotate("a"), rotate("b")],
          retired: [retired("a", 1), retired("b", 1)],
        }),
      ],
      { doubleRotations: ["round 0: 2 rotations for 1 raises"] },
    ],
    [
      "two rotations for one of two raises",
      [
        round({
          raises: 2,
          journal: [rotate("a"), rotate("b")],
          retired: [retired("a", 2), retired("b", 2)],
        }),
      ],
      { doubleRotations: ["round 0: 2 rotations for 2 raises"] },
    ],
    [
      "a rotation that nobody asked for",
      [round({ journal: [rotate("a")], retired: [retired("a", 0)] })],
      { doubleRotations: ["round 0: 1 rotations for 0 raises"] },
    ],
    [
      "a raise without a rotation",
      [round({ raises: 1 })],
      { omittedRotations: ["round 0: no rotation for 1 raises"] },
    ],
    [
      "a revocation of a key in use, even a refused one",
      [round({ ...due, journal: [refusedRevocation("a")] })],
      { wrongRevocations: ["round 0: a was current, next or unknown"] },
    ],
    [
      "a revocation of somebody else's key",
      [
        round({ journal: [userRotates("a")] }),
        round({ ...due, journal: [revoke("a")], retired: [retired("a", 1)] }),
      ],
      { wrongRevocations: ["round 1: a was retired by somebody else"] },
    ],
    [
      "a revocation without the flag",
      [raised, round({ journal: [revoke("a")], retired: [retired("a", 1)] })],
      { wrongRevocations: ["round 1: a nobody asked for it"] },
    ],
    [
      "a revocation before the shortest grace period is over",
      [
        round({ ...raised, graceSeconds: 90 }),
        round({ ...due, journal: [revoke("a", 29)], retired: [retired("a", 1)] }),
      ],
      { wrongRevocations: ["round 1: a was not due for another 1000 ms"] },
    ],
    [
      "a retired key that is not on record",
      [raised, round({ retired: [] })],
      { lostRecords: ["round 1: a is retired, and not on record"] },
    ],
    [
      "a key of ours that is foreign though nobody else rotated",
      [round({ ...raised, retired: [], foreign: ["a"] })],
      { lostRecords: ["round 0: a is retired, and not on record"] },
    ],
    [
      "a due key that is valid still in the end",
      [raised, round({ ...due, retired: [retired("a", 1)], isLast: true })],
      { lostRecords: ["round 1: a was due, and is valid still"] },
    ],
    [
      "somebody else's key that is not on record in the end",
      [round({ journal: [userRotates("a")] }), round({ isLast: true })],
      { lostRecords: ["round 1: a is foreign, and not on record"] },
    ],
  ])("%s", (_name, rounds, fault) => {
    const { doubleRotations, omittedRotations, wrongRevocations, lostRecords } = judge(rounds);
    expect({ doubleRotations, omittedRotations, wrongRevocations, lostRecords }).toEqual({
      doubleRotations: [],
      omittedRotations: [],
      wrongRevocations: [],
      lostRecords: [],
      ...fault,
    });
  });
});
