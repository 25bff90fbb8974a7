import { durationMilliseconds } from "../../src/duration";
import type { RevocationOutputs } from "../../src/lifecycle/revocation";
import type { ListedKey } from "../../src/lifecycle/revocationInputs";
import type { Baseline, RetiredKey, RotationOutputs } from "../../src/lifecycle/state";
import { findKey } from "../../src/tenant/keyRing";
import type { StackState } from "../integration/stack";
import type { Ask, EngineRun } from "./engineRun";
import type { Program } from "./programStack";
import type { SimulatedAuth0, Write } from "./simulatedAuth0";

/** Auth0 tells its time in whole seconds, and a retirement without a date on record is dated by it. */
const A_SECOND = 1_000;
/** Of `"auto"`, besides the token's lifetime: 24 hours of JWKS cache, 5 minutes of clock skew. */
const CACHE_AND_SKEW = (24 * 60 + 5) * 60_000;

/** What must never happen, judged by what the tenant really did and not by what is recorded. */
export class Rules {
  readonly broken: string[] = [];
  /** Writes that were asked for before the state was rolled back or destroyed are nobody's any more. */
  private readonly forgotten = new Set<Ask>();
  private readonly asks: Ask[] = [];

  constructor(private readonly auth0: SimulatedAuth0) {}

  /** The state has been rolled back or destroyed: what was recorded since is lost. */
  forget(): void {
    for (const ask of this.asks) this.forgotten.add(ask);
  }

  /** Judges a write before it happens, with those that were asked for before in the same run. */
  judge(ask: Ask, earlier: readonly Ask[]): void {
    this.asks.push(ask);
    const { resource, method } = ask.call;
    if (method !== "create" && method !== "update") this.fault(`${ask.kind} asked for in ${method}`);
    const sinceLook = ask.at.getTime() - ask.seen.observedAt.getTime();
    if (sinceLook >= A_SECOND) this.fault(`${ask.kind} asked for ${sinceLook} ms after the last look`);
    if (resource === "intent") this.fault(`${ask.kind} asked for by the intent`);
    const crossed = earlier.find((one) => one.seenAfter && one.seenAfter.current.kid !== one.seen.next?.kid);
    if (crossed?.kind === "rotate" && crossed.call === ask.call)
      this.fault(`${ask.kind} asked for in the update in which two rotations crossed`);
    if (ask.kind === "revoke") this.judgeRevocation(ask, ask.kid ?? "");
    else if (resource !== "rotation") this.fault(`a rotation asked for by the ${resource}`);
  }

  private judgeRevocation({ call, at, seen, published }: Ask, kid: string): void {
    const inUse = [seen.current, ...(seen.next ? [seen.next] : [])];
    if (!inUse.every((key) => published?.has(key.kid)))
      this.fault(`${kid} was to be revoked before the JWKS was seen to hold the keys in use`);
    const status = this.auth0.statusOf(kid);
    if (status === "current" || status === "next" || status === undefined)
      this.fault(`${kid} was to be revoked and is ${status ?? "unknown"}`);
    const shown = findKey(seen, kid)?.state;
    if (shown !== "previous") this.fault(`${kid} was to be revoked and was seen as ${shown ?? "unlisted"}`);
    if (call.resource === "revocation") this.judgeListed(call.news, kid, at);
    else this.judgeOwn(call.olds, call.news, kid, at);
  }

  private judgeListed(news: Ask["call"]["news"], kid: string, at: Date): void {
    const list = news["retired"] as readonly (string | ListedKey)[];
    const entry = list.find((one) => (typeof one === "string" ? one : one.kid) === kid);
    if (entry === undefined) this.fault(`${kid} was to be revoked and is not on the list`);
    if (news["hold"] === true) this.fault(`${kid} was to be revoked in spite of hold`);
    if (typeof entry !== "object") return;
    if (entry.revokeDueAt === undefined) this.fault(`${kid} was to be revoked without a due date`);
    else if (at < new Date(entry.revokeDueAt))
      this.fault(`${kid} was to be revoked before ${entry.revokeDueAt}`);
  }

  private judgeOwn(olds: Partial<RotationOutputs>, news: Ask["call"]["news"], kid: string, at: Date): void {
    const { kid: named } = (news["revokeNow"] ?? {}) as { kid?: string };
    if (named === kid) return;
    if (news["revokePrevious"] !== true) this.fault(`${kid} was to be revoked without the flag`);
    // What this very update retired is not on record before it.
    const key = olds.retired?.find((one) => one.kid === kid);
    if (key === undefined) {
      this.fault(`${kid} was to be revoked and was not on record as retired`);
      return;
    }
    if (key.revokedAt !== undefined) this.fault(`${kid} was to be revoked and is on record as revoked`);
    const due = this.earliest(key, news["gracePeriod"] as string | undefined);
    if (due !== undefined && at.getTime() < due)
      this.fault(`${kid} was to be revoked at ${at.toISOString()}, before ${new Date(due).toISOString()}`);
  }

  /** The first moment at which a key that our rotation retired may be revoked without being named. */
  private earliest({ kid, revokeDueAt }: RetiredKey, gracePeriod: string | undefined): number | undefined {
    if (gracePeriod === undefined) return revokeDueAt === undefined ? undefined : Date.parse(revokeDueAt);
    const retiredAt = this.auth0.retiredAt(kid)?.getTime();
    if (retiredAt === undefined) return undefined;
    if (gracePeriod !== "auto") return retiredAt + durationMilliseconds(gracePeriod) - A_SECOND;
    return retiredAt + Math.min(...this.auth0.lifetimesSeen) * 1000 + CACHE_AND_SKEW - A_SECOND;
  }

  /** Judges what a command has recorded, however it ended. */
  judgeRecord(before: StackState, after: StackState, gracePeriod: string | undefined): void {
    const old = before.rotation?.outputs as RotationOutputs | undefined;
    const now = after.rotation?.outputs as RotationOutputs | undefined;
    if (now === undefined || old === now) return;
    if (old !== undefined && now.generation < old.generation)
      this.fault(`the generation on record fell from ${old.generation} to ${now.generation}`);
    for (const key of old?.retired ?? []) this.judgeKept(key, now, gracePeriod);
    for (const { kid, retiredAt, revokedAt } of now.retired) {
      const status = this.auth0.statusOf(kid);
      if (status === undefined || status === "next" || status === "current")
        this.fault(`${kid} is on record as retired and is ${status ?? "unknown"}`);
      if (revokedAt !== undefined && status !== "revoked")
        this.fault(`${kid} is on record as revoked and is ${status ?? "unknown"}`);
      const truth = this.auth0.retiredAt(kid)?.getTime() ?? 0;
      if (Date.parse(retiredAt) < truth - A_SECOND)
        this.fault(`${kid} is on record as retired before it was`);
    }
    if (new Set(now.retired.map(({ kid }) => kid)).size < now.retired.length)
      this.fault("a key is on record as retired twice");
  }

  private judgeKept(old: RetiredKey, { retired }: RotationOutputs, gracePeriod: string | undefined): void {
    const { kid } = old;
    const key = retired.find((one) => one.kid === kid);
    if (key === undefined) {
      if (this.auth0.statusOf(kid) !== "revoked")
        this.fault(`${kid} was on record as retired and is forgotten`);
      return;
    }
    if (key.retiredAt !== old.retiredAt || key.generation !== old.generation)
      this.fault(`the retirement of ${kid} on record has changed`);
    const isBroughtForward = (key.revokeDueAt ?? "9") < (old.revokeDueAt ?? "");
    if (isBroughtForward && (gracePeriod === undefined || gracePeriod === "auto"))
      this.fault(`the due date of ${kid} was brought forward by ${gracePeriod ?? "no grace period"}`);
  }

  /** Judges a raise that a command has recorded: a key that is too young, or another than expected, starts none. */
  judgeRaise(before: StackState, after: StackState, program: Program): void {
    const raisesOf = ({ intent }: StackState): Baseline[] =>
      (intent?.outputs as { baselines?: Baseline[] } | undefined)?.baselines ?? [];
    const known = new Set(raisesOf(before).map(({ at }) => at));
    const raise = raisesOf(after).at(-1);
    if (raise === undefined || known.has(raise.at)) return;
    const { generation, expectedCurrentKid, revokeNow, minKeyAge } = program;
    if (before.intent === undefined && generation > 1 && expectedCurrentKid === undefined)
      this.fault(`generation ${generation} without a state is a raise`);
    if (expectedCurrentKid !== undefined && raise.kid !== expectedCurrentKid)
      this.fault(`a raise from ${raise.kid} is recorded although ${expectedCurrentKid} was expected`);
    const age = Date.parse(raise.at) - (this.auth0.currentSince(raise.kid)?.getTime() ?? 0);
    if (age < durationMilliseconds(minKeyAge) - A_SECOND && revokeNow?.kid !== raise.kid)
      this.fault(`a raise from ${raise.kid} is recorded, which is only ${age} ms old`);
  }

  /** Judges what a run has left on record of what it did, however it ended, unless it was killed. */
  judgeDone({ asks, isVerified }: EngineRun, { rotation, revocation }: StackState): void {
    const own = rotation?.outputs as Partial<RotationOutputs> | undefined;
    const listed = revocation?.outputs as Partial<RevocationOutputs> | undefined;
    const answered = asks.filter((ask) => ask.isAnswered);
    for (const { kind, call, kid = "", seen } of answered) {
      const keys = call.resource === "rotation" ? own?.retired : listed?.keys;
      const named = kind === "rotate" ? seen.current.kid : kid;
      const key = keys?.find((one) => one.kid === named);
      if (kind === "rotate" && key === undefined) this.fault(`${named} was retired and is not on record`);
      if (kind === "revoke" && key !== undefined && key.revokedAt === undefined)
        this.fault(`${named} was revoked and is not on record as revoked`);
    }
    const pending = [...(own?.pending ?? []), ...(listed?.pending ?? [])];
    if (answered.length > 0 && !isVerified && pending.length === 0)
      this.fault("something was done, not verified and is not pending");
  }

  /** Judges an update that succeeded: all that ever was rotated for this stack is on record. */
  judgeSuccess({ asks }: EngineRun, { rotation }: StackState): void {
    const { retired, foreign, currentKey, nextKey } = rotation?.outputs as unknown as RotationOutputs;
    const onRecord = new Set(retired.map(({ kid }) => kid));
    const noticed = new Set([...foreign, currentKey.kid, nextKey?.kid]);
    for (const { kid, ask } of this.ownRotations()) {
      if (onRecord.has(kid) || this.auth0.statusOf(kid) === "revoked") continue;
      // Somebody rotated between our last look and the request, which then retired another key than was meant.
      const isCrossed = ask.seen.current.kid !== kid;
      const isShown = ask.seen.next?.kid === kid && currentKey.kid !== kid;
      const isSeen = asks.includes(ask) && ask.isAnswered && isShown;
      if (isCrossed && !isSeen && noticed.has(kid)) continue;
      this.fault(`${kid} was retired by generation ${generationOf(ask)} and is not on record`);
    }
  }

  /** Judges at any time: each generation has been rotated for once at the most. */
  judgeRotations(): void {
    const generations = this.ownRotations().map(({ ask }) => generationOf(ask));
    for (const generation of new Set(generations)) {
      const times = generations.filter((other) => other === generation).length;
      if (times > 1) this.fault(`generation ${generation} was rotated for ${times} times`);
    }
  }

  private ownRotations(): (Write & { ask: Ask })[] {
    return this.auth0.writes.filter(
      (write): write is Write & { ask: Ask } =>
        write.kind === "rotate" && write.ask !== undefined && !this.forgotten.has(write.ask),
    );
  }

  private fault(what: string): void {
    this.broken.push(what);
  }
}

function generationOf({ call }: Ask): number {
  return call.news["generation"] as number;
}
