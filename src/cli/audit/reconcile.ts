import type { AuditReceipt } from "../../audit/receipt";
import type { LoggedWrite, ManagementLog } from "../../tenant/managementLog";
import { allKeys, type KeyRing } from "../../tenant/keyRing";

/** A rotation or a revocation, and who vouches for it. */
export interface Change {
  /** When it happened, as the ring, the log or the receipt has it; absent where none of them dates it. */
  at?: string;
  action: "rotate" | "revoke";
  /** The key that was retired or revoked; absent where the log alone knows of a rotation. */
  kid?: string;
  verdict: Verdict;
  /** Of its receipt. */
  by?: string;
  commit?: string;
  run?: string;
  reason?: string;
  /** Who did it by the tenant's log. */
  loggedBy?: string;
}

/**
 * - `accounted`: it happened, and there is a receipt.
 * - `no receipt`: it happened, and nobody left one: somebody in the Dashboard, a script, or a run without receipts.
 * - `not seen`: a receipt says that it was done, and neither ring nor log shows it.
 * - `without effect`: it was asked for and failed, or the run ended at it, and nothing shows that it happened.
 */
export type Verdict = "accounted" | "no receipt" | "not seen" | "without effect";

/** What calls for somebody to look. */
export const UNACCOUNTED: readonly Verdict[] = ["no receipt", "not seen"];

/** A rotation's entry in the log names no key: it is the one that was retired about then. */
const SAME_MOMENT = 2 * 60_000;
/** An attempt whose outcome its run never learnt has taken effect by then, or not at all. */
const STILL_THE_SAME_RUN = 10 * 60_000;

interface Draft {
  at?: string;
  action: Change["action"];
  kid?: string;
  isShown: boolean;
  receipt?: AuditReceipt;
  logged?: LoggedWrite;
}

/**
 * What happened to a tenant's keys since then, the earliest first, from three witnesses: receipts, which say who and why;
 * the ring, which can't be argued with and forgets keys that were revoked long ago; and the tenant's log.
 */
export function reconcileReceipts(
  receipts: readonly AuditReceipt[],
  ring: KeyRing,
  log: ManagementLog | undefined,
  since: Date,
): Change[] {
  const drafts = changesShown(ring);
  for (const receipt of receipts) addReceipt(drafts, receipt);
  for (const write of log?.writes ?? []) addLogged(drafts, write);
  return drafts
    .map((draft) => toChange(draft, ring, log))
    .filter(({ at }) => at === undefined || new Date(at) >= since)
    .sort((one, other) => ((one.at ?? "") < (other.at ?? "") ? -1 : 1));
}

function changesShown(ring: KeyRing): Draft[] {
  return [...ring.previous, ...ring.revoked].flatMap(({ kid, state, until, revokedAt }): Draft[] => [
    { action: "rotate", kid, isShown: true, ...(until !== undefined && { at: until }) },
    ...(state === "revoked"
      ? [{ action: "revoke" as const, kid, isShown: true, ...(revokedAt !== undefined && { at: revokedAt }) }]
      : []),
  ]);
}

/** The receipt that says most of each change: that it was done, then that it may have been, then the latest. */
function addReceipt(drafts: Draft[], receipt: AuditReceipt): void {
  const { action, kid } = receipt;
  if (action === "update" || kid === undefined) return;
  const known = drafts.find((draft) => draft.action === action && draft.kid === kid);
  if (known === undefined) drafts.push({ action, kid, isShown: false, receipt });
  else if (weight(receipt) >= weight(known.receipt)) known.receipt = receipt;
}

function weight(receipt: AuditReceipt | undefined): number {
  const outcomes: readonly (AuditReceipt["outcome"] | undefined)[] = ["failed", "begun", "unknown", "done"];
  return outcomes.indexOf(receipt?.outcome);
}

function addLogged(drafts: Draft[], write: LoggedWrite): void {
  const unlogged = drafts.filter(({ action, logged }) => action === write.action && logged === undefined);
  const known =
    write.kid !== undefined
      ? unlogged.find(({ kid }) => kid === write.kid)
      : nearest(unlogged, Date.parse(write.at));
  if (known !== undefined) known.logged = write;
  else {
    const { action, kid } = write;
    drafts.push({ action, ...(kid !== undefined && { kid }), isShown: false, logged: write });
  }
}

function nearest(drafts: readonly Draft[], at: number): Draft | undefined {
  const distance = ({ at: shown, receipt }: Draft): number =>
    Math.abs(Date.parse(shown ?? receipt?.at ?? "") - at);
  const [closest] = drafts
    .filter((draft) => distance(draft) <= SAME_MOMENT)
    .sort((one, other) => distance(one) - distance(other));
  return closest;
}

function toChange(draft: Draft, ring: KeyRing, log: ManagementLog | undefined): Change {
  const { action, kid, at, receipt, logged } = draft;
  const when = at ?? logged?.at ?? receipt?.at;
  const verdict = verdictOf(draft, ring, log);
  const { by, commit, run, reason } = (verdict === "no receipt" ? undefined : receipt) ?? {};
  return {
    ...(when !== undefined && { at: when }),
    action,
    ...(kid !== undefined && { kid }),
    verdict,
    ...(by !== undefined && { by }),
    ...(commit !== undefined && { commit }),
    ...(run !== undefined && { run }),
    ...(reason !== undefined && { reason }),
    ...(logged && { loggedBy: logged.by }),
  };
}

function verdictOf(draft: Draft, ring: KeyRing, log: ManagementLog | undefined): Verdict {
  const { isShown, logged, receipt } = draft;
  if (receipt === undefined) return "no receipt";
  if (isShown || logged !== undefined) return accountsFor(receipt, draft) ? "accounted" : "no receipt";
  if (receipt.outcome !== "done") return "without effect";
  return isForgotten(receipt, ring, log) ? "accounted" : "not seen";
}

/** Whether a receipt is of the change that has happened, and not of an attempt before somebody else made it. */
function accountsFor({ outcome, at: asked }: AuditReceipt, { at, logged }: Draft): boolean {
  if (outcome === "done") return true;
  const happened = at ?? logged?.at;
  if (outcome === "failed") return false;
  return happened === undefined || Math.abs(Date.parse(happened) - Date.parse(asked)) <= STILL_THE_SAME_RUN;
}

/**
 * Whether Auth0 may have stopped listing the key: it does so with those that were revoked longest ago, once there are
 * later ones. Then the log alone could contradict.
 */
function isForgotten({ kid, at }: AuditReceipt, ring: KeyRing, log: ManagementLog | undefined): boolean {
  const isListed = allKeys(ring).some((key) => key.kid === kid);
  const hasLater = ring.revoked.some(({ revokedAt = "" }) => Date.parse(revokedAt) > Date.parse(at));
  const isLogged = log?.since !== undefined && Date.parse(log.since) <= Date.parse(at);
  return !isListed && hasLater && !isLogged;
}
