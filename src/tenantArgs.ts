import * as pulumi from "@pulumi/pulumi";
import { SECRET_FIELDS, TENANT_FIELDS, type TenantFields } from "./tenant/credentials";

/**
 * Whose keys, and with what right. Exactly one of `clientSecret`, `clientAssertionPrivateKey` and `apiToken` is given;
 * the names are those of Auth0's own provider for Pulumi. What is secret is stored encrypted.
 */
export type TenantArgs = { [field in keyof TenantFields]?: pulumi.Input<string> | undefined };

/** An instance of `@pulumi/auth0`'s `Provider`, of which the credentials are taken. */
export type Auth0Provider = pulumi.ProviderResource & {
  readonly [field in keyof TenantFields]: pulumi.Output<string | undefined>;
};

/** The tenant as a resource's input: plain fields, the secret ones wrapped. A whole provider would arrive as its id. */
export function tenantInput(tenant: pulumi.Input<TenantArgs> | Auth0Provider | undefined): unknown {
  if (pulumi.CustomResource.isInstance(tenant)) {
    return wrapSecrets(Object.fromEntries(TENANT_FIELDS.map((field) => [field, tenant[field]])));
  }
  if (pulumi.Output.isInstance(tenant) || tenant instanceof Promise)
    return pulumi.output(tenant).apply(wrapSecrets);
  return wrapSecrets(tenant);
}

/** Whatever is no object of fields is left as it is, for `check` to refuse. */
function wrapSecrets(fields: unknown): unknown {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return fields;
  const secret: readonly string[] = SECRET_FIELDS;
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]: [string, unknown]) => [
      field,
      value !== undefined && secret.includes(field) ? pulumi.secret(value) : value,
    ]),
  );
}
