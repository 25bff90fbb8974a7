import type { Application } from "./application.js";
import type { Tenant } from "./tenant.js";

/** What these of a token's scopes show of an application. */
export interface Visibility {
  /** `read:clients` or `read:client_keys`; without, only what names the application. */
  readonly settings: boolean;
  /** `read:client_keys` or `read:client_credentials`: the secret, and what private_key_jwt is set up with. */
  readonly keys: boolean;
}

export function visibilityFor(scopes: readonly string[]): Visibility {
  const any = (...names: string[]): boolean => names.some((name) => scopes.includes(name));
  return {
    settings: any("read:clients", "read:client_keys"),
    keys: any("read:client_keys", "read:client_credentials"),
  };
}

/** As Auth0 shows a client. Once it is set up for private_key_jwt, its secret is hidden from everybody. */
export function representClient(
  tenant: Tenant,
  { clientId, settings, clientSecret, authentication }: Application,
  visible: Visibility,
): { readonly client_id: string } & Readonly<Record<string, unknown>> {
  const byKey = authentication.method === "private_key_jwt";
  const credentials = byKey ? authentication.credentialIds.map((id) => ({ id })) : [];
  return {
    client_id: clientId,
    name: settings.name,
    ...(settings.description === undefined ? {} : { description: settings.description }),
    ...(settings.appType === undefined ? {} : { app_type: settings.appType }),
    ...(visible.settings && {
      tenant: tenant.name,
      global: false,
      grant_types: settings.grantTypes,
      ...(byKey ? {} : { token_endpoint_auth_method: authentication.method }),
      jwt_configuration: {
        ...(settings.idTokenAlgorithm === undefined ? {} : { alg: settings.idTokenAlgorithm }),
        lifetime_in_seconds: settings.idTokenSeconds,
        secret_encoded: false,
      },
      is_first_party: settings.isFirstParty,
      oidc_conformant: settings.oidcConformant,
      ...(settings.metadata === undefined ? {} : { client_metadata: settings.metadata }),
    }),
    ...(visible.keys && byKey && { client_authentication_methods: { private_key_jwt: { credentials } } }),
    ...(visible.keys && !byKey && clientSecret !== undefined && { client_secret: clientSecret }),
  };
}
