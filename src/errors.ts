/** Every way in which this package refuses or fails. The codes are stable; docs/errors.md has causes and remedy of each. */
export type SigningKeyErrorCode =
  | "access_denied"
  | "budget_spent"
  | "canary_failed"
  | "cancelled"
  | "current_kid_mismatch"
  | "emergency_unclear"
  | "engine_gone"
  | "generation_lowered"
  | "insufficient_scope"
  | "invalid_input"
  | "kid_mismatch"
  | "lifetimes_unknown"
  | "key_too_young"
  | "no_grace_period"
  | "no_next_key"
  | "not_revocable"
  | "outcome_unknown"
  | "rate_limited"
  | "receipt_unusable"
  | "refused_by_auth0"
  | "tenant_managed_twice"
  | "tenant_not_found"
  | "tls_untrusted"
  | "token_not_current"
  | "unauthorized"
  | "unexpected_answer"
  | "unreachable"
  | "verification_timeout"
  | "wrong_tenant";

export interface SigningKeyErrorParts {
  /** What was being done, on which tenant: `revoking key abc on acme.eu.auth0.com`. */
  attempt: string;
  /** What was seen: `403 insufficient_scope`. */
  observation: string;
  /** What the reader can do next. */
  remedy: string;
  cause?: unknown;
}

/** The one base class of what this package throws: attempt, observation, remedy, and a stable code. */
export class SigningKeyError extends Error {
  readonly code: SigningKeyErrorCode;
  readonly attempt: string;
  readonly observation: string;
  readonly remedy: string;

  constructor(code: SigningKeyErrorCode, parts: SigningKeyErrorParts) {
    super(
      `${parts.attempt}: ${parts.observation}; ${parts.remedy} [${code}]`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    this.name = "SigningKeyError";
    this.code = code;
    this.attempt = parts.attempt;
    this.observation = parts.observation;
    this.remedy = parts.remedy;
  }

  /** One error out of several refusals, so that everything wrong is seen at once. */
  static all(errors: readonly SigningKeyError[]): SigningKeyError | undefined {
    const [first, ...others] = errors;
    if (first === undefined || others.length === 0) return first;
    const combined = new SigningKeyError(first.code, { attempt: "", observation: "", remedy: "" });
    combined.message = errors.map((error) => error.message).join("\n");
    return combined;
  }
}

/**
 * The outcome of a write is not known: it timed out, the connection broke, or the answer made no sense.
 * The write must not be repeated before the key ring has been looked at.
 */
export class OutcomeUnknownError extends SigningKeyError {
  constructor({ attempt, observation }: { attempt: string; observation: string }) {
    super("outcome_unknown", {
      attempt,
      observation: `${observation}, so whether it took effect is unknown`,
      remedy: "run it again: the key ring is looked at before anything is repeated",
    });
  }
}

/** What Auth0 says with a 429. */
export interface RateLimit {
  /** How long to wait; absent if it doesn't say. */
  waitMilliseconds?: number;
  /** When it answers again, by its own clock. */
  resetAt?: Date;
}

/** Auth0 answered 429 and did nothing. */
export class RateLimitedError extends SigningKeyError {
  constructor(
    parts: SigningKeyErrorParts,
    readonly rateLimit: RateLimit,
  ) {
    super("rate_limited", parts);
  }
}
