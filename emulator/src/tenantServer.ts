import { randomBytes } from "node:crypto";
import formbody from "@fastify/formbody";
import Fastify, { type FastifyInstance } from "fastify";
import { ApiError, apiErrorBody, type ApiErrorBody, OAuthError, type OAuthErrorBody } from "./apiError.js";
import { clientRoutes } from "./clientRoutes.js";
import { credentialRoutes } from "./credentialRoutes.js";
import { demoApi } from "./demoApi.js";
import { directoryRoutes } from "./directoryRoutes.js";
import type { Faults } from "./faults.js";
import { grantRoutes } from "./grantRoutes.js";
import type { Journal } from "./journal.js";
import { misbehave, pathOf } from "./misbehaviour.js";
import { pageRoutes } from "./page.js";
import type { Store } from "./persistence.js";
import { publicRoutes } from "./publicRoutes.js";
import "./requestState.js";
import { signingKeyRoutes } from "./signingKeyRoutes.js";
import type { Tenant } from "./tenant.js";
import { tokenPath, tokenRoutes } from "./tokenRoutes.js";

export interface Surroundings {
  readonly faults: Faults;
  readonly journal: Journal;
  readonly store: Store;
}

/** Everything that one tenant answers; listening is the caller's, since tenants share a port. */
export async function tenantServer(
  tenant: Tenant,
  { faults, journal, store }: Surroundings,
): Promise<FastifyInstance> {
  const app = Fastify({ bodyLimit: 64 * 1024 });
  await app.register(formbody);
  acceptEmptyJson(app);

  // Clients take the tenant's clock from here.
  app.addHook("onRequest", (_, reply, done) => {
    void reply.header("date", tenant.clock.now().toUTCString());
    void reply.header("x-auth0-requestid", randomBytes(10).toString("hex"));
    done();
  });
  misbehave(app, tenant, faults, journal);
  answerErrors(app);

  pageRoutes(app, () => [tenant]);
  publicRoutes(app, tenant);
  tokenRoutes(app, tenant);
  signingKeyRoutes(app, tenant, store);
  directoryRoutes(app, tenant);
  clientRoutes(app, tenant, store);
  credentialRoutes(app, tenant, store);
  grantRoutes(app, tenant, store);
  demoApi(app, tenant);
  await app.ready();
  return app;
}

/** Some clients name a content type on a PUT or POST without a body; Auth0 does not mind. */
function acceptEmptyJson(app: FastifyInstance): void {
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_, body, done) => {
    try {
      done(null, body === "" ? undefined : JSON.parse(body.toString()));
    } catch {
      done(new ApiError(400, "Invalid request payload JSON format"));
    }
  });
}

function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((_, reply) => reply.code(404).send(apiErrorBody(404, "Not Found")));
  app.setErrorHandler((error, request, reply) => {
    const status = statusOf(error);
    if (status >= 500) console.error(error);
    return reply.code(status).send(errorBody(error, status, pathOf(request)));
  });
}

function errorBody(error: unknown, status: number, path: string): ApiErrorBody | OAuthErrorBody {
  if (error instanceof OAuthError) return error.body();
  const message = error instanceof Error && status < 500 ? error.message : "Internal Server Error";
  if (path === tokenPath) return new OAuthError(status, "invalid_request", message).body();
  return error instanceof ApiError ? error.body() : apiErrorBody(status, message);
}

/** Refusals carry a status, ours as well as Fastify's (too large, unknown media type); anything else is a fault. */
function statusOf(error: unknown): number {
  if (typeof error === "object" && error !== null && "statusCode" in error) {
    if (typeof error.statusCode === "number") return error.statusCode;
  }
  return 500;
}
