import type { FastifyInstance } from "fastify";
import { findTenant } from "./controlError.js";
import { parseFault } from "./faultSchema.js";
import type { Faults } from "./faults.js";
import type { Tenant } from "./tenant.js";

interface OfTenant {
  Querystring: { tenant?: string };
}

export function controlFaultRoutes(app: FastifyInstance, faults: Faults, tenants: readonly Tenant[]): void {
  app.get<OfTenant>("/faults", ({ query: { tenant } }) =>
    tenant === undefined ? faults.waiting : faults.waitingFor(findTenant(tenants, tenant, 404)),
  );

  app.post("/faults", (request, reply) => {
    const fault = parseFault(request.body);
    if (fault.tenant !== undefined) findTenant(tenants, fault.tenant, 400);
    faults.add(fault);
    return reply.code(201).send(fault);
  });

  app.delete<OfTenant>("/faults", ({ query: { tenant } }, reply) => {
    faults.clear(tenant === undefined ? undefined : findTenant(tenants, tenant, 404));
    return reply.code(204).send();
  });
}
