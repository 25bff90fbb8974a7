import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { managementScopes, newApplication, newApplicationWithKey } from "./application.js";
import { newCredential, readPublicKey } from "./clientCredential.js";
import { newGrant } from "./clientGrants.js";
import { machineToMachine } from "./clientSettings.js";
import { ControlError, findTenant, parseBody } from "./controlError.js";
import type { Controlled } from "./controlServer.js";
import { exactObject } from "./exactObject.js";

const clientSchema = exactObject({
  tenant: v.optional(v.string("must be a tenant's domain or name")),
  scopes: v.array(
    v.picklist(managementScopes, `must be one of ${managementScopes.join(", ")}`),
    `must be a list of ${managementScopes.join(", ")}`,
  ),
  publicKeyPem: v.optional(
    v.pipe(
      v.string("must be a PEM"),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const key = readPublicKey(dataset.value);
        if (key !== undefined) return key;
        addIssue({ message: "must be an RSA public key of 2048 bits or more, PEM" });
        return NEVER;
      }),
    ),
  ),
});

/** Further applications: with fewer scopes, or with a key in place of a secret. */
export function controlClientRoutes(app: FastifyInstance, { tenants, store }: Controlled): void {
  app.post("/clients", async (request, reply) => {
    const { tenant: wanted, scopes, publicKeyPem: key } = parseBody(clientSchema, request.body);
    const tenant = wanted === undefined ? tenants[0] : findTenant(tenants, wanted, 400);
    if (tenant === undefined) throw new ControlError(400, ["tenant: there is none"]);
    const settings = machineToMachine("Added by the control API");
    const application =
      key === undefined
        ? newApplication(settings)
        : newApplicationWithKey(settings, await newCredential(key, { now: tenant.clock.now() }));
    const { clientId, clientSecret } = application;
    tenant.putApplication(application);
    if (scopes.length > 0) tenant.grants.put(newGrant({ clientId, audience: null, scopes }));
    await store.save();
    return reply.code(201).send({ clientId, ...(clientSecret === undefined ? {} : { clientSecret }) });
  });

  app.delete<{ Params: { clientId: string } }>("/clients/:clientId", async (request, reply) => {
    const { clientId } = request.params;
    const owner = tenants.find((tenant) => tenant.application(clientId) !== undefined);
    if (owner === undefined) throw new ControlError(404, [`clientId: ${clientId} is unknown`]);
    if (owner.isDefaultApplication(clientId)) {
      throw new ControlError(400, ["clientId: the default application of a tenant stays"]);
    }
    owner.removeApplication(clientId);
    await store.save();
    return reply.code(204).send();
  });
}
