import type { Application } from "./application.js";
import { type ClientGrant, newGrant } from "./clientGrants.js";
import { Clock } from "./clock.js";
import { KeyRing } from "./keyRing.js";
import type { StoredTenant } from "./persistence.js";
import { exportPrivateKey, restoreSigningKey } from "./signingKey.js";
import type { StoredApplication } from "./storedApplication.js";
import type { Tenant, TenantMemory } from "./tenant.js";

export async function storeTenant(tenant: Tenant): Promise<StoredTenant> {
  const { name, port, clock, ring, rotations, applications, grants, customerApis, log } = tenant;
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
    applications: applications.map(storeApplication),
    grants: grants.all.map((grant) => ({ ...grant, scopes: [...grant.scopes] })),
    managementLifetimes: tenant.managementLifetimes,
    apis: [...customerApis],
    log: [...log],
  };
}

function storeApplication(application: Application): StoredApplication {
  const { settings, credentials, authentication } = application;
  return {
    ...application,
    settings: {
      ...settings,
      grantTypes: [...settings.grantTypes],
      metadata: settings.metadata && { ...settings.metadata },
    },
    credentials: [...credentials],
    authentication:
      authentication.method === "private_key_jwt"
        ? { ...authentication, credentialIds: [...authentication.credentialIds] }
        : authentication,
  };
}

function restoreApplication(stored: StoredApplication): Application {
  const { clientId, settings, clientSecret, credentials, authentication } = stored;
  return { clientId, settings, clientSecret, credentials, authentication };
}

function grantsOfAnEarlierFile({
  clientId,
  managementScopes: scopes = [],
}: StoredApplication): ClientGrant[] {
  return scopes.length === 0 ? [] : [newGrant({ clientId, audience: null, scopes })];
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
    applications: stored.applications.map(restoreApplication),
    grants: [...stored.grants, ...stored.applications.flatMap(grantsOfAnEarlierFile)],
    managementLifetimes: stored.managementLifetimes,
    apis: stored.apis,
    log: stored.log,
  };
}
