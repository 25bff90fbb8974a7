/** An API of the tenant, as GET /api/v2/resource-servers shows it. Lifetimes in seconds. */
export interface ResourceServer {
  readonly id: string;
  readonly name: string;
  readonly identifier: string;
  readonly is_system?: true;
  readonly signing_alg: "RS256";
  readonly allow_offline_access: boolean;
  readonly skip_consent_for_verifiable_first_party_clients: boolean;
  readonly token_lifetime: number;
  readonly token_lifetime_for_web: number;
}

export const defaultApiIdentifier = "https://api.example.com/";

export function resourceServers(managementAudience: string): readonly ResourceServer[] {
  const common = {
    signing_alg: "RS256",
    allow_offline_access: false,
    skip_consent_for_verifiable_first_party_clients: true,
    token_lifetime: 86_400,
    token_lifetime_for_web: 7_200,
  } as const;
  return [
    {
      id: "650000000000000000000001",
      name: "Auth0 Management API",
      identifier: managementAudience,
      is_system: true,
      ...common,
    },
    { id: "650000000000000000000002", name: "Example API", identifier: defaultApiIdentifier, ...common },
  ];
}
