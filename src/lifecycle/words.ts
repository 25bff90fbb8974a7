import { inWords } from "../duration";
import { dueDate } from "./gracePeriod";
import type { DesiredRotation } from "./inputs";
import { isDue, type RotationOutputs } from "./state";
import { derivation, isGraceUnknown, withDueDates } from "./plan";

/**
 * Says what an update would do, from what is recorded alone and without a request:
 * `acme.eu.auth0.com: generation 4 → 5: rotate (abc retires, current since T); revoke nothing; ring as recorded at T`.
 * @param isRaiseKnown whether a raise that the intent records is among the baselines; in most previews it is not
 * @returns `undefined` where nothing changes and nothing is awaited
 */
export function describeUpdate(
  recorded: RotationOutputs,
  desired: DesiredRotation,
  domain: string,
  machineTime: Date,
  isRaiseKnown = false,
): string | undefined {
  const now = latest(machineTime, recorded.observedAt);
  const raises = desired.generation > recorded.generation;
  const parts: string[] = [];
  if (raises) {
    parts.push(
      `generation ${recorded.generation} → ${desired.generation}: ${describeRotation(recorded, desired, isRaiseKnown)}`,
    );
  } else if (desired.generation < recorded.generation) {
    parts.push(
      `generation ${recorded.generation} → ${desired.generation}: rotation ${recorded.generation} cannot be undone`,
    );
  }
  for (const pending of recorded.pending) parts.push(`${pending.step} of ${pending.kid} goes on`);
  const revocations = describeRevocations(recorded, desired, now);
  parts.push(...revocations);
  if (parts.length === 0) return undefined;
  if (raises) {
    const retirement = dueDate(
      { retiredAt: now.toISOString() },
      desired.gracePeriod,
      derivation(recorded, desired),
    );
    const due = desired.revokePrevious ? retirement.revokeDueAt : undefined;
    if (revocations.length === 0)
      parts.push(due === undefined ? "revoke nothing" : `revoke nothing before ${due}`);
    else if (due !== undefined && desired.revokeNow?.kid !== recorded.currentKey.kid)
      parts.push(`revoke ${recorded.currentKey.kid} not before ${due}`);
  }
  return `${domain}: ${parts.join("; ")}; ring as recorded at ${recorded.observedAt}`;
}

function describeRotation(
  { currentKey }: RotationOutputs,
  desired: DesiredRotation,
  isRaiseKnown: boolean,
): string {
  const { kid, since } = currentKey;
  const raise = desired.baselines.find(({ generation }) => generation === desired.generation);
  if (raise !== undefined && raise.kid !== kid)
    return `recorded before, and ${raise.kid} is no longer current: rotate nothing, record what has happened`;
  if (raise === undefined && isRaiseKnown) return noState(desired.generation);
  const rotate = `rotate (${kid} retires${since === undefined ? "" : `, current since ${since}`})`;
  const { expectedCurrentKid: expected } = desired;
  return expected === undefined || expected === kid
    ? rotate
    : `${rotate}, which will be refused unless ${expected}, the expectedCurrentKid, is current by then`;
}

/** The tenant's clock decides, and it has told its time when the ring was recorded: it is not earlier now. */
function latest(machineTime: Date, observedAt: string): Date {
  const observed = new Date(observedAt);
  return observed > machineTime ? observed : machineTime;
}

function describeRevocations(recorded: RotationOutputs, desired: DesiredRotation, now: Date): string[] {
  const parts: string[] = [];
  const { revokeNow } = desired;
  const named = revokeNow !== undefined && revokeNow.kid !== recorded.revokeNow?.kid ? revokeNow : undefined;
  if (named) parts.push(`revoke ${named.kid} now (${named.reason})`);
  const valid = new Set([recorded.currentKey.kid, ...recorded.previousKeys.map((key) => key.kid)]);
  const before = new Map(recorded.retired.map((key) => [key.kid, key.revokeDueAt]));
  for (const key of withDueDates(recorded, desired)) {
    if (key.revokedAt !== undefined || !valid.has(key.kid) || key.kid === named?.kid) continue;
    const formerDue = before.get(key.kid);
    if (formerDue !== undefined && key.revokeDueAt !== undefined && key.revokeDueAt < formerDue) {
      parts.push(`the revocation of ${key.kid} is brought forward from ${formerDue} to ${key.revokeDueAt}`);
    }
    if (isGraceUnknown(key, desired)) {
      parts.push(`derive when ${key.kid} is due from the tenant's token lifetimes`);
    } else if (desired.revokePrevious) {
      parts.push(
        isDue(key, now, true)
          ? `revoke ${key.kid}`
          : `revoke ${key.kid} not before ${timeLeft(key.revokeDueAt ?? "", now)}`,
      );
    } else if (key.revokeDueAt !== undefined) {
      parts.push(`${key.kid} is due at ${timeLeft(key.revokeDueAt, now)}; this resource keeps it`);
    }
  }
  return parts;
}

/** A due date, and how long it is until then. */
export function timeLeft(due: string, now: Date): string {
  const left = Date.parse(due) - now.getTime();
  return left > 0 ? `${due} (in ${inWords(left)})` : due;
}

/** The same for a resource that doesn't exist yet. */
export function describeCreation(desired: DesiredRotation, domain: string, isRaiseKnown = true): string {
  const { generation, expectedCurrentKid, revokeNow } = desired;
  const recordedRaise = desired.baselines.find((baseline) => baseline.generation === generation);
  const rotation =
    recordedRaise !== undefined
      ? `rotate if ${recordedRaise.kid} is still the current key, otherwise record what has happened`
      : generation === 0
        ? "adopt the key ring as it is, rotate nothing"
        : generation === 1
          ? "rotate once"
          : expectedCurrentKid === undefined
            ? `${noState(generation)}${isRaiseKnown ? "" : ", or, if its intent is still on record, rotate once"}`
            : `no state for it: rotate if ${expectedCurrentKid} is the current key, otherwise take it as carried out`;
  const revocation =
    revokeNow === undefined ? "revoke nothing" : `revoke ${revokeNow.kid} now (${revokeNow.reason})`;
  return `${domain}: generation ${generation}: ${rotation}; ${revocation}`;
}

function noState(generation: number): string {
  return `no state for it: taken as carried out; raise to ${generation + 1} to rotate`;
}
