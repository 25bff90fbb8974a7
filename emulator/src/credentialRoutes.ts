import type { FastifyInstance } from "fastify";
import { ApiError } from "./apiError.js";
import type { Application } from "./application.js";
import { requireScopes } from "./authorization.js";
import { createCredential, mostCredentials, tooManyCredentials } from "./clientChanges.js";
import { type ClientCredential, representCredential } from "./clientCredential.js";
import { credentialSchema, credentialUpdateSchema } from "./clientRequests.js";
import { clientsPath, findClient } from "./clientRoutes.js";
import { logWrite } from "./logWrite.js";
import { parsePayload } from "./payload.js";
import type { Store } from "./persistence.js";
import type { Tenant } from "./tenant.js";

interface OfClient {
  Params: { clientId: string };
}

interface OneCredential {
  Params: { clientId: string; credentialId: string };
}

/** An application's public keys. One counts once the application's client_authentication_methods name it. */
export function credentialRoutes(app: FastifyInstance, tenant: Tenant, store: Store): void {
  const all = `${clientsPath}/:clientId/credentials`;
  const one = `${all}/:credentialId`;
  const read = { preHandler: requireScopes(tenant, "read:client_credentials") };
  const create = { preHandler: requireScopes(tenant, "create:client_credentials") };
  const update = { preHandler: requireScopes(tenant, "update:client_credentials") };
  const remove = { preHandler: requireScopes(tenant, "delete:client_credentials") };

  // Not paged, whatever the query says; the latest first.
  app.get<OfClient>(all, read, (request) =>
    [...findClient(tenant, request.params.clientId).credentials].reverse().map(representCredential),
  );

  app.get<OneCredential>(one, read, ({ params }) =>
    representCredential(findCredential(findClient(tenant, params.clientId), params.credentialId)),
  );

  app.post<OfClient>(all, create, async (request, reply) => {
    const wanted = parsePayload(credentialSchema, request.body);
    const credential = await createCredential(wanted, tenant.clock.now());
    const application = findClient(tenant, request.params.clientId);
    if (application.credentials.length >= mostCredentials) throw tooManyCredentials();
    tenant.putApplication({ ...application, credentials: [...application.credentials, credential] });
    logWrite(tenant, request, "Create a client credential", 201);
    await store.save();
    return reply.code(201).send(representCredential(credential));
  });

  app.patch<OneCredential>(one, update, async (request) => {
    const { expires_at: expiresAt } = parsePayload(credentialUpdateSchema, request.body);
    const application = findClient(tenant, request.params.clientId);
    const before = findCredential(application, request.params.credentialId);
    const after: ClientCredential = {
      ...before,
      expiresAt: expiresAt === undefined ? before.expiresAt : expiresAt?.toISOString(),
      updatedAt: tenant.clock.now().toISOString(),
    };
    const credentials = application.credentials.map((entry) => (entry === before ? after : entry));
    tenant.putApplication({ ...application, credentials });
    logWrite(tenant, request, "Update a client credential", 200);
    await store.save();
    return representCredential(after);
  });

  app.delete<OneCredential>(one, remove, async (request, reply) => {
    const application = findClient(tenant, request.params.clientId);
    const { credentialId } = request.params;
    if (application.credentials.some(({ id }) => id === credentialId)) {
      tenant.putApplication(withoutCredential(application, credentialId));
      logWrite(tenant, request, "Delete a client credential", 204);
      await store.save();
    }
    return reply.code(204).send();
  });
}

function findCredential({ credentials }: Application, wanted: string): ClientCredential {
  const credential = credentials.find(({ id }) => id === wanted);
  if (credential !== undefined) return credential;
  throw new ApiError(404, "The credential does not exist", "inexistent_credential");
}

/** Also where it is in use: whoever signs with its key is refused from then on. */
function withoutCredential(application: Application, removed: string): Application {
  const { authentication, credentials } = application;
  return {
    ...application,
    credentials: credentials.filter(({ id }) => id !== removed),
    authentication:
      authentication.method === "private_key_jwt"
        ? { ...authentication, credentialIds: authentication.credentialIds.filter((id) => id !== removed) }
        : authentication,
  };
}
