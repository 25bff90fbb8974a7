import { type Application, type Authentication, newApplication } from "./application.js";
import { type ClientCredential, newCredential } from "./clientCredential.js";
import type { ClientUpdateRequest, CredentialRequest, NewClientRequest } from "./clientRequests.js";
import { type ClientSettings, defaultSettings } from "./clientSettings.js";
import { invalidBody } from "./payload.js";

/** Of Auth0: while one is put in the place of the other. */
export const mostCredentials = 2;

export async function createApplication(request: NewClientRequest, now: Date): Promise<Application> {
  const settings = changeSettings({ ...defaultSettings(request.name) }, request);
  const wanted = request.client_authentication_methods?.private_key_jwt.credentials;
  if (wanted === undefined) {
    return newApplication(settings, { method: request.token_endpoint_auth_method ?? "client_secret_post" });
  }
  if (wanted.length > mostCredentials) throw tooManyCredentials();
  const credentials = await Promise.all(wanted.map((credential) => createCredential(credential, now)));
  const application = { ...newApplication(settings), credentials };
  const ids = credentials.map(({ id }) => ({ id }));
  return changeApplication(application, {
    client_authentication_methods: { private_key_jwt: { credentials: ids } },
    token_endpoint_auth_method: request.token_endpoint_auth_method,
  });
}

export function changeApplication(application: Application, request: ClientUpdateRequest): Application {
  const settings = changeSettings(application.settings, request);
  return {
    ...application,
    settings,
    ...(request.client_secret === undefined ? {} : { clientSecret: request.client_secret }),
    authentication: changeAuthentication(application, settings, request),
  };
}

export function createCredential(request: CredentialRequest, now: Date): Promise<ClientCredential> {
  const { pem, name, alg: algorithm = "RS256", parse_expiry_from_cert: parseExpiry = false } = request;
  const expiresAt = parseExpiry ? pem.certificateExpiresAt : (request.expires_at ?? undefined);
  return newCredential(pem, { name, algorithm, expiresAt, now });
}

export function tooManyCredentials(): Error {
  return invalidBody(`'An application has ${mostCredentials} credentials at most' on property credentials`);
}

type Settings = Omit<ClientUpdateRequest, "client_authentication_methods" | "client_secret">;

function changeSettings(before: ClientSettings, request: Settings): ClientSettings {
  const { alg, lifetime_in_seconds: seconds } = request.jwt_configuration ?? {};
  return {
    name: request.name ?? before.name,
    grantTypes: request.grant_types ?? before.grantTypes,
    isFirstParty: request.is_first_party ?? before.isFirstParty,
    oidcConformant: request.oidc_conformant ?? before.oidcConformant,
    idTokenSeconds: seconds ?? before.idTokenSeconds,
    idTokenAlgorithm: alg ?? before.idTokenAlgorithm,
    description: unlessTakenAway(before.description, request.description),
    appType: unlessTakenAway(before.appType, request.app_type),
    metadata: changeMetadata(before.metadata, request.client_metadata),
  };
}

function unlessTakenAway(before: string | undefined, wanted: string | null | undefined): string | undefined {
  return wanted === null ? undefined : (wanted ?? before);
}

/** Keys that are named are set, or taken away by null; the others stay. */
function changeMetadata(
  before: ClientSettings["metadata"],
  wanted: Readonly<Record<string, string | null>> | null | undefined,
): ClientSettings["metadata"] {
  if (wanted === undefined) return before;
  const entries = Object.entries({ ...before, ...wanted });
  const kept = entries.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  return wanted === null || kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function changeAuthentication(
  { authentication, credentials }: Application,
  { idTokenAlgorithm }: ClientSettings,
  { client_authentication_methods: methods, token_endpoint_auth_method: method }: ClientUpdateRequest,
): Authentication {
  const property = "on property client_authentication_methods";
  const byKey = methods === undefined ? authentication.method === "private_key_jwt" : methods !== null;
  if (byKey && typeof method === "string") {
    throw invalidBody(`'Mutually exclusive with token_endpoint_auth_method' ${property}`);
  }
  if (methods === undefined) return typeof method === "string" ? { method } : authentication;
  if (methods === null) {
    if (typeof method === "string") return { method };
    throw invalidBody(`'Null needs a token_endpoint_auth_method' ${property}`);
  }
  if (idTokenAlgorithm !== "RS256") {
    throw invalidBody(`'The property jwt_configuration.alg must be set to RS256' ${property}`);
  }
  const credentialIds = methods.private_key_jwt.credentials.map(({ id }) => id);
  const unknown = credentialIds.filter((wanted) => !credentials.some(({ id }) => id === wanted));
  if (unknown.length > 0)
    throw invalidBody(`'No credential ${unknown.join(", ")} of this client' ${property}`);
  return { method: "private_key_jwt", credentialIds };
}
