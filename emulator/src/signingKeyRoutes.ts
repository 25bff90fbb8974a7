import type { FastifyInstance } from "fastify";
import { ApiError } from "./apiError.js";
import { requireScopes, spend } from "./authorization.js";
import { representKey } from "./keyRepresentation.js";
import type { RingKey } from "./keyRing.js";
import { logWrite } from "./logWrite.js";
import type { Store } from "./persistence.js";
import type { Tenant } from "./tenant.js";

export const signingKeysPath = "/api/v2/keys/signing";

interface OneKey {
  Params: { kid: string };
}

export function signingKeyRoutes(app: FastifyInstance, tenant: Tenant, store: Store): void {
  const read = { preHandler: requireScopes(tenant, "read:signing_keys") };
  const rotate = { preHandler: requireScopes(tenant, "create:signing_keys", "update:signing_keys") };
  const revoke = { preHandler: requireScopes(tenant, "update:signing_keys") };

  app.get(signingKeysPath, read, () => listed(tenant).map(representKey));

  app.get<OneKey>(`${signingKeysPath}/:kid`, read, (request) => {
    const entry = tenant.ring.find(request.params.kid);
    if (entry === undefined) throw unknownKey();
    return representKey(entry);
  });

  app.post(`${signingKeysPath}/rotate`, rotate, async (request, reply) => {
    const allowance = tenant.takeRotation();
    if (allowance !== undefined) spend(reply, allowance);
    const { retired, next } = await tenant.rotate();
    request.effect = { effect: "rotate", kid: retired.kid };
    logWrite(tenant, request, "Rotate the application signing keys", 201);
    await store.save();
    return reply.code(201).send({ kid: next.kid, cert: next.certificate });
  });

  app.put<OneKey>(`${signingKeysPath}/:kid/revoke`, revoke, async (request) => {
    const revocation = tenant.revoke(request.params.kid);
    if (revocation.outcome === "unknown") throw unknownKey();
    if (revocation.outcome === "refused") {
      throw new ApiError(400, refusals[revocation.status], "invalid_signing_key_state");
    }
    const { kid, certificate } = revocation.key;
    request.effect = { effect: "revoke", kid };
    logWrite(tenant, request, "Revoke an application signing key", 200);
    await store.save();
    return { kid, cert: certificate };
  });
}

/** What each of these answers in reality is documented nowhere. */
const refusals = {
  next: "The signing key is next in the queue and can't be revoked",
  current: "The signing key is currently used and can't be revoked; rotate first",
  revoked: "The signing key has already been revoked",
} as const;

function unknownKey(): ApiError {
  return new ApiError(404, "The signing key does not exist", "inexistent_signing_key");
}

/** Every key, but of the revoked ones no more than the tenant shows, the last revoked first. */
function listed(tenant: Tenant): readonly RingKey[] {
  const { keys } = tenant.ring;
  const revoked = keys
    .flatMap((entry) => (entry.state.status === "revoked" ? [{ entry, at: entry.state.revokedAt }] : []))
    .sort((a, b) => b.at.localeCompare(a.at))
    .map(({ entry }) => entry)
    .slice(0, tenant.settings.revokedListed);
  return [...keys.filter(({ state }) => state.status !== "revoked"), ...revoked];
}
