import * as v from "valibot";
import {
  OutcomeUnknownError,
  RateLimitedError,
  SigningKeyError,
  type RateLimit,
  type SigningKeyErrorCode,
} from "../errors";
import type { Redact } from "./redact";

/** What is being asked of Auth0, for the messages of what goes wrong. */
export interface Attempt {
  /** `rotating the signing keys of acme.eu.auth0.com` */
  attempt: string;
  /** The tenant's domain. */
  domain: string;
  /** Whether it changes something, so that its outcome matters when there is no answer. */
  writes: boolean;
  /** The Management API scopes that it needs. */
  scopes: readonly string[];
  redact: Redact;
}

const errorShape = v.looseObject({
  statusCode: v.optional(v.number()),
  body: v.optional(v.unknown()),
  rawResponse: v.optional(v.looseObject({ headers: v.optional(v.unknown()) })),
});
const errorBodyShape = v.looseObject({
  error: v.optional(v.string()),
  error_description: v.optional(v.string()),
  message: v.optional(v.string()),
  errorCode: v.optional(v.string()),
});

/** Node's names for what OpenSSL finds wrong with a certificate; `UNSPECIFIED` is what it has no name for. */
const TLS_CODES =
  /^(ERR_TLS_|CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERROR_IN_CERT_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|UNSPECIFIED)/;
const NEVER_SENT_CODES = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * Says what an error thrown by the SDK or by `fetch` means.
 * Nothing of the thrown error but its status and the message of Auth0's own error body, redacted, goes into the answer.
 * @returns an `OutcomeUnknownError` where the request may have taken effect, a `RateLimitedError` for 429, otherwise a plain refusal
 */
export function explain(thrown: unknown, asked: Attempt): SigningKeyError {
  const { attempt, domain, scopes, redact } = asked;
  if (thrown instanceof SigningKeyError) return thrown;
  const shape = v.safeParse(errorShape, thrown);
  const status = shape.success ? shape.output.statusCode : undefined;
  const refusal = (code: SigningKeyErrorCode, observation: string, remedy: string): SigningKeyError =>
    new SigningKeyError(code, { attempt, observation, remedy });
  if (status === undefined) return explainTransport(thrown, asked);
  const observation = describeAnswer(status, shape.success ? shape.output.body : undefined, redact);
  // The JWKS is open to everybody: no scope and no credentials would help.
  if (scopes.length === 0 && (status === 401 || status === 403))
    return refusal("refused_by_auth0", observation, `check what stands between this machine and ${domain}`);
  switch (status) {
    case 400:
      return refusal(
        "refused_by_auth0",
        observation,
        `this request changed nothing; see what stands between this machine and ${domain}, then run it again`,
      );
    case 401:
      return refusal(
        "unauthorized",
        observation,
        "check the application's credentials, its audience, and that the key which signed its token is not revoked",
      );
    case 403:
      return refusal("insufficient_scope", observation, `grant the application ${scopes.join(", ")}`);
    case 404:
      return refusal(
        "tenant_not_found",
        observation,
        `check that ${domain} is an Auth0 tenant and that the key exists`,
      );
    case 429:
      return new RateLimitedError(
        { attempt, observation, remedy: "run it again once Auth0's limit has been reset" },
        readRateLimit(shape.success ? shape.output.rawResponse?.headers : undefined),
      );
  }
  if (status < 400 && !asked.writes)
    return refusal(
      "unexpected_answer",
      observation,
      `redirects are never followed; check that ${domain} is an Auth0 tenant's domain with nothing in between`,
    );
  return noAnswer(observation, asked);
}

/**
 * The body of an answer as JSON, `undefined` where it is none.
 * @throws what `fetch` throws if the connection breaks in the middle: no answer, which a read may ask for again
 */
export async function jsonBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function noAnswer(observation: string, { attempt, domain, writes }: Attempt): SigningKeyError {
  return writes
    ? new OutcomeUnknownError({ attempt, observation })
    : new SigningKeyError("unreachable", {
        attempt,
        observation,
        remedy: `this request changed nothing; check the way to ${domain} (network, proxy, firewall) and run it again`,
      });
}

function explainTransport(thrown: unknown, asked: Attempt): SigningKeyError {
  const { attempt, domain } = asked;
  const codes = errorCodes(thrown);
  const tls = codes.find((code) => TLS_CODES.test(code));
  if (tls !== undefined) {
    return new SigningKeyError("tls_untrusted", {
      attempt,
      observation: `the TLS certificate of ${domain} is not trusted (${tls})`,
      remedy:
        "name the certificate authority's file in NODE_EXTRA_CA_CERTS; verification can't be turned off",
    });
  }
  const neverSent = codes.find((code) => NEVER_SENT_CODES.has(code));
  if (neverSent !== undefined) {
    return new SigningKeyError(neverSent === "ENOTFOUND" ? "tenant_not_found" : "unreachable", {
      attempt,
      observation: `${domain} can't be reached (${neverSent})`,
      remedy: "check the domain and the network; nothing was sent",
    });
  }
  return noAnswer(`no answer (${describeFailure(thrown)})`, asked);
}

/** The system's error code of a request that had no answer, or that its time was over. */
export function describeFailure(thrown: unknown): string {
  return errorCodes(thrown)[0] ?? "timed out";
}

/** The system's error codes along the chain of causes, outermost first. */
function errorCodes(thrown: unknown): string[] {
  const codes: string[] = [];
  let error: unknown = thrown;
  for (let depth = 0; depth < 6 && error instanceof Error; depth += 1) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string") codes.push(code);
    error = error.cause;
  }
  return codes;
}

/** `403 insufficient_scope Insufficient scope, …`: a status and what Auth0's own error body says, cut and redacted. */
export function describeAnswer(status: number, body: unknown, redact: Redact): string {
  const parsed = v.safeParse(errorBodyShape, body);
  if (!parsed.success) return String(status);
  const { error, error_description, message, errorCode } = parsed.output;
  // Cut last: the beginning of a secret that was cut in two would not be recognised.
  return redact([status, errorCode ?? error, message ?? error_description].filter(Boolean).join(" ")).slice(
    0,
    200,
  );
}

/** When Auth0 answers again, told by its own clock: `Retry-After`, else `X-RateLimit-Reset`. */
function readRateLimit(headers: unknown): RateLimit {
  if (!(headers instanceof Headers)) return {};
  const retryAfter = Number(headers.get("retry-after") ?? Number.NaN) * 1000;
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN) * 1000;
  const answeredAt = Date.parse(headers.get("date") ?? "");
  const waitMilliseconds = retryAfter > 0 ? retryAfter : reset - answeredAt;
  // Invalid, and so left out, where a header names a time that no date can hold.
  const resetAt = new Date(retryAfter > 0 ? answeredAt + retryAfter : reset);
  return {
    ...(waitMilliseconds > 0 && { waitMilliseconds }),
    ...(resetAt.getTime() > 0 && { resetAt }),
  };
}
