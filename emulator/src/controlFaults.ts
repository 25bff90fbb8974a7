import type { FastifyInstance } from "fastify";
import { findTenant } from "./controlError.js";
import { parseFault } from "./faultSchema.js";
import type { Faults } from "./faults.js";
import type { Tenant } from "./tenant.js";

export function controlFaultRoutes(app: FastifyInstance, faults: Faults, tenants: readonly Tenant[]): void {
  app.get("/faults", () => faults.waiting);

  app.post("/faults", (request, reply) => {
    const fault = parseFault(request.body);
    if (fault.tenant !== undefined) findTenant(tenants, fault.tenant, 400);
    faults.add(fault);
    return reply.code(201).send(fault);
  });

  app.delete("/faults", (_, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
}
