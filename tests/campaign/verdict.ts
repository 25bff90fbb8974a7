import { forgetLongRevoked, type RetiredKey } from "../../src/lifecycle/state";
import type { JournalEntry } from "../support/emulator";

/** A round as it went: what was asked for, what the tenant has seen of it, and what state holds in the end. */
export interface RoundAccount {
  readonly revokePrevious: boolean;
  readonly graceSeconds?: number | undefined;
  /** How often a program of the round raised the generation. */
  readonly raises: number;
  /** The kids that the programs of the round named in `revokeNow`. */
  readonly named: readonly string[];
  readonly journal: readonly JournalEntry[];
  readonly retired: readonly RetiredKey[];
  readonly foreign: readonly string[];
  /** Whether it was the last: after a refresh, and with every retired key due. */
  readonly isLast?: boolean;
}

/** What the tenant's journal, which is the truth, says of what was done; each fault in words. */
export interface Verdict {
  /** Raises that rotations of ours have carried out. */
  generations: number;
  rotations: number;
  revocations: number;
  /** Rotations beyond one a raise. */
  doubleRotations: string[];
  /** Raises without a rotation, though nobody else rotated. */
  omittedRotations: string[];
  /** Of keys in use, of somebody else's, of such as nobody asked to be revoked, or before they were due. */
  wrongRevocations: string[];
  /**
   * Keys that a rotation of ours retired and that are not on record as retired. Where somebody else's rotation crossed
   * one that was killed, nobody can tell whose was whose: then as `foreign`.
   */
  lostRecords: string[];
}

interface RetiredTruth {
  readonly by: "us" | "somebody else";
  /** Milliseconds. */
  readonly at: number;
  readonly round: number;
  isRevoked: boolean;
}

/** The emulator writes an effect into its journal a moment after it has dated the key. */
const TOLERANCE_MS = 250;

/** Judges the rounds of one history, in order. */
export function judge(rounds: readonly RoundAccount[]): Verdict {
  const history = new JudgedHistory(rounds);
  for (const [index, round] of rounds.entries()) history.judge(round, index);
  return history.verdict;
}

/** For people who look for a fault. */
export function describeAccount(account: RoundAccount, index: number): string {
  const { raises, revokePrevious, graceSeconds = 0, named, journal, retired, foreign } = account;
  const effects = journal.flatMap(({ effect, kid = "", method, at }) =>
    effect === undefined ? [] : [`${at} ${method} ${effect} ${kid}`],
  );
  const keys = retired.map(
    ({ kid, generation, revokedAt }) => `${kid}@${generation}${revokedAt ? " revoked" : ""}`,
  );
  return [
    `round ${index}: raises ${raises}, revokePrevious ${revokePrevious}, grace ${graceSeconds} s, named [${named.join(", ")}]`,
    ...effects,
    `retired [${keys.join(", ")}], foreign [${foreign.join(", ")}]`,
  ].join("\n  ");
}

class JudgedHistory {
  readonly verdict: Verdict = {
    generations: 0,
    rotations: 0,
    revocations: 0,
    doubleRotations: [],
    omittedRotations: [],
    wrongRevocations: [],
    lostRecords: [],
  };
  private readonly keys = new Map<string, RetiredTruth>();
  private readonly reported = new Set<string>();

  constructor(private readonly rounds: readonly RoundAccount[]) {}

  judge(round: RoundAccount, index: number): void {
    for (const entry of round.journal) this.follow(entry, index);
    this.judgeRotations(round, index);
    this.judgeRecords(round, index);
  }

  private follow(entry: JournalEntry, round: number): void {
    const asked =
      entry.method === "PUT" ? /\/keys\/signing\/([^/]+)\/revoke$/.exec(entry.path)?.[1] : undefined;
    if (asked !== undefined) {
      const why = this.whyNotToRevoke(asked, Date.parse(entry.at), round);
      if (why !== undefined) this.report("wrongRevocations", asked, round, why);
    }
    const { effect, kid } = entry;
    if (kid === undefined) return;
    if (effect === "rotate") {
      const by = entry.method === "DASHBOARD" ? "somebody else" : "us";
      this.keys.set(kid, { by, at: Date.parse(entry.at), round, isRevoked: false });
      if (by === "us") this.verdict.rotations += 1;
    } else if (effect === "revoke") {
      const key = this.keys.get(kid);
      if (key !== undefined) key.isRevoked = true;
      if (entry.method !== "DASHBOARD") this.verdict.revocations += 1;
    }
  }

  private whyNotToRevoke(kid: string, at: number, index: number): string | undefined {
    const key = this.keys.get(kid);
    if (key === undefined) return "was current, next or unknown";
    const round = this.rounds[index];
    if (round === undefined || key.isRevoked || round.named.includes(kid)) return undefined;
    const since = this.rounds.slice(key.round, index + 1);
    // Somebody else's rotation under an open raise counts as that raise's.
    const isOurs =
      key.by === "us" ||
      ((since[0]?.raises ?? 0) > 0 &&
        since.some(({ retired }) => retired.some((known) => known.kid === kid)));
    if (!isOurs) return "was retired by somebody else";
    if (!round.revokePrevious) return "nobody asked for it";
    const graces = since.flatMap(({ graceSeconds }) => graceSeconds ?? []);
    const due = key.at + (graces.length === 0 ? 0 : Math.min(...graces) * 1000);
    return at < due - TOLERANCE_MS ? `was not due for another ${due - at} ms` : undefined;
  }

  private judgeRotations({ raises, retired }: RoundAccount, index: number): void {
    const here = [...this.keys].filter(([, key]) => key.round === index);
    const ours = here.filter(([, key]) => key.by === "us").map(([kid]) => kid);
    const recorded = retired.filter(({ kid }) => ours.includes(kid));
    const generationsOf = (keys: readonly RetiredKey[]): number =>
      new Set(keys.map(({ generation }) => generation)).size;
    const carriedOut = generationsOf(retired.filter(({ kid }) => here.some(([known]) => known === kid)));
    this.verdict.generations += Math.min(ours.length, carriedOut);
    const extra = Math.max(ours.length - raises, recorded.length - generationsOf(recorded));
    for (let count = 0; count < extra; count += 1)
      this.verdict.doubleRotations.push(`round ${index}: ${ours.length} rotations for ${raises} raises`);
    if (raises > 0 && here.length === 0)
      this.verdict.omittedRotations.push(`round ${index}: no rotation for ${raises} raises`);
  }

  private judgeRecords({ retired, foreign, isLast = false }: RoundAccount, index: number): void {
    for (const [kid, { by, round, isRevoked }] of this.keys) {
      const isRetired =
        retired.some((key) => key.kid === kid) || (isRevoked && isRightlyForgotten(kid, retired));
      const isForeign = isRevoked || foreign.includes(kid);
      if (by === "somebody else") {
        // State learns of it at the next update or refresh.
        if (isLast && !isRetired && !isForeign)
          this.report("lostRecords", kid, index, "is foreign, and not on record");
        continue;
      }
      const wasCrossed = [...this.keys.values()].some((key) => key.round === round && key.by !== "us");
      if (wasCrossed && !isRetired && isForeign) continue;
      if (!isRetired) this.report("lostRecords", kid, index, "is retired, and not on record");
      else if (isLast && !isRevoked) this.report("lostRecords", kid, index, "was due, and is valid still");
    }
  }

  /** Each key once for each kind of fault. */
  private report(kind: "wrongRevocations" | "lostRecords", kid: string, round: number, why: string): void {
    const id = `${kind} ${kid}`;
    if (this.reported.has(id)) return;
    this.reported.add(id);
    this.verdict[kind].push(`round ${round}: ${kid} ${why}`);
  }
}

/** Of the revoked keys only the latest stay on record. */
function isRightlyForgotten(kid: string, retired: readonly RetiredKey[]): boolean {
  const key = { kid, generation: 0, retiredAt: "", revokedAt: "" };
  return !forgetLongRevoked([key, ...retired]).includes(key);
}
