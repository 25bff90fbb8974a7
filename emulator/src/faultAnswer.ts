import { apiErrorBody } from "./apiError.js";
import type { AnsweredFault } from "./faultSchema.js";
import type { Tenant } from "./tenant.js";
import { tokenPath } from "./tokenRoutes.js";

const message = "Fault asked for through the emulator's control API";

export const htmlAnswer =
  "<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body><h1>Please wait</h1></body></html>\n";

export interface FaultAnswer {
  readonly headers: Record<string, string | number>;
  readonly payload: string;
}

/** The answer of a "status" fault: Auth0's shape for the path, unless the fault brings a body of its own. */
export function faultAnswer(fault: AnsweredFault, path: string, tenant: Tenant): FaultAnswer {
  const body = "body" in fault ? fault.body : defaultBody(fault.status, path);
  return {
    headers: {
      "content-type": "application/json; charset=utf-8",
      ...resetHeaders(fault, tenant),
      ...fault.headers,
    },
    payload: JSON.stringify(body),
  };
}

function defaultBody(status: number, path: string): object {
  if (path === tokenPath) return { error: oauthError(status), error_description: message };
  if (status === 429) return apiErrorBody(429, "Global limit has been reached", "too_many_requests");
  return apiErrorBody(status, message);
}

function oauthError(status: number): string {
  if (status === 429) return "too_many_requests";
  return status < 500 ? "access_denied" : "server_error";
}

function resetHeaders({ resetSeconds }: AnsweredFault, tenant: Tenant): Record<string, number> {
  if (resetSeconds === undefined) return {};
  return {
    "retry-after": resetSeconds,
    "x-ratelimit-remaining": 0,
    "x-ratelimit-reset": Math.floor(tenant.clock.now().getTime() / 1000) + resetSeconds,
  };
}
