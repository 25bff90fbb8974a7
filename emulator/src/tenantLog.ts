import { randomUUID } from "node:crypto";
import * as v from "valibot";

/** An entry of GET /api/v2/logs: type `sapi`, a successful Management API write. */
export const logEventSchema = v.strictObject({
  _id: v.string(),
  log_id: v.string(),
  date: v.string(),
  type: v.literal("sapi"),
  description: v.string(),
  client_id: v.optional(v.string()),
  client_name: v.optional(v.string()),
  ip: v.string(),
  user_agent: v.string(),
  details: v.strictObject({
    request: v.strictObject({ method: v.string(), path: v.string() }),
    response: v.strictObject({ statusCode: v.number() }),
  }),
});

export type LogEvent = v.InferOutput<typeof logEventSchema>;

export type ManagementWrite = Omit<LogEvent, "_id" | "log_id" | "date" | "type">;

export function logManagementWrite(write: ManagementWrite, at: Date): LogEvent {
  const id = `900${at.toISOString().replaceAll(/\D/g, "")}${randomUUID().replaceAll("-", "")}`;
  return { _id: id, log_id: id, date: at.toISOString(), type: "sapi", ...write };
}
