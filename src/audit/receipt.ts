import * as v from "valibot";
import { isoDate } from "../isoDate";
import { oneLine } from "../tenant/oneLine";

/** Receipts come back from files that others may have written: no line break, nothing that steers a terminal. */
const text = v.pipe(v.string(), v.transform(oneLine));

/** One line of the audit trail: a write to Auth0 that is being asked for, what came of it, or an update that failed. */
export const auditReceiptSchema = v.object({
  version: v.literal(1),
  /** Joins what was asked for with what came of it. */
  attempt: text,
  /** This machine's time, ISO 8601. */
  at: isoDate,
  domain: text,
  /** `update`: an update of a resource that failed, before any write or after its writes. */
  action: v.picklist(["rotate", "revoke", "update"]),
  /** `begun` is written before the request; where nothing follows it, the run was killed at it. */
  outcome: v.picklist(["begun", "done", "failed", "unknown"]),
  /** The key that is retired or revoked. */
  kid: v.exactOptional(text),
  generation: v.exactOptional(v.number()),
  /** As the program or the command gives it. */
  reason: v.exactOptional(text),
  /** Of a failure: its code, and its message. */
  code: v.exactOptional(text),
  message: v.exactOptional(text),
  by: text,
  commit: v.exactOptional(text),
  run: v.exactOptional(text),
});

export type AuditReceipt = v.InferOutput<typeof auditReceiptSchema>;

/** What an attempt is about. */
export type Subject = Pick<AuditReceipt, "domain" | "action"> &
  Partial<Pick<AuditReceipt, "kid" | "generation" | "reason">>;
