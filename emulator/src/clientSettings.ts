/** Auth0's default for a new application. */
export const defaultIdTokenSeconds = 36_000;

/** What a tenant keeps of an application's settings; of these the emulator acts on the grant types alone. */
export interface ClientSettings {
  readonly name: string;
  readonly description?: string | undefined;
  readonly appType?: string | undefined;
  readonly grantTypes: readonly string[];
  readonly isFirstParty: boolean;
  readonly oidcConformant: boolean;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Of ID tokens: Auth0's `jwt_configuration.alg`, which private_key_jwt can't be set up without. */
  readonly idTokenAlgorithm?: string | undefined;
  /** How long its ID tokens would live, in whole seconds; the emulator issues none. */
  readonly idTokenSeconds: number;
}

/** Of the applications that the emulator makes itself. */
export function machineToMachine(name: string): ClientSettings {
  return {
    name,
    appType: "non_interactive",
    grantTypes: ["client_credentials"],
    isFirstParty: true,
    oidcConformant: true,
    idTokenAlgorithm: "RS256",
    idTokenSeconds: defaultIdTokenSeconds,
  };
}

/** What Auth0 gives an application that says nothing but its name. */
export function defaultSettings(name: string): ClientSettings {
  return {
    name,
    grantTypes: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    isFirstParty: true,
    oidcConformant: false,
    idTokenSeconds: defaultIdTokenSeconds,
  };
}
