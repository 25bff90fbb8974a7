import type { FastifyReply, FastifyRequest } from "fastify";
import { verifyAccessToken } from "./accessToken.js";
import { ApiError } from "./apiError.js";
import type { ManagementScope } from "./application.js";
import type { Allowance } from "./rateLimits.js";
import type { Tenant } from "./tenant.js";

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Before a management call: the rate limit, then a token verified against the ring, then all of the scopes. */
export function requireScopes(tenant: Tenant, ...required: ManagementScope[]): Check {
  return authorize(tenant, required, (granted) => required.every((scope) => granted.includes(scope)));
}

/** As requireScopes, for calls of which each of these scopes allows a part. */
export function requireAnyScope(tenant: Tenant, ...allowed: ManagementScope[]): Check {
  return authorize(tenant, allowed, (granted) => allowed.some((scope) => granted.includes(scope)));
}

export function insufficientScope(expected: readonly ManagementScope[]): ApiError {
  return new ApiError(
    403,
    `Insufficient scope, expected any of: ${expected.join(",")}`,
    "insufficient_scope",
  );
}

function authorize(
  tenant: Tenant,
  expected: readonly ManagementScope[],
  isEnough: (granted: readonly string[]) => boolean,
): Check {
  return async (request, reply) => {
    spend(reply, tenant.limiter.take(tenant.clock.now()));
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw new ApiError(401, "Missing authentication");
    const verification = await verifyAccessToken(tenant, token, {
      domains: [tenant.domainOf(request.host)],
      audience: tenant.audience,
    });
    if (!verification.valid) throw new ApiError(401, verification.message, "invalid_token");
    if (!isEnough(verification.scopes)) throw insufficientScope(expected);
    request.clientId = verification.clientId;
    request.scopes = verification.scopes;
  };
}

/** Shows an allowance in the headers and refuses once it is used up. */
export function spend(reply: FastifyReply, allowance: Allowance): void {
  void reply.headers({
    "x-ratelimit-limit": allowance.limit,
    "x-ratelimit-remaining": allowance.remaining,
    "x-ratelimit-reset": allowance.resetSeconds,
  });
  if (!allowance.allowed) throw new ApiError(429, "Global limit has been reached", "too_many_requests");
}
