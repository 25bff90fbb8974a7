import type { FastifyInstance } from "fastify";
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { defaultApiIdentifier } from "./api.js";
import type { Tenant } from "./tenant.js";

/** A customer's API that trusts the tenant: it accepts what a key in the JWKS signed for it, and keeps no cache. */
export function demoApi(app: FastifyInstance, tenant: Tenant): void {
  app.get("/demo/api", async (request, reply) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) return reply.code(401).send({ error: "no bearer token" });
    const keys = tenant.ring.published().map(({ jwk }) => ({ ...jwk, x5c: [...jwk.x5c] }));
    try {
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys }), {
        algorithms: ["RS256"],
        issuer: `https://${tenant.domainOf(request.host)}/`,
        audience: defaultApiIdentifier,
        currentDate: tenant.clock.now(),
      });
      return { message: "token accepted", kid: protectedHeader.kid, subject: payload.sub };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      return reply.code(401).send({ error: "token refused", reason: error.message });
    }
  });
}
