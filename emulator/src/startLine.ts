import type { Tenant } from "./tenant.js";

/** What a client needs to use a tenant. */
export interface StartLine {
  readonly domain: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly caFile: string;
  readonly controlUrl: string;
}

export function startLine(tenant: Tenant, caFile: string, controlUrl: string): StartLine {
  const application = tenant.applications[0];
  if (application?.clientSecret === undefined) {
    throw new Error(`tenant ${tenant.name} has lost its default application`);
  }
  return {
    domain: tenant.domain,
    audience: tenant.audience,
    clientId: application.clientId,
    clientSecret: application.clientSecret,
    caFile,
    controlUrl,
  };
}

export function humanStartText(line: StartLine): string {
  return `Auth0 signing keys emulator, ready.

  AUTH0_DOMAIN=${line.domain}
  AUTH0_AUDIENCE=${line.audience}
  AUTH0_CLIENT_ID=${line.clientId}
  AUTH0_CLIENT_SECRET=${line.clientSecret}

  key ring     https://${line.domain}/
  control API  ${line.controlUrl}  (journal, faults, clock, tenants)
  CA           ${line.caFile}

Let your client trust the CA:
  Node.js           NODE_EXTRA_CA_CERTS=${line.caFile}
  Go, curl          SSL_CERT_FILE=${line.caFile}

Stop with Ctrl+C.
`;
}
