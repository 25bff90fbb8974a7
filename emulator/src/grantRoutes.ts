import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { ApiError } from "./apiError.js";
import { managementScopes } from "./application.js";
import { requireScopes } from "./authorization.js";
import { type ClientGrant, newGrant } from "./clientGrants.js";
import { findClient } from "./clientRoutes.js";
import { logWrite } from "./logWrite.js";
import { anyPage, refuseOtherParameters } from "./pagination.js";
import { invalidBody, parsePayload, payload } from "./payload.js";
import type { Store } from "./persistence.js";
import type { Tenant } from "./tenant.js";

const text = v.string("Expected type string");
const scope = v.array(text, "Expected type array");

const grantSchema = payload({
  client_id: text,
  audience: text,
  scope: v.optional(scope, []),
  subject_type: v.optional(v.literal("client", "Only client is supported by this emulator")),
});

const grantUpdateSchema = payload({ scope: v.optional(scope) });

interface GrantList {
  Querystring: Record<string, string>;
}

interface OneGrant {
  Params: { grantId: string };
}

const grantsPath = "/api/v2/client-grants";
const listParameters = ["audience", "client_id", "page", "per_page", "include_totals", "take", "from"];

/** What applications may do at APIs. */
export function grantRoutes(app: FastifyInstance, tenant: Tenant, store: Store): void {
  const read = { preHandler: requireScopes(tenant, "read:client_grants") };
  const create = { preHandler: requireScopes(tenant, "create:client_grants") };
  const update = { preHandler: requireScopes(tenant, "update:client_grants") };
  const remove = { preHandler: requireScopes(tenant, "delete:client_grants") };
  const represent = representGrant(tenant);

  app.get<GrantList>(grantsPath, read, ({ query }) => {
    refuseOtherParameters(query, listParameters);
    const { audience, client_id: clientId } = query;
    const items = tenant.grants.all
      .map(represent)
      .filter((grant) => audience === undefined || grant.audience === audience)
      .filter((grant) => clientId === undefined || grant.client_id === clientId);
    return anyPage({ name: "client_grants", items, idOf: ({ id }) => id }, query);
  });

  app.get<OneGrant>(`${grantsPath}/:grantId`, read, ({ params }) =>
    represent(findGrant(tenant, params.grantId)),
  );

  app.post(grantsPath, create, async (request, reply) => {
    const { client_id, audience: identifier, scope: scopes } = parsePayload(grantSchema, request.body);
    const { clientId } = findClient(tenant, client_id);
    const audience = identifier === tenant.audience ? null : identifier;
    refuseUnknownScopes(tenant, audience, scopes);
    if (tenant.grants.find(clientId, audience) !== undefined) {
      throw new ApiError(409, "A resource with the same identifier already exists", "client_grant_conflict");
    }
    const grant = newGrant({ clientId, audience, scopes });
    tenant.grants.put(grant);
    logWrite(tenant, request, "Create a client grant", 201);
    await store.save();
    return reply.code(201).send(represent(grant));
  });

  app.patch<OneGrant>(`${grantsPath}/:grantId`, update, async (request) => {
    const before = findGrant(tenant, request.params.grantId);
    const { scope: scopes = before.scopes } = parsePayload(grantUpdateSchema, request.body);
    refuseUnknownScopes(tenant, before.audience, scopes);
    const after = { ...before, scopes };
    tenant.grants.put(after);
    logWrite(tenant, request, "Update a client grant", 200);
    await store.save();
    return represent(after);
  });

  app.delete<OneGrant>(`${grantsPath}/:grantId`, remove, async (request, reply) => {
    if (tenant.grants.remove(request.params.grantId)) {
      logWrite(tenant, request, "Delete a client grant", 204);
      await store.save();
    }
    return reply.code(204).send();
  });
}

function representGrant(tenant: Tenant) {
  return ({ id, clientId, audience, scopes }: ClientGrant) => ({
    id,
    client_id: clientId,
    audience: audience ?? tenant.audience,
    scope: scopes,
    subject_type: "client",
  });
}

function findGrant(tenant: Tenant, id: string): ClientGrant {
  const grant = tenant.grants.byId(id);
  if (grant === undefined)
    throw new ApiError(404, "The client grant does not exist", "inexistent_client_grant");
  return grant;
}

/** Only the Management API has scopes here, those that the emulator asks for. */
function refuseUnknownScopes(tenant: Tenant, audience: string | null, scopes: readonly string[]): void {
  if (audience !== null && tenant.api(audience) === undefined) {
    throw new ApiError(404, "The resource server does not exist", "inexistent_resource_server");
  }
  const known: readonly string[] = audience === null ? managementScopes : [];
  const unknown = scopes.filter((wanted) => !known.includes(wanted));
  if (unknown.length > 0) throw invalidBody(`'The API has no ${unknown.join(", ")}' on property scope`);
}
