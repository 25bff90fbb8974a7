import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { parseDuration } from "./clock.js";
import { ControlError, findTenant, parseBody } from "./controlError.js";
import type { Controlled } from "./controlServer.js";
import type { Effect } from "./journal.js";
import { startLine } from "./startLine.js";
import type { Tenant } from "./tenant.js";
import { exactObject } from "./exactObject.js";

const clockSchema = exactObject({
  advance: v.pipe(
    v.string('must be a duration such as "25h"'),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const parsed = parseDuration(dataset.value);
      if (parsed !== undefined) return parsed;
      addIssue({ message: 'must be a duration such as "25h", more than 0 and at most a century' });
      return NEVER;
    }),
  ),
  tenant: v.optional(v.string("must be a tenant's domain or name")),
});

interface OfTenant {
  Params: { tenant: string };
}

interface OfKey {
  Params: { tenant: string; kid: string };
}

/** The tenants, their clocks, and what a dashboard user does to their keys. */
export function controlTenantRoutes(app: FastifyInstance, controlled: Controlled): void {
  const { tenants, store } = controlled;

  app.get("/tenants", () => tenants.map((tenant) => summary(tenant, controlled)));

  app.post("/clock", async (request) => {
    const { advance, tenant: wanted } = parseBody(clockSchema, request.body);
    const moved = wanted === undefined ? tenants : [findTenant(tenants, wanted, 400)];
    for (const tenant of moved) tenant.clock.advance(advance);
    await store.save();
    return { now: moved[0]?.clock.now().toISOString() };
  });

  app.post<OfTenant>("/tenants/:tenant/rotate", async (request, reply) => {
    const tenant = findTenant(tenants, request.params.tenant, 404);
    const { retired, next } = await tenant.rotate();
    await recordDashboard(tenant, "/dashboard/rotate", { effect: "rotate", kid: retired.kid }, 201);
    return reply.code(201).send({ retired: retired.kid, current: tenant.ring.current().kid, next: next.kid });
  });

  app.post<OfKey>("/tenants/:tenant/revoke/:kid", async (request) => {
    const tenant = findTenant(tenants, request.params.tenant, 404);
    const { kid } = request.params;
    const revocation = tenant.revoke(kid);
    if (revocation.outcome === "unknown") throw new ControlError(404, [`kid: ${kid} is not in the ring`]);
    if (revocation.outcome === "refused") {
      throw new ControlError(400, [
        `kid: ${kid} is ${revocation.status}; only a previous key can be revoked`,
      ]);
    }
    await recordDashboard(tenant, `/dashboard/revoke/${kid}`, { effect: "revoke", kid }, 200);
    return { revoked: kid };
  });

  async function recordDashboard(
    tenant: Tenant,
    path: string,
    effect: Effect,
    status: number,
  ): Promise<void> {
    const method = "DASHBOARD";
    const at = tenant.clock.now().toISOString();
    controlled.journal.record({ at, tenant: tenant.domain, method, path, status, ...effect });
    tenant.logWrite({
      description: `${effect.effect === "rotate" ? "Rotate" : "Revoke"} by a dashboard user`,
      ip: "127.0.0.1",
      user_agent: "dashboard",
      details: { request: { method, path }, response: { statusCode: status } },
    });
    await store.save();
  }
}

function summary(tenant: Tenant, { caFile, controlUrl }: Controlled): object {
  const kids = (status: "previous" | "revoked"): string[] =>
    tenant.ring.withStatus(status).map(({ kid }) => kid);
  return {
    ...startLine(tenant, caFile, controlUrl()),
    name: tenant.name,
    hostname: tenant.hostname,
    now: tenant.clock.now().toISOString(),
    ring: {
      current: tenant.ring.current().kid,
      next: tenant.ring.withStatus("next")[0]?.kid,
      previous: kids("previous"),
      revoked: kids("revoked"),
    },
  };
}
