import type { FastifyInstance } from "fastify";
import type { Api } from "./api.js";
import type { Application } from "./application.js";
import { requireScopes } from "./authorization.js";
import { paginate } from "./pagination.js";
import type { Tenant } from "./tenant.js";

/** The lists beside the signing keys: what a grace period is reckoned from, and the tenant's log. */
export function directoryRoutes(app: FastifyInstance, tenant: Tenant): void {
  app.get(
    "/api/v2/resource-servers",
    { preHandler: requireScopes(tenant, "read:resource_servers") },
    (request) => paginate("resource_servers", tenant.apis.map(representApi(tenant)), request.query),
  );

  app.get("/api/v2/clients", { preHandler: requireScopes(tenant, "read:clients") }, (request) =>
    paginate("clients", tenant.applications.map(representClient(tenant)), request.query),
  );

  app.get("/api/v2/logs", { preHandler: requireScopes(tenant, "read:logs") }, (request) =>
    paginate("logs", tenant.log, request.query),
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

/** Without the secret, as Auth0 shows a client to whoever lacks `read:client_keys`. */
function representClient(tenant: Tenant) {
  return ({ clientId, name, idTokenSeconds, credential }: Application) => ({
    tenant: tenant.name,
    global: false,
    client_id: clientId,
    name,
    app_type: "non_interactive",
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "publicKeyPem" in credential ? "private_key_jwt" : "client_secret_post",
    jwt_configuration: {
      alg: "RS256",
      lifetime_in_seconds: idTokenSeconds,
      secret_encoded: false,
    },
    is_first_party: true,
    oidc_conformant: true,
  });
}
