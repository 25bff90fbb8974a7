import type { FastifyInstance } from "fastify";
import { ApiError } from "./apiError.js";
import { samlMetadata } from "./samlMetadata.js";
import type { Tenant } from "./tenant.js";

export const jwksPath = "/.well-known/jwks.json";
const cacheControl = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400";

export function publicRoutes(app: FastifyInstance, tenant: Tenant): void {
  app.get(jwksPath, (request, reply) => {
    const { ring } = tenant;
    const stale = request.fault?.fault === "stale-jwks";
    const keys = stale ? ring.publishedBeforeLastChange() : ring.published();
    void reply.header("cache-control", cacheControl);
    return { keys: keys.map(({ jwk }) => jwk) };
  });

  app.get("/.well-known/openid-configuration", (request, reply) => {
    void reply.header("cache-control", cacheControl);
    return discovery(tenant.domainOf(request.host));
  });

  app.get("/pem", (_, reply) => reply.type("application/x-pem-file").send(tenant.ring.current().certificate));
  app.get("/cer", (_, reply) => reply.type("application/x-x509-ca-cert").send(tenant.ring.current().der));
  app.get("/rawpem", (_, reply) => reply.type("text/plain").send(tenant.ring.current().jwk.x5c[0]));
  app.get("/pb7", (_, reply) =>
    reply.type("application/x-pkcs7-certificates").send(tenant.ring.current().pkcs7),
  );
  app.get("/fingerprint", (_, reply) => reply.type("text/plain").send(tenant.ring.current().fingerprint));

  app.get<{ Params: { clientId: string } }>("/samlp/metadata/:clientId", (request, reply) => {
    const { clientId } = request.params;
    if (tenant.application(clientId) === undefined) throw new ApiError(404, "Unknown client");
    const xml = samlMetadata(tenant.name, tenant.domainOf(request.host), clientId, tenant.ring.current());
    return reply.type("application/xml; charset=utf-8").send(xml);
  });
}

function discovery(domain: string): object {
  const issuer = `https://${domain}/`;
  return {
    issuer,
    token_endpoint: `${issuer}oauth/token`,
    jwks_uri: `https://${domain}${jwksPath}`,
    grant_types_supported: ["client_credentials"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code", "token", "id_token"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    token_endpoint_auth_signing_alg_values_supported: ["RS256", "RS384", "PS256"],
  };
}
