import * as pulumi from "@pulumi/pulumi";
import { systemClock } from "./clock";
import type { TenantFields } from "./tenant/credentials";
import type { SigningKeys } from "./tenant/signingKeys";
import { tenantInput, type Auth0Provider, type TenantArgs } from "./tenantArgs";

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
  const [{ Runtime }, { readSigningKeys }] = await Promise.all([
    import("./lifecycle/runtime.js"),
    import("./tenant/signingKeys.js"),
  ]);
  const runtime = new Runtime(
    systemClock,
    () => process.env,
    (line) => pulumi.log.info(line),
  );
  runtime.configure({ get: (key) => stackConfiguration(key) });
  return readSigningKeys(runtime.tenant(args.tenant));
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
