import type { SigningKey } from "./keyRing";
import type { Tenant } from "./tenant";

/** A tenant's key ring at one moment. */
export interface SigningKeys {
  /** The tenant's domain. */
  domain: string;
  /** Where the tenant publishes its keys. */
  jwksUri: string;
  /** The tenant's time of day then, ISO 8601. */
  observedAt: string;
  /** The key that signs. */
  current: SigningKey;
  /** The key that the next rotation makes current; absent where the tenant lists none. */
  next?: SigningKey;
  /** Keys that sign no longer and are still valid. */
  previous: SigningKey[];
  /** Keys that are revoked, as far as Auth0 lists them. */
  revoked: SigningKey[];
}

export async function readSigningKeys(tenant: Tenant): Promise<SigningKeys> {
  const { current, next, previous, revoked, observedAt } = await tenant.listKeys();
  return {
    domain: tenant.domain,
    jwksUri: tenant.jwksUri,
    observedAt: observedAt.toISOString(),
    current,
    ...(next && { next }),
    previous,
    revoked,
  };
}
