import * as v from "valibot";
import { SigningKeyError } from "../errors";
import { isoDate } from "../isoDate";
import { oneLine } from "./oneLine";
import type { Tenant } from "./tenant";

/** A change of the signing keys as the tenant's own log has it. */
export interface LoggedWrite {
  at: string;
  action: "rotate" | "revoke";
  /** Of a revocation; a rotation's entry names no key. */
  kid?: string;
  /** The application, or the Dashboard's user. */
  by: string;
}

export interface ManagementLog {
  writes: LoggedWrite[];
  /** Since when it holds everything: its oldest entry, for nobody knows how long the tenant keeps them. */
  since: string | undefined;
}

/** Auth0 lists so many entries at a time, and no further than the thousandth. */
const PAGE = 100;
const LARGEST_LOG = 1_000;

/** An entry of type `sapi`; the path is all there is to tell one write from another. */
const entrySchema = v.looseObject({
  log_id: v.nullish(v.string()),
  date: isoDate,
  user_name: v.nullish(v.string()),
  client_name: v.nullish(v.string()),
  client_id: v.nullish(v.string()),
  details: v.nullish(
    v.looseObject({
      request: v.nullish(v.looseObject({ method: v.nullish(v.string()), path: v.nullish(v.string()) })),
      response: v.nullish(v.looseObject({ statusCode: v.nullish(v.number()) })),
    }),
  ),
});
type Entry = v.InferOutput<typeof entrySchema>;

/**
 * The rotations and revocations in the tenant's log, the latest first, as far back as wanted or as it goes.
 * @throws SigningKeyError `insufficient_scope` without `read:logs`
 */
export async function readManagementLog(tenant: Tenant, wantedSince: Date): Promise<ManagementLog> {
  const entries: Entry[] = [];
  for (let page = 0; page < LARGEST_LOG / PAGE; page += 1) {
    const parsed = v.safeParse(v.array(entrySchema), await tenant.managementLogPage(page, PAGE));
    if (!parsed.success) {
      throw new SigningKeyError("unexpected_answer", {
        attempt: `reading the log of ${tenant.domain}`,
        observation: "the answer is not a list of log entries",
        remedy: "this request changed nothing; run it again",
      });
    }
    entries.push(...parsed.output);
    const oldest = entries.at(-1);
    if (parsed.output.length < PAGE || (oldest && new Date(oldest.date) < wantedSince)) break;
  }
  // An entry moves to the next page if another is written in between.
  const once = new Map(entries.map((entry) => [entry.log_id ?? entry, entry]));
  return { writes: [...once.values()].flatMap(writeOf), since: entries.at(-1)?.date };
}

function writeOf({ date, details, user_name, client_name, client_id }: Entry): LoggedWrite[] {
  const { request, response } = details ?? {};
  const [, rotates, kid] =
    /^\/api\/v2\/keys\/signing\/(?:(rotate)|([^/]+)\/revoke)$/.exec(request?.path ?? "") ?? [];
  const status = response?.statusCode ?? 200;
  if ((rotates === undefined && kid === undefined) || status >= 300) return [];
  const write = {
    at: new Date(date).toISOString(),
    by: oneLine(user_name ?? client_name ?? client_id ?? "unknown"),
  };
  return [
    kid === undefined ? { ...write, action: "rotate" } : { ...write, action: "revoke", kid: oneLine(kid) },
  ];
}
