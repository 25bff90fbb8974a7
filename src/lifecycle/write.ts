import type { Subject } from "../audit/receipt";
import { OutcomeUnknownError, RateLimitedError, SigningKeyError, type SigningKeyErrorCode } from "../errors";
import type { KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import type { ObservedRing } from "./observedRing";
import type { Runtime } from "./runtime";

/** A write is tried again this often at the most, and only once the ring has shown that it had no effect. */
const WRITE_ATTEMPTS = 3;
/** An update waits this long for Auth0's rate limit at the most. */
const LONGEST_RATE_LIMIT_WAIT = 120_000;
/** What Auth0 answers if it has no such key, or none in a state in which this can be done. */
const REFUSED: readonly SigningKeyErrorCode[] = ["refused_by_auth0", "tenant_not_found"];

/** One write to Auth0. */
export interface Write {
  /** `revoking key abc (due since …)` */
  what: string;
  /** What its receipts say it is about. */
  subject: Omit<Subject, "domain">;
  send: () => Promise<void>;
  /** Whether a ring shows that it has happened. */
  isDone: (ring: KeyRing) => boolean;
  /** Writes down that Auth0 accepted it, should looking at the ring fail afterwards. */
  record: () => void;
}

/**
 * Does one write to Auth0, never blindly twice: where the outcome is unknown, the ring decides.
 * @returns false if the ring changed under it, so that the plan is to be made anew; somebody else may have done it
 * @throws SigningKeyError what Auth0 answered, where trying again would not help
 */
export async function writeOnce(
  { what, subject, send, isDone, record }: Write,
  ring: ObservedRing,
  tenant: Tenant,
  runtime: Runtime,
): Promise<boolean> {
  const attempt = `${tenant.domain}: ${what}`;
  const verified = ring.keysInUse;
  let isTokenRenewed = tenant.usesStaticToken;
  let mayStillTakeEffect = false;
  for (let attempts = 1; ; attempts += 1) {
    await runtime.announce(attempt);
    try {
      await runtime.audit.attempt({ domain: tenant.domain, ...subject }, send);
      break;
    } catch (error) {
      let isWorthAnother = attempts < WRITE_ATTEMPTS;
      let isRefused = false;
      if (error instanceof OutcomeUnknownError) {
        mayStillTakeEffect = true;
        await ring.settle(error.message);
        if (isDone(ring.keys)) return true;
      } else if (error instanceof RateLimitedError && isWorthAnother) {
        await waitForRateLimit(error, tenant, runtime);
        await ring.observe();
      } else if (isCode(error, ["unauthorized"]) && !isTokenRenewed) {
        // Auth0 did nothing: the key that signed the token may have been revoked by somebody else since.
        isTokenRenewed = isWorthAnother = true;
        await tenant.freshAccessToken();
        await ring.observe();
      } else if (isCode(error, REFUSED)) {
        // Somebody else may have done it since the ring was listed; if that can't be seen, Auth0's answer says more.
        isRefused = true;
        await ring.observe().catch((failure: unknown) => {
          throw failure instanceof SigningKeyError ? error : failure;
        });
      } else throw error;
      if (isDone(ring.keys) || (!isRefused && ring.keysInUse !== verified)) return false;
      if (isRefused || !isWorthAnother) throw error;
    }
  }
  try {
    // Auth0 promises nothing about how soon the list shows what it has accepted.
    const isShown = await ring.wait(`the list of keys of ${tenant.domain} to show it`, async () => {
      await ring.observe();
      return isDone(ring.keys);
    });
    if (!isShown) throw ring.notShown("its list of keys doesn't show it");
    // The request before, whose outcome was unknown, may take effect as well.
    if (mayStillTakeEffect) await ring.settle("an earlier request may still take effect");
    return true;
  } catch (error) {
    record();
    if (!(error instanceof SigningKeyError)) throw error;
    throw new SigningKeyError(error.code, {
      attempt,
      observation: `Auth0 accepted it, but ${error.attempt} failed: ${error.observation}`,
      remedy: "it is recorded as done; run it again to go on from there",
      cause: error,
    });
  }
}

function isCode(error: unknown, codes: readonly SigningKeyErrorCode[]): boolean {
  return error instanceof SigningKeyError && codes.includes(error.code);
}

async function waitForRateLimit(
  error: RateLimitedError,
  { domain }: Tenant,
  runtime: Runtime,
): Promise<void> {
  const { waitMilliseconds = 0, resetAt } = error.rateLimit;
  const milliseconds = Math.max(waitMilliseconds, 1_000);
  if (milliseconds > LONGEST_RATE_LIMIT_WAIT) {
    throw new SigningKeyError("rate_limited", {
      attempt: error.attempt,
      observation: `Auth0's limit is reached (5 rotations a day, and so many requests a second); it answers again from ${resetAt?.toISOString() ?? "later"} on`,
      remedy: "run it again then: this request changed nothing, and what is still to be done is recorded",
      cause: error,
    });
  }
  runtime.say(
    `${domain}: Auth0's rate limit is reached; waiting ${Math.ceil(milliseconds / 1000)} s`,
    "progress",
  );
  await runtime.clock.sleep(milliseconds);
}
