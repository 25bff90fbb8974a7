import type { FastifyInstance } from "fastify";
import type { Api } from "./api.js";
import { requireScopes } from "./authorization.js";
import { anyPage, checkpointPage, offsetPage, refuseOtherParameters } from "./pagination.js";
import type { Tenant } from "./tenant.js";

/** The APIs, whose lifetimes a grace period is reckoned from, and the tenant's log. */
export function directoryRoutes(app: FastifyInstance, tenant: Tenant): void {
  const resourceServers = () => ({
    name: "resource_servers",
    items: tenant.apis.map(representApi(tenant)),
    idOf: ({ id }: { readonly id: string }) => id,
  });
  const readApis = { preHandler: requireScopes(tenant, "read:resource_servers") };

  app.get("/api/v2/resource-servers", readApis, (request) => anyPage(resourceServers(), request.query));

  // The SDK pages through APIs by checkpoint here and nowhere else.
  app.get<{ Querystring: Record<string, unknown> }>(
    "/api/v2/resource-servers/search",
    readApis,
    (request) => {
      refuseOtherParameters(request.query, ["take", "from"]);
      return checkpointPage(resourceServers(), request.query);
    },
  );

  app.get("/api/v2/logs", { preHandler: requireScopes(tenant, "read:logs") }, (request) =>
    offsetPage({ name: "logs", items: tenant.log }, request.query),
  );
}

function representApi(tenant: Tenant) {
  return ({ id, name, identifier, accessTokenSeconds, accessTokenForWebSeconds }: Api) => ({
    id,
    name,
    identifier,
    ...(identifier === tenant.audience ? { is_system: true } : {}),
    signing_alg: "RS256",
    allow_offline_access: false,
    skip_consent_for_verifiable_first_party_clients: true,
    token_lifetime: accessTokenSeconds,
    token_lifetime_for_web: accessTokenForWebSeconds,
  });
}
