import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { type AccessTokenLifetimes, defaultApiIdentifier, newApi } from "./api.js";
import { ControlError, findTenant, parseBody } from "./controlError.js";
import type { Controlled } from "./controlServer.js";
import { exactObject } from "./exactObject.js";
import type { Tenant } from "./tenant.js";

/** A century: beyond it, the expiry of a token is no date that clients can write. */
const longestLifetimeSeconds = 100 * 365 * 86_400;

const lifetime = v.optional(
  v.pipe(
    v.number("must be a number of seconds"),
    v.integer("must be a whole number of seconds"),
    v.minValue(1, "must be 1 second at least"),
    v.maxValue(longestLifetimeSeconds, "must be a century at most"),
  ),
);

const accessTokenEntries = { accessTokenSeconds: lifetime, accessTokenForWebSeconds: lifetime };

const lifetimesSchema = exactObject({
  ...accessTokenEntries,
  api: v.optional(v.string("must be the identifier of an API"), defaultApiIdentifier),
  client: v.optional(v.string("must be the id of an application")),
  idTokenSeconds: lifetime,
});

const apiSchema = exactObject({
  ...accessTokenEntries,
  identifier: v.pipe(v.string("must be the audience of its tokens"), v.nonEmpty("must not be empty")),
  name: v.optional(v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"))),
});

interface OfTenant {
  Params: { tenant: string };
}

/** How long tokens live, and further APIs to have tokens for. */
export function controlLifetimeRoutes(app: FastifyInstance, { tenants, store }: Controlled): void {
  app.put<OfTenant>("/tenants/:tenant/lifetimes", async (request) => {
    const tenant = findTenant(tenants, request.params.tenant, 404);
    setLifetimes(tenant, parseBody(lifetimesSchema, request.body));
    await store.save();
    return lifetimesOf(tenant);
  });

  app.post<OfTenant>("/tenants/:tenant/apis", async (request, reply) => {
    const tenant = findTenant(tenants, request.params.tenant, 404);
    const { identifier, name = identifier, ...lifetimes } = parseBody(apiSchema, request.body);
    if (tenant.api(identifier) !== undefined) {
      throw new ControlError(409, [`identifier: ${identifier} is an API of ${tenant.name} already`]);
    }
    const api = newApi(identifier, name, given(lifetimes));
    tenant.addApi(api);
    await store.save();
    return reply.code(201).send(api);
  });
}

function setLifetimes(tenant: Tenant, wanted: v.InferOutput<typeof lifetimesSchema>): void {
  const { api: identifier, client: clientId, idTokenSeconds, ...accessToken } = wanted;
  const lifetimes = given(accessToken);
  if (Object.keys(lifetimes).length === 0 && idTokenSeconds === undefined) {
    throw new ControlError(400, [
      "accessTokenSeconds, accessTokenForWebSeconds or idTokenSeconds: at least one must be given",
    ]);
  }
  const api = tenant.api(identifier);
  const application = clientId === undefined ? tenant.applications[0] : tenant.application(clientId);
  const problems = [
    ...(api === undefined ? [`api: ${identifier} is no API of ${tenant.name}`] : []),
    ...(application === undefined ? [`client: ${clientId ?? ""} is no application of ${tenant.name}`] : []),
  ];
  if (api === undefined || application === undefined) throw new ControlError(400, problems);
  const { accessTokenSeconds, accessTokenForWebSeconds } = { ...api, ...lifetimes };
  tenant.setAccessTokenLifetimes(api, { accessTokenSeconds, accessTokenForWebSeconds });
  if (idTokenSeconds !== undefined) tenant.setIdTokenLifetime(application, idTokenSeconds);
}

type AccessTokenInput = {
  readonly [lifetime in keyof AccessTokenLifetimes]?: AccessTokenLifetimes[lifetime] | undefined;
};

/** Without the lifetimes that are left out. */
function given({
  accessTokenSeconds,
  accessTokenForWebSeconds,
}: AccessTokenInput): Partial<AccessTokenLifetimes> {
  return {
    ...(accessTokenSeconds === undefined ? {} : { accessTokenSeconds }),
    ...(accessTokenForWebSeconds === undefined ? {} : { accessTokenForWebSeconds }),
  };
}

function lifetimesOf(tenant: Tenant): object {
  return {
    apis: tenant.apis.map(({ identifier, name, accessTokenSeconds, accessTokenForWebSeconds }) => ({
      identifier,
      name,
      accessTokenSeconds,
      accessTokenForWebSeconds,
    })),
    clients: tenant.applications.map(({ clientId, settings: { name, idTokenSeconds } }) => ({
      clientId,
      name,
      idTokenSeconds,
    })),
  };
}
