import { SigningKeyError } from "../errors";
import { findKey, itsKeys, type KeyRing } from "../tenant/keyRing";
import { deriveGrace, dueDate, longerDerivation, type GraceDerivation } from "./gracePeriod";
import type { DesiredRotation } from "./inputs";
import { isDue, type Baseline, type Recorded, type RetiredKey } from "./state";

/** One thing to do, or one thing to write down. */
export type Step =
  /** The list is older than the record of a raise: the key that was current then is the next one in it. */
  | { kind: "list-again"; kid: string }
  /** A rotation that is recorded as intended has happened: the key that was current then is retired. */
  | { kind: "adopt"; retired: RetiredKey }
  | { kind: "rotate"; generation: number; kid: string }
  /** The generation is reached without a write. */
  | { kind: "reach"; generation: number }
  | { kind: "verify-rotation" }
  | { kind: "verify-revocation"; kid: string }
  /** The key is revoked already, by whomever. */
  | { kind: "note-revoked"; kid: string; revokedAt: string }
  | { kind: "note-revoke-now" }
  | { kind: "revoke"; kid: string; cause: "due" | "revokeNow" };

/** What has happened in this very update, which the plan must not build on. */
export interface ThisUpdate {
  /** Keys retired, or found retired, in this update: only `revokeNow` revokes them in it. */
  retired: ReadonlySet<string>;
  /** Two rotations crossed: nothing is revoked in this update. */
  crossed: boolean;
}

/**
 * The steps from what is to what is desired, in order: rotate, verify, revoke. Pure; it is made anew after each step.
 * @param now the tenant's time of day
 * @throws SigningKeyError `not_revocable` if `revokeNow` names a key that can't be revoked
 */
export function plan(
  ring: KeyRing,
  recorded: Recorded,
  desired: DesiredRotation,
  now: Date,
  thisUpdate: ThisUpdate = { retired: new Set(), crossed: false },
): Step[] {
  const rotation = planRotation(ring, recorded, desired);
  // What these find out is what the rest is planned by.
  if (rotation.some(({ kind }) => kind === "list-again" || kind === "adopt")) return rotation;
  const rotates = rotation.some((step) => step.kind === "rotate");
  const rotationPending = recorded.pending.some(({ step }) => step === "verify-rotation");
  const verifyRotation: Step[] = rotationPending ? [{ kind: "verify-rotation" }] : [];
  // Last: a revoked key that a cache still shows must not stand in the way of revoking another.
  const verifyRevocations = recorded.pending.flatMap(({ step, kid }): Step[] =>
    step === "verify-revocation" ? [{ kind: "verify-revocation", kid }] : [],
  );
  const revocation = thisUpdate.crossed
    ? []
    : [
        ...planRevokeNow(ring, recorded, desired, rotates),
        ...planDue(ring, recorded, desired, now, thisUpdate),
      ];
  return [...rotation, ...verifyRotation, ...revocation, ...verifyRevocations];
}

function planRotation(ring: KeyRing, recorded: Recorded, desired: DesiredRotation): Step[] {
  if (desired.generation <= recorded.generation) return [];
  const steps: Step[] = [];
  const { next } = ring;
  const retiredKids = new Set(recorded.retired.map((key) => key.kid));
  const open = desired.baselines.filter(
    (baseline) => baseline.generation > recorded.generation && baseline.generation <= desired.generation,
  );
  // A key that has been current never becomes the next one again.
  if (next !== undefined && open.some(({ kid }) => kid === next.kid))
    return [{ kind: "list-again", kid: next.kid }];
  for (const baseline of open) {
    if (baseline.kid === ring.current.kid || retiredKids.has(baseline.kid)) continue;
    retiredKids.add(baseline.kid);
    steps.push({ kind: "adopt", retired: retire(ring, baseline, recorded, desired) });
  }
  const last = open.at(-1);
  steps.push(
    last?.generation === desired.generation && last.kid === ring.current.kid
      ? { kind: "rotate", generation: desired.generation, kid: last.kid }
      : { kind: "reach", generation: desired.generation },
  );
  return steps;
}

/** The record of a key that was current at `at` and is so no longer; the latest plausible date of its retirement is the safe one. */
export function retire(
  ring: KeyRing,
  { kid, generation, at, gracePeriod, derivedFrom }: Omit<Baseline, "from">,
  recorded: Recorded,
  desired: DesiredRotation,
): RetiredKey {
  const key = findKey(ring, kid);
  // A list that doesn't show the rotation yet tells since when the key itself is current.
  const said = key?.until ?? (ring.current.kid === kid ? undefined : ring.current.since);
  const retiredAt = said !== undefined && said >= at ? said : ring.observedAt.toISOString();
  const own = recorded.tokenLifetimes?.kid === kid ? derivation(recorded, desired) : undefined;
  const due = dueDate(
    { retiredAt },
    desired.gracePeriod ?? gracePeriod,
    longerDerivation(derivedFrom, own) ?? derivation(recorded, desired),
  );
  const revokedAt = key?.state === "revoked" ? (key.revokedAt ?? ring.observedAt.toISOString()) : undefined;
  return { kid, generation, retiredAt, ...due, ...(revokedAt !== undefined && { revokedAt }) };
}

/** What `"auto"` comes to by the lifetimes on record. */
export function derivation(
  { tokenLifetimes }: Pick<Recorded, "tokenLifetimes">,
  { jwksCacheAllowance }: DesiredRotation,
): GraceDerivation | undefined {
  return tokenLifetimes && deriveGrace(tokenLifetimes, jwksCacheAllowance);
}

/** The retired keys with their due dates as the desired grace period sets them; taking it away changes none. */
export function withDueDates(
  recorded: Pick<Recorded, "retired" | "tokenLifetimes">,
  desired: DesiredRotation,
): RetiredKey[] {
  return recorded.retired.map((key) =>
    key.revokedAt === undefined
      ? { ...key, ...dueDate(key, desired.gracePeriod, derivation(recorded, desired)) }
      : key,
  );
}

function planRevokeNow(
  ring: KeyRing,
  recorded: Recorded,
  desired: DesiredRotation,
  rotates: boolean,
): Step[] {
  const { revokeNow } = desired;
  if (revokeNow === undefined || revokeNow.kid === recorded.revokeNow?.kid) return [];
  const key = findKey(ring, revokeNow.kid);
  // A key of ours that is not listed any more was revoked, and has dropped off the list since.
  const isGone = key === undefined && recorded.retired.some(({ kid }) => kid === revokeNow.kid);
  const fault = isGone ? undefined : revokeNowFault(ring, revokeNow.kid, rotates);
  if (fault !== undefined) throw fault;
  return isGone || key?.state === "revoked"
    ? [...noteRevoked(recorded, revokeNow.kid, key?.revokedAt, ring), { kind: "note-revoke-now" }]
    : [{ kind: "revoke", kid: revokeNow.kid, cause: "revokeNow" }];
}

/** Why a key can't be revoked by name, if so: it must be a previous one, or the current one that this update retires. */
export function revokeNowFault(ring: KeyRing, kid: string, rotates: boolean): SigningKeyError | undefined {
  const key = findKey(ring, kid);
  const refuse = (observation: string, remedy: string): SigningKeyError =>
    new SigningKeyError("not_revocable", { attempt: `revokeNow of key ${kid}`, observation, remedy });
  if (key === undefined)
    return refuse(
      `the tenant lists no such key; ${itsKeys(ring)}`,
      "name a previous key, or the current one while generation is raised; if it has been revoked since, take revokeNow out",
    );
  if (key.state === "next")
    return refuse("it is the next key", "raise generation twice: once to make it current, once to retire it");
  if (key.state === "current" && !rotates)
    return refuse(
      "it is the current key",
      "raise generation in the same update, so that it is retired first",
    );
  return undefined;
}

function planDue(
  ring: KeyRing,
  recorded: Recorded,
  desired: DesiredRotation,
  now: Date,
  { retired }: ThisUpdate,
): Step[] {
  return withDueDates(recorded, desired).flatMap((entry): Step[] => {
    if (entry.revokedAt !== undefined) return [];
    // What is named is planned by `planRevokeNow`.
    if (desired.revokeNow?.kid === entry.kid && recorded.revokeNow?.kid !== entry.kid) return [];
    const key = findKey(ring, entry.kid);
    // A revoked key may have dropped off the list; a key that is not listed signs nothing any more.
    if (key === undefined || key.state === "revoked")
      return noteRevoked(recorded, entry.kid, key?.revokedAt, ring);
    if (key.state !== "previous" || retired.has(entry.kid) || !desired.revokePrevious) return [];
    if (isGraceUnknown(entry, desired)) return [];
    return isDue(entry, now, true) ? [{ kind: "revoke", kid: entry.kid, cause: "due" }] : [];
  });
}

/** Whether a due date is still to be derived: until then the key is not due. */
export function isGraceUnknown({ revokeDueAt }: RetiredKey, { gracePeriod }: DesiredRotation): boolean {
  return gracePeriod === "auto" && revokeDueAt === undefined;
}

function noteRevoked(recorded: Recorded, kid: string, revokedAt: string | undefined, ring: KeyRing): Step[] {
  const open = recorded.retired.some((key) => key.kid === kid && key.revokedAt === undefined);
  return open ? [{ kind: "note-revoked", kid, revokedAt: revokedAt ?? ring.observedAt.toISOString() }] : [];
}
