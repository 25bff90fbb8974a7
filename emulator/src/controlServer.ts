import Fastify, { type FastifyInstance } from "fastify";
import type { Faults } from "./faults.js";
import { controlClientRoutes } from "./controlClients.js";
import { ControlError, findTenant } from "./controlError.js";
import { controlFaultRoutes } from "./controlFaults.js";
import { controlLifetimeRoutes } from "./controlLifetimes.js";
import { controlSamlRoutes } from "./controlSaml.js";
import { controlTenantRoutes } from "./controlTenants.js";
import type { Journal } from "./journal.js";
import { pageRoutes } from "./page.js";
import type { Store } from "./persistence.js";
import { hostnameOf, type Tenant } from "./tenant.js";

/** What the control API works on. */
export interface Controlled {
  readonly tenants: readonly Tenant[];
  readonly faults: Faults;
  readonly journal: Journal;
  readonly store: Store;
  readonly caFile: string;
  /** Known once the server listens. */
  readonly controlUrl: () => string;
}

const ownHostnames = ["localhost", "127.0.0.1", "[::1]"];

/** The control API: plain HTTP on the loopback address. */
export function controlServer(controlled: Controlled): FastifyInstance {
  const { faults, journal, tenants } = controlled;
  const app = Fastify({ bodyLimit: 1024 * 1024, forceCloseConnections: true });

  // A web page elsewhere could otherwise reach this server, secrets and all, under a name that resolves to loopback.
  app.addHook("onRequest", (request, _, done) => {
    const known = ownHostnames.includes(hostnameOf(request.host));
    done(known ? undefined : new ControlError(403, [`host: ${request.host} is not a name of this server`]));
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send(new ControlError(404, [`${request.method} ${request.url}: no such route`]).body()),
  );
  app.setErrorHandler((error, _, reply) => {
    const refusal = ControlError.from(error);
    return reply.code(refusal.statusCode).send(refusal.body());
  });

  pageRoutes(app, () => tenants);
  app.get<{ Querystring: { tenant?: string } }>("/journal", ({ query: { tenant } }) =>
    tenant === undefined ? journal.entries : journal.entriesOf(findTenant(tenants, tenant, 404).domain),
  );
  app.delete("/journal", (_, reply) => {
    journal.clear();
    return reply.code(204).send();
  });
  app.get("/issued", () => ({
    tokens: tenants.flatMap(({ issued }) => issued.tokens),
    secrets: tenants.flatMap(({ issued }) => issued.secrets),
  }));
  controlFaultRoutes(app, faults, tenants);
  controlTenantRoutes(app, controlled);
  controlClientRoutes(app, controlled);
  controlLifetimeRoutes(app, controlled);
  controlSamlRoutes(app, controlled);
  return app;
}
