import type { AuditReceipt } from "../../audit/receipt";
import { SigningKeyError } from "../../errors";
import { readManagementLog, type ManagementLog } from "../../tenant/managementLog";
import type { Tenant } from "../../tenant/tenant";
import { findKey, type KeyRing } from "../../tenant/keyRing";
import { runtimeFor } from "../connect";
import { Ended, EXIT, type Environment, type Output } from "../output";
import { readReceipts } from "./receiptFiles";
import { reconcileReceipts, UNACCOUNTED, type Change } from "./reconcile";

/** A tenant, and what stands before the names of its credentials' variables. */
export interface AuditedTenant {
  /** That of `AUTH0_DOMAIN` if undefined. */
  domain: string | undefined;
  prefix: string;
}

export interface AuditRequest {
  since: Date;
  /** Files, or folders of them. */
  receipts: readonly string[];
  /** That of `AUTH0_DOMAIN` if empty. */
  tenants: readonly AuditedTenant[];
}

interface TenantAudit {
  domain: string;
  /** How many receipts are of it. */
  receipts: number;
  /** Whether its log could be read. */
  hasLog: boolean;
  /** Of a log that is not empty: since when it holds everything. */
  logSince?: string;
  changes: Change[];
}

/** Holds receipts, rings and logs against each other; reads only. Exit code 1 if somebody has to look. */
export async function audit(
  { since, receipts: places, tenants }: AuditRequest,
  { environment, output }: { environment: Environment; output: Output },
): Promise<void> {
  const receipts = places.flatMap(readReceipts);
  const own: AuditedTenant = { domain: undefined, prefix: "" };
  const audits: TenantAudit[] = [];
  const accounted = new Set<AuditReceipt>();
  for (const { domain, prefix } of tenants.length === 0 ? [own] : tenants) {
    const runtime = runtimeFor(domain, environment, output, prefix);
    const tenant = runtime.tenant(undefined);
    const ring = await tenant.listKeys();
    const log = await logOf(tenant, since, output);
    const ofTenant = receipts.filter((receipt) => isOf(receipt, tenant.domain, ring));
    for (const receipt of ofTenant) accounted.add(receipt);
    audits.push({
      domain: tenant.domain,
      receipts: ofTenant.length,
      hasLog: log !== undefined,
      ...(log?.since !== undefined && { logSince: log.since }),
      changes: reconcileReceipts(ofTenant, ring, log, since),
    });
  }
  const unasked = [
    ...new Set(receipts.filter((receipt) => !accounted.has(receipt)).map(({ domain }) => domain)),
  ];
  output.result(await describe(audits, unasked, since), {
    since: since.toISOString(),
    tenants: audits,
    unasked,
  });
  const isUnaccounted = audits.some(({ changes }) =>
    changes.some(({ verdict }) => UNACCOUNTED.includes(verdict)),
  );
  if (isUnaccounted || unasked.length > 0) throw new Ended(EXIT.failed);
}

/** A tenant may go by several domains, but a key is one tenant's. */
function isOf({ domain, kid }: AuditReceipt, own: string, ring: KeyRing): boolean {
  return domain === own || (kid !== undefined && findKey(ring, kid) !== undefined);
}

/** The log is a third witness, for which not every application has the scope. */
async function logOf(tenant: Tenant, since: Date, output: Output): Promise<ManagementLog | undefined> {
  try {
    return await readManagementLog(tenant, since);
  } catch (error) {
    if (!(error instanceof SigningKeyError && error.code === "insufficient_scope")) throw error;
    output.say(
      `${tenant.domain}: without the scope read:logs its log says nothing; receipts and ring alone are compared`,
    );
    return undefined;
  }
}

async function describe(
  audits: readonly TenantAudit[],
  unasked: readonly string[],
  since: Date,
): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const parts = audits.map(({ domain, changes, receipts, hasLog, logSince }) => {
    const log = hasLog ? `its log from ${logSince ?? "now"} on` : "without its log";
    const title = `${domain} since ${since.toISOString()}, by ${receipts} receipts, its ring, ${log}`;
    if (changes.length === 0) return `${title}\nNo key was rotated or revoked.`;
    const table = new Table({
      head: ["at", "what", "kid", "verdict", "who", "why", "by its log"],
      style: { head: [], border: [], compact: true },
    });
    for (const { at = "", action, kid = "", verdict, by = "", commit, reason = "", loggedBy = "" } of changes)
      table.push([
        at,
        action,
        kid,
        verdict,
        commit === undefined ? by : `${by} at ${commit.slice(0, 12)}`,
        reason,
        loggedBy,
      ]);
    const toLookAt = changes.filter(({ verdict }) => UNACCOUNTED.includes(verdict)).length;
    return [
      title,
      table.toString(),
      toLookAt === 0
        ? "Every change is accounted for."
        : `${toLookAt} of ${changes.length} changes are not accounted for: ask who made them.`,
    ].join("\n");
  });
  if (unasked.length > 0)
    parts.push(
      `There are receipts of tenants that were not asked: ${unasked.join(", ")}; name each with --tenant.`,
    );
  return parts.join("\n\n");
}
