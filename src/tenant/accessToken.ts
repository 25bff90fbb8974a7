import { createPrivateKey, randomUUID } from "node:crypto";
import * as v from "valibot";
import { SigningKeyError } from "../errors";
import type { Credentials } from "./credentials";
import { oneLine } from "./oneLine";
import { describeAnswer, explain, jsonBody, type Attempt } from "./request";

/** A Management API token with what can be read off it; `kid` and `scopes` are `undefined` for an opaque one. */
export interface AccessToken {
  value: string;
  kid: string | undefined;
  scopes: readonly string[] | undefined;
  /** Milliseconds since the epoch, by this machine's clock. */
  expiresAt: number;
}

const tokenAnswer = v.looseObject({
  access_token: v.pipe(v.string(), v.minLength(1)),
  expires_in: v.optional(v.number()),
});
const ASSERTION_LIFETIME = "3m";

/**
 * Gets a new token for the Management API with the client-credentials grant, or reads the static one.
 * @throws SigningKeyError `access_denied` for wrong credentials, `tenant_not_found`, `tls_untrusted`, `unreachable`
 */
export async function requestAccessToken(
  credentials: Credentials,
  attempt: Omit<Attempt, "attempt">,
  {
    fetch,
    timeoutMilliseconds,
    now,
  }: { fetch: typeof globalThis.fetch; timeoutMilliseconds: number; now: number },
): Promise<AccessToken> {
  if (credentials.kind === "apiToken") return readToken(credentials.apiToken, Number.POSITIVE_INFINITY);
  const asking = { ...attempt, attempt: `getting a Management API token from ${credentials.domain}` };
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`https://${credentials.domain}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(await grant(credentials)),
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    body = await jsonBody(response);
  } catch (thrown) {
    throw explain(thrown, asking);
  }
  if (response.status === 401 || response.status === 403) {
    throw new SigningKeyError("access_denied", {
      attempt: asking.attempt,
      observation: describeAnswer(response.status, body, asking.redact),
      remedy: `check the client id and secret, and that the application is authorised for ${asking.redact(shownAudience(credentials))}`,
    });
  }
  if (!response.ok) {
    throw explain({ statusCode: response.status, body, rawResponse: { headers: response.headers } }, asking);
  }
  const parsed = v.safeParse(tokenAnswer, body);
  if (!parsed.success) {
    throw new SigningKeyError("unexpected_answer", {
      attempt: asking.attempt,
      observation: `${response.status} without an access_token`,
      remedy: `check that ${credentials.domain} is an Auth0 tenant's domain with nothing in between`,
    });
  }
  return readToken(parsed.output.access_token, now + (parsed.output.expires_in ?? 0) * 1000);
}

/** The audience, unless it may be a secret in the wrong place. */
function shownAudience({ audience }: Credentials): string {
  return /^https?:\/\//.test(audience) ? audience : "the audience given";
}

async function grant(
  credentials: Exclude<Credentials, { kind: "apiToken" }>,
): Promise<Record<string, string>> {
  const { clientId, domain, audience } = credentials;
  const common = { grant_type: "client_credentials", client_id: clientId, audience };
  if (credentials.kind === "clientSecret") return { ...common, client_secret: credentials.clientSecret };
  const { SignJWT } = await import("jose");
  let key;
  try {
    key = createPrivateKey(credentials.privateKey);
  } catch {
    throw new SigningKeyError("invalid_input", {
      attempt: `reading the private key for ${domain}`,
      observation: "it is not a private key in PEM",
      remedy: "give the whole PEM file, its first and last line included",
    });
  }
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: credentials.algorithm })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(`https://${domain}/`)
    .setIssuedAt()
    .setExpirationTime(ASSERTION_LIFETIME)
    .setJti(randomUUID())
    .sign(key);
  return {
    ...common,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
}

async function readToken(value: string, expiresAt: number): Promise<AccessToken> {
  const { decodeJwt, decodeProtectedHeader } = await import("jose");
  try {
    const { kid } = decodeProtectedHeader(value);
    const { scope } = decodeJwt(value);
    return {
      value,
      expiresAt,
      kid: typeof kid === "string" ? oneLine(kid) : undefined,
      scopes: typeof scope === "string" ? scope.split(" ") : undefined,
    };
  } catch {
    return { value, expiresAt, kid: undefined, scopes: undefined };
  }
}
