import {
  startEmulator,
  tenantFlags,
  type Emulator,
  type JournalEntry,
  type TenantAccess,
} from "../support/emulator";

/** The `tenant` input for a tenant of the emulator. */
export function tenantFields({ domain, clientId, clientSecret }: TenantAccess): Record<string, string> {
  return { domain, clientId, clientSecret };
}

/** The same for another domain of that tenant, as its custom domain would be. */
export function customDomainFields(tenant: TenantAccess): Record<string, string> {
  const domain = tenant.domain.replace("localhost", "127.0.0.1");
  return { ...tenantFields(tenant), domain, audience: tenant.audience };
}

/** The same as stack configuration. */
export function tenantConfig(access: TenantAccess): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tenantFields(access)).map(([field, value]) => [`auth0:${field}`, value]),
  );
}

/** An emulator whose tenants are handed out, each once. */
export interface Tenants {
  readonly emulator: Emulator;
  readonly nextTenant: () => TenantAccess;
}

/** Starts an emulator with so many tenants, on which rotations are not counted. */
export async function startTenants(count: number, ...more: string[]): Promise<Tenants> {
  const emulator = await startEmulator([...tenantFlags(count, 0), ...more]);
  const tenants: TenantAccess[] = await emulator.tenants();
  return {
    emulator,
    nextTenant: () => {
      const tenant = tenants.shift();
      if (tenant === undefined) throw new Error("the emulator has too few tenants for this file");
      return tenant;
    },
  };
}

export type Request = "token" | "list" | "rotate" | "revoke" | "jwks" | "apis" | "clients" | "canary";

export const PATHS: Readonly<Record<Request, { readonly method: string; readonly path: string }>> = {
  token: { method: "POST", path: "/oauth/token" },
  list: { method: "GET", path: "/api/v2/keys/signing" },
  rotate: { method: "POST", path: "/api/v2/keys/signing/rotate" },
  revoke: { method: "PUT", path: "/api/v2/keys/signing/*/revoke" },
  jwks: { method: "GET", path: "/.well-known/jwks.json" },
  apis: { method: "GET", path: "/api/v2/resource-servers" },
  clients: { method: "GET", path: "/api/v2/clients" },
  canary: { method: "GET", path: "/demo/api" },
};

export async function journalOf(emulator: Emulator, { domain }: TenantAccess): Promise<JournalEntry[]> {
  return emulator.journal(domain);
}

/** The requests to a tenant, in order, each in a word. */
export async function requestsTo(emulator: Emulator, tenant: TenantAccess): Promise<string[]> {
  return (await journalOf(emulator, tenant)).map(requestName);
}

export function requestName({ method, path }: JournalEntry): string {
  const known = Object.entries(PATHS).find(
    ([, pattern]) =>
      pattern.method === method && new RegExp(`^${pattern.path.replace("*", "[^/]+")}$`).test(path),
  );
  return known?.[0] ?? `${method} ${path}`;
}

/** What has been changed on a tenant, and by whom: `rotate KID` or `revoke KID`, with the kid that was retired or revoked. */
export async function effectsOn(emulator: Emulator, tenant: TenantAccess): Promise<string[]> {
  return (await journalOf(emulator, tenant)).flatMap(({ effect, kid }) =>
    effect === undefined ? [] : [`${effect} ${kid ?? ""}`],
  );
}

/** A key rotation, or revocation, by somebody in Auth0's dashboard. */
export async function dashboard(emulator: Emulator, { domain }: TenantAccess, what: string): Promise<void> {
  const answer = await emulator.control("POST", `/tenants/${domain}/${what}`);
  if (answer.status >= 300) throw new Error(`emulator: ${what}: ${answer.status}`);
}

export async function ringOf(emulator: Emulator, { domain }: TenantAccess) {
  const tenant = (await emulator.tenants()).find((candidate) => candidate.domain === domain);
  if (tenant === undefined) throw new Error(`emulator: no tenant ${domain}`);
  return tenant.ring;
}
