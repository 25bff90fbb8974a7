import * as pulumi from "@pulumi/pulumi";

export interface Tenant {
  readonly domain: string;
  /** The Management API's identifier. */
  readonly audience: string;
}

/** The tenant that the provider is set up for, from where the provider itself takes it. */
export function configuredTenant(): Tenant {
  const config = new pulumi.Config("auth0");
  const domain = config.get("domain") ?? process.env["AUTH0_DOMAIN"];
  if (domain === undefined || domain === "") {
    throw new Error("which tenant? set auth0:domain, or AUTH0_DOMAIN in the environment");
  }
  return {
    domain,
    audience: config.get("audience") ?? process.env["AUTH0_AUDIENCE"] ?? `https://${domain}/api/v2/`,
  };
}
