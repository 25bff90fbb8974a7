import type { FastifyRequest } from "fastify";
import type { Tenant } from "./tenant.js";

/** What the tenant's log says of a write that the Management API has carried out. */
export function logWrite(
  tenant: Tenant,
  request: FastifyRequest,
  description: string,
  statusCode: number,
): void {
  const clientId = request.clientId ?? "";
  const { method, url: path } = request;
  tenant.logWrite({
    description,
    client_id: clientId,
    client_name: tenant.application(clientId)?.settings.name ?? "",
    ip: request.ip,
    user_agent: request.headers["user-agent"] ?? "",
    details: { request: { method, path }, response: { statusCode } },
  });
}
