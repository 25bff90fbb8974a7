import type { Tenant } from "./tenant";

/**
 * The definition of a Pulumi ESC environment, to be pasted: what the pipeline of this application finds in its environment.
 * The private key isn't known here: it is put in the place of PRIVATE_KEY by whoever has it, and ESC encrypts it.
 */
export function escEnvironment({ domain, audience }: Tenant, clientId: string): string {
  return `values:
  auth0:
    domain: ${JSON.stringify(domain)}
    audience: ${JSON.stringify(audience)}
    clientId: ${JSON.stringify(clientId)}
    privateKey:
      fn::secret: PRIVATE_KEY
  environmentVariables:
    AUTH0_DOMAIN: \${auth0.domain}
    AUTH0_AUDIENCE: \${auth0.audience}
    AUTH0_CLIENT_ID: \${auth0.clientId}
    AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: \${auth0.privateKey}
    AUTH0_CLIENT_ASSERTION_SIGNING_ALG: RS256
`;
}
