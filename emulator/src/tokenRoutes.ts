import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { signAccessToken } from "./accessToken.js";
import type { Api } from "./api.js";
import { OAuthError } from "./apiError.js";
import type { Application } from "./application.js";
import { UsedAssertions } from "./clientAssertion.js";
import { authenticateClient } from "./clientAuthentication.js";
import type { Tenant } from "./tenant.js";
import { type TokenParameters, tokenParametersSchema } from "./tokenParameters.js";

export const tokenPath = "/oauth/token";

export function tokenRoutes(app: FastifyInstance, tenant: Tenant): void {
  const used = new UsedAssertions();

  app.post(tokenPath, async (request, reply) => {
    const parameters = parse(request.body);
    const domain = tenant.domainOf(request.host);
    const authorization = request.headers.authorization;
    const application = await authenticateClient(tenant, used, { domain, parameters, authorization });
    if (!application.settings.grantTypes.includes("client_credentials"))
      throw grantTypeRefused("client_credentials");
    const api = requestedApi(tenant, parameters.audience);
    const scopes = grantedScopes(tenant, application, api, parameters.scope);
    const token = await signAccessToken(tenant, {
      domain,
      clientId: application.clientId,
      audience: api.identifier,
      scopes,
      lifetimeSeconds: api.accessTokenSeconds,
    });
    tenant.issued.noteToken(token);
    void reply.header("cache-control", "no-store").header("pragma", "no-cache");
    return {
      access_token: token,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
      expires_in: api.accessTokenSeconds,
      token_type: "Bearer",
    };
  });
}

function parse(body: unknown): TokenParameters {
  const parsed = v.safeParse(tokenParametersSchema, body ?? {});
  if (!parsed.success) {
    throw new OAuthError(400, "invalid_request", "Each parameter must be given once, as a string");
  }
  const { grant_type } = parsed.output;
  if (grant_type === undefined) {
    throw new OAuthError(400, "invalid_request", "Missing required parameter: grant_type");
  }
  if (grant_type !== "client_credentials") {
    throw grantTypeRefused(grant_type);
  }
  return parsed.output;
}

function grantTypeRefused(grantType: string): OAuthError {
  return new OAuthError(403, "unauthorized_client", `Grant type '${grantType}' not allowed for the client.`);
}

function requestedApi(tenant: Tenant, audience: string | undefined): Api {
  if (audience === undefined) {
    throw new OAuthError(403, "access_denied", "Non-global clients are not allowed access to APIv1");
  }
  const api = tenant.api(audience);
  if (api === undefined) {
    throw new OAuthError(403, "access_denied", `Service not enabled within domain: ${audience}`);
  }
  return api;
}

/** What the application was granted at the API, or as much of it as is asked for. Only the Management API insists on a grant. */
function grantedScopes(
  tenant: Tenant,
  application: Application,
  api: Api,
  asked: string | undefined,
): readonly string[] {
  const grant = tenant.grants.find(
    application.clientId,
    api.identifier === tenant.audience ? null : api.identifier,
  );
  const granted = grant?.scopes ?? [];
  if (api.identifier === tenant.audience && grant === undefined) {
    throw new OAuthError(
      403,
      "access_denied",
      `Client is not authorized to access "${api.identifier}". ` +
        'You need to create a "client-grant" associated to this API.',
    );
  }
  const wanted = (asked ?? "").split(" ").filter((scope) => scope !== "");
  const missing = wanted.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) {
    throw new OAuthError(403, "access_denied", `Client has not been granted scopes: ${missing.join(", ")}`);
  }
  return wanted.length === 0 ? granted : wanted;
}
