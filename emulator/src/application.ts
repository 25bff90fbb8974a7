import { randomBytes } from "node:crypto";
import type { ClientCredential } from "./clientCredential.js";
import type { ClientSettings } from "./clientSettings.js";

/** A machine-to-machine application of the tenant; what it may do is said by its client grants. */
export interface Application {
  readonly clientId: string;
  readonly settings: ClientSettings;
  /** Auth0 gives one to each; it counts while the application authenticates by it. One that is added with a key has none. */
  readonly clientSecret?: string | undefined;
  readonly credentials: readonly ClientCredential[];
  readonly authentication: Authentication;
}

/** By its secret, or by assertions that one of these of its credentials verifies; never both. */
export type Authentication =
  | { readonly method: "client_secret_post" | "client_secret_basic" | "none" }
  | { readonly method: "private_key_jwt"; readonly credentialIds: readonly string[] };

/** What the tenant's first application is granted. */
export const directoryScopes = [
  "read:signing_keys",
  "create:signing_keys",
  "update:signing_keys",
  "read:resource_servers",
  "read:clients",
  "read:logs",
] as const;

/** What it takes to manage applications, which the pipeline's own application never needs. */
const administrationScopes = [
  "create:clients",
  "update:clients",
  "delete:clients",
  "read:client_keys",
  "update:client_keys",
  "create:client_credentials",
  "read:client_credentials",
  "update:client_credentials",
  "delete:client_credentials",
  "create:client_grants",
  "read:client_grants",
  "update:client_grants",
  "delete:client_grants",
] as const;

export const managementScopes = [...directoryScopes, ...administrationScopes] as const;

export type ManagementScope = (typeof managementScopes)[number];

export function newApplication(
  settings: ClientSettings,
  authentication: Authentication = { method: "client_secret_post" },
): Application {
  const secret = randomBytes(48).toString("base64url");
  return { clientId: newClientId(), settings, clientSecret: secret, credentials: [], authentication };
}

/** One that has no secret at all: it authenticates by this credential. */
export function newApplicationWithKey(settings: ClientSettings, credential: ClientCredential): Application {
  return {
    clientId: newClientId(),
    settings,
    credentials: [credential],
    authentication: { method: "private_key_jwt", credentialIds: [credential.id] },
  };
}

/** As long as those of Auth0: 32 letters and digits; its secrets have 64 characters. */
function newClientId(): string {
  return randomBytes(16).toString("hex");
}

/** The credentials that it authenticates by: those attached, until they expire. */
export function attachedCredentials(application: Application, now: Date): readonly ClientCredential[] {
  const { authentication, credentials } = application;
  if (authentication.method !== "private_key_jwt") return [];
  return credentials.filter(
    ({ id, expiresAt }) =>
      authentication.credentialIds.includes(id) && (expiresAt === undefined || new Date(expiresAt) > now),
  );
}

export function signsInBySecret({ authentication: { method } }: Application): boolean {
  return method === "client_secret_post" || method === "client_secret_basic";
}
