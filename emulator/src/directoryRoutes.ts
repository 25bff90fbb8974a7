import type { FastifyInstance } from "fastify";
import type { Api } from "./api.js";
import type { Application } from "./application.js";
import { ApiError } from "./apiError.js";
import { requireScopes } from "./authorization.js";
import { anyPage, checkpointPage, offsetPage } from "./pagination.js";
import type { Tenant } from "./tenant.js";

/** The lists beside the signing keys: what a grace period is reckoned from, and the tenant's log. */
export function directoryRoutes(app: FastifyInstance, tenant: Tenant): void {
  const resourceServers = () => ({
    name: "resource_servers",
    items: tenant.apis.map(representApi(tenant)),
    idOf: ({ id }: { readonly id: string }) => id,
  });
  const clients = () => ({
    name: "clients",
    items: tenant.applications.map(representClient(tenant)),
    idOf: ({ client_id }: { readonly client_id: string }) => client_id,
  });
  const readApis = { preHandler: requireScopes(tenant, "read:resource_servers") };

  app.get("/api/v2/resource-servers", readApis, (request) => anyPage(resourceServers(), request.query));

  // The SDK pages through APIs by checkpoint here and nowhere else.
  app.get<{ Querystring: Record<string, unknown> }>(
    "/api/v2/resource-servers/search",
    readApis,
    (request) => {
      const { take, from, ...rest } = request.query;
      const unsupported = Object.keys(rest).map((name) => `'${name}' is not supported by this emulator`);
      if (unsupported.length > 0) {
        throw new ApiError(400, `Query validation error: ${unsupported.join("; ")}`, "invalid_query_string");
      }
      return checkpointPage(resourceServers(), { take, from });
    },
  );

  app.get("/api/v2/clients", { preHandler: requireScopes(tenant, "read:clients") }, (request) =>
    anyPage(clients(), request.query),
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
