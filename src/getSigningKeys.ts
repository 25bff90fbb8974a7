import * as pulumi from "@pulumi/pulumi";
import { systemClock } from "./clock";
import type { TenantFields } from "./tenant/credentials";
import type { SigningKey } from "./tenant/keyRing";
import { tenantInput, type Auth0Provider, type TenantArgs } from "./tenantArgs";

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

/**
 * The tenant's signing keys as they are, with their dates: one request, and nothing is written.
 * Needs the scope `read:signing_keys`.
 * @throws SigningKeyError `invalid_input` with every fault of the credentials, `access_denied`, `insufficient_scope`, …
 */
export async function getSigningKeys(
  args: {
    /** Whose keys. Default as with `SigningKeyRotation`: configuration, then the environment. */
    tenant?: Partial<TenantFields>;
  } = {},
): Promise<SigningKeys> {
  // A program that doesn't ask loads none of the core, and the root project compiles none of it.
  const { Runtime } = await import("./lifecycle/runtime.js");
  const runtime = new Runtime(
    systemClock,
    () => process.env,
    (line) => pulumi.log.info(line),
  );
  runtime.configure({ get: (key) => stackConfiguration(key) });
  const tenant = runtime.tenant(args.tenant);
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

/**
 * The same for inputs. Unknown, without a request, while an input or a resource in `dependsOn` is; not secret although
 * credentials are.
 */
export function getSigningKeysOutput(
  args: { tenant?: pulumi.Input<TenantArgs> | Auth0Provider | undefined } = {},
  opts: { dependsOn?: pulumi.CustomResource | readonly pulumi.CustomResource[] } = {},
): pulumi.Output<SigningKeys> {
  const waited = [opts.dependsOn ?? []]
    .flat()
    .map((resource) => pulumi.output(resource).apply(({ id }) => id));
  const given = pulumi.output(tenantInput(args.tenant)) as pulumi.Output<Partial<TenantFields> | undefined>;
  return pulumi.unsecret(
    pulumi
      .all([given, pulumi.all(waited)])
      .apply(([tenant]) => getSigningKeys(typeof tenant === "object" ? { tenant } : {})),
  );
}

/** `auth0:domain` of the stack, secrets in the clear. */
function stackConfiguration(key: string): string | undefined {
  const [namespace = "", name = ""] = key.split(":");
  return new pulumi.Config(namespace).get(name);
}
