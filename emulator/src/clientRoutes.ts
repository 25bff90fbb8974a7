import type { FastifyInstance, FastifyRequest } from "fastify";
import { ApiError } from "./apiError.js";
import { type Application, signsInBySecret } from "./application.js";
import { insufficientScope, requireAnyScope, requireScopes } from "./authorization.js";
import { changeApplication, createApplication } from "./clientChanges.js";
import { representClient, visibilityFor } from "./clientRepresentation.js";
import { type ClientUpdateRequest, clientUpdateSchema, newClientSchema } from "./clientRequests.js";
import { logWrite } from "./logWrite.js";
import { anyPage } from "./pagination.js";
import { parsePayload } from "./payload.js";
import type { Store } from "./persistence.js";
import type { Tenant } from "./tenant.js";

interface OneClient {
  Params: { clientId: string };
  Querystring: { fields?: string | string[]; include_fields?: string };
}

export const clientsPath = "/api/v2/clients";

/** Applications: what is set, and how they authenticate. */
export function clientRoutes(app: FastifyInstance, tenant: Tenant, store: Store): void {
  const read = {
    preHandler: requireAnyScope(tenant, "read:clients", "read:client_keys", "read:client_credentials"),
  };
  const create = { preHandler: requireScopes(tenant, "create:clients") };
  const update = {
    preHandler: requireAnyScope(tenant, "update:clients", "update:client_keys", "update:client_credentials"),
  };
  const shownTo = (request: FastifyRequest) => (application: Application) =>
    representClient(tenant, application, visibilityFor(request.scopes ?? []));

  app.get(clientsPath, { preHandler: requireScopes(tenant, "read:clients") }, (request) => {
    const items = tenant.applications.map(shownTo(request));
    return anyPage({ name: "clients", items, idOf: ({ client_id }) => client_id }, request.query);
  });

  app.get<OneClient>(`${clientsPath}/:clientId`, read, (request) =>
    onlyFields(shownTo(request)(findClient(tenant, request.params.clientId)), request.query),
  );

  app.post(clientsPath, create, async (request, reply) => {
    const wanted = parsePayload(newClientSchema, request.body);
    const withKeys = wanted.client_authentication_methods;
    if (withKeys !== undefined && withKeys !== null) demand(request, "create:client_credentials");
    const application = await createApplication(wanted, tenant.clock.now());
    tenant.putApplication(application);
    logWrite(tenant, request, "Create a client", 201);
    await store.save();
    // Whoever creates it is told its secret, and nobody else without a scope for it.
    return reply.code(201).send(representClient(tenant, application, { settings: true, keys: true }));
  });

  app.patch<OneClient>(`${clientsPath}/:clientId`, update, async (request) => {
    const before = findClient(tenant, request.params.clientId);
    const wanted = parsePayload(clientUpdateSchema, request.body);
    demandScopesFor(request, wanted);
    const after = changeApplication(before, wanted);
    if (tenant.isDefaultApplication(before.clientId) && signsInOtherwise(before, after)) throw defaultStays();
    tenant.putApplication(after);
    logWrite(tenant, request, "Update a client", 200);
    await store.save();
    return shownTo(request)(after);
  });

  const remove = { preHandler: requireScopes(tenant, "delete:clients") };
  app.delete<OneClient>(`${clientsPath}/:clientId`, remove, async (request, reply) => {
    const { clientId } = request.params;
    if (tenant.isDefaultApplication(clientId)) throw defaultStays();
    if (tenant.removeApplication(clientId)) {
      logWrite(tenant, request, "Delete a client", 204);
      await store.save();
    }
    return reply.code(204).send();
  });
}

export function findClient(tenant: Tenant, clientId: string): Application {
  const application = tenant.application(clientId);
  if (application === undefined) throw new ApiError(404, "The client does not exist", "inexistent_client");
  return application;
}

/** The emulator's start line names it and its secret, so it can't be changed from within. */
function defaultStays(): ApiError {
  const message = "The first application of an emulated tenant keeps its secret and stays";
  return new ApiError(400, message, "operation_not_supported");
}

function signsInOtherwise(before: Application, after: Application): boolean {
  return before.clientSecret !== after.clientSecret || !signsInBySecret(after);
}

/** Each part of a change has a scope of its own. */
function demandScopesFor(request: FastifyRequest, wanted: ClientUpdateRequest): void {
  const { client_authentication_methods: methods, client_secret: secret, ...rest } = wanted;
  if (methods !== undefined) demand(request, "update:client_credentials");
  if (secret !== undefined) demand(request, "update:client_keys");
  // Whoever sets up the methods has to take this one away, or to put it in their place.
  if (methods !== undefined) delete rest.token_endpoint_auth_method;
  if (Object.values(rest).some((value) => value !== undefined)) demand(request, "update:clients");
}

type Demanded =
  "create:client_credentials" | "update:client_credentials" | "update:client_keys" | "update:clients";

function demand(request: FastifyRequest, scope: Demanded): void {
  if (request.scopes?.includes(scope) !== true) throw insufficientScope([scope]);
}

/** `fields` names what is to be shown, or with `include_fields=false` what is not. */
function onlyFields(client: object, { fields, include_fields: include }: OneClient["Querystring"]): object {
  if (fields === undefined) return client;
  const named = [fields].flat().flatMap((list) => list.split(","));
  const shown = Object.entries(client).filter(([name]) => named.includes(name) === (include !== "false"));
  return Object.fromEntries(shown);
}
