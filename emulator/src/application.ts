import { randomBytes } from "node:crypto";

/** A machine-to-machine application of the tenant, with what it is granted on the Management API. */
export interface Application {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** How long its ID tokens would live, in whole seconds; the emulator issues none. */
  readonly idTokenSeconds: number;
  /** How it authenticates: by its secret, or by assertions that this public key (PEM) verifies; never both. */
  readonly credential: { readonly clientSecret: string } | { readonly publicKeyPem: string };
}

/** Auth0's default for a new application. */
export const defaultIdTokenSeconds = 36_000;

export const managementScopes = [
  "read:signing_keys",
  "create:signing_keys",
  "update:signing_keys",
  "read:resource_servers",
  "read:clients",
  "read:logs",
] as const;

export type ManagementScope = (typeof managementScopes)[number];

export function newApplication(
  name: string,
  scopes: readonly ManagementScope[],
  publicKeyPem?: string,
): Application {
  return {
    // Auth0's client ids have 32 letters and digits, its secrets 64 characters.
    clientId: randomBytes(16).toString("hex"),
    name,
    scopes,
    idTokenSeconds: defaultIdTokenSeconds,
    credential:
      publicKeyPem === undefined ? { clientSecret: randomBytes(48).toString("base64url") } : { publicKeyPem },
  };
}
