import { createPublicKey } from "node:crypto";
import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { managementScopes, newApplication } from "./application.js";
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
    v.pipe(v.string("must be a PEM"), v.check(isRsaPublicKey, "must be an RSA public key, PEM, SPKI")),
  ),
});

/** Further applications: with fewer scopes, or with a key in place of a secret. */
export function controlClientRoutes(app: FastifyInstance, { tenants, store }: Controlled): void {
  app.post("/clients", async (request, reply) => {
    const { tenant: wanted, scopes, publicKeyPem } = parseBody(clientSchema, request.body);
    const tenant = wanted === undefined ? tenants[0] : findTenant(tenants, wanted, 400);
    if (tenant === undefined) throw new ControlError(400, ["tenant: there is none"]);
    const application = newApplication("Added by the control API", scopes, publicKeyPem);
    tenant.addApplication(application);
    await store.save();
    const { clientId, credential } = application;
    const secret = "clientSecret" in credential ? { clientSecret: credential.clientSecret } : {};
    return reply.code(201).send({ clientId, ...secret });
  });

  app.delete<{ Params: { clientId: string } }>("/clients/:clientId", async (request, reply) => {
    const { clientId } = request.params;
    const owner = tenants.find((tenant) => tenant.application(clientId) !== undefined);
    if (owner === undefined) throw new ControlError(404, [`clientId: ${clientId} is unknown`]);
    if (owner.applications[0]?.clientId === clientId) {
      throw new ControlError(400, ["clientId: the default application of a tenant stays"]);
    }
    owner.removeApplication(clientId);
    await store.save();
    return reply.code(204).send();
  });
}

function isRsaPublicKey(pem: string): boolean {
  try {
    return pem.includes("BEGIN PUBLIC KEY") && createPublicKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}
