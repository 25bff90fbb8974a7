import { Clock } from "./clock.js";
import { KeyRing } from "./keyRing.js";
import type { StoredTenant } from "./persistence.js";
import { exportPrivateKey, restoreSigningKey } from "./signingKey.js";
import type { Tenant, TenantMemory } from "./tenant.js";

export async function storeTenant(tenant: Tenant): Promise<StoredTenant> {
  const { name, port, clock, ring, rotations, applications, customerApis, log } = tenant;
  const keys = ring.keys.map(async ({ key, state }) => ({
    kid: key.kid,
    certificate: key.certificate,
    privateKey: await exportPrivateKey(key),
    state,
  }));
  return {
    name,
    port,
    clockOffsetMs: clock.offsetMs,
    keys: await Promise.all(keys),
    publishedBefore: [...ring.publishedBefore],
    rotations: rotations.map((at) => at.toISOString()),
    applications: applications.map((application) => ({ ...application, scopes: [...application.scopes] })),
    managementLifetimes: tenant.managementLifetimes,
    apis: [...customerApis],
    log: [...log],
  };
}

export async function restoreTenant(stored: StoredTenant): Promise<TenantMemory> {
  const keys = await Promise.all(
    stored.keys.map(async ({ kid, certificate, privateKey, state }) => ({
      key: await restoreSigningKey(kid, certificate, privateKey),
      state,
    })),
  );
  return {
    clock: new Clock(stored.clockOffsetMs),
    ring: new KeyRing(keys, stored.publishedBefore),
    rotations: stored.rotations.map((at) => new Date(at)),
    applications: stored.applications,
    managementLifetimes: stored.managementLifetimes,
    apis: stored.apis,
    log: stored.log,
  };
}
