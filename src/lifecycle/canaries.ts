import { durationMilliseconds } from "../duration";
import { SigningKeyError } from "../errors";
import { describeFailure } from "../tenant/request";
import type { Tenant } from "../tenant/tenant";
import type { Canary } from "./revocationInputs";
import type { Runtime } from "./runtime";

/**
 * Calls each URL with a fresh token that the current key has signed, until it answers as expected or its time is over.
 * @throws SigningKeyError `canary_failed` for the first that doesn't: nothing must be revoked then
 */
export async function passCanaries(
  canaries: readonly Canary[],
  currentKid: string,
  tenant: Tenant,
  runtime: Runtime,
): Promise<void> {
  for (const canary of canaries) await passCanary(canary, currentKid, tenant, runtime);
}

async function passCanary(
  { audience, url, expectedStatus, timeout }: Canary,
  currentKid: string,
  tenant: Tenant,
  runtime: Runtime,
): Promise<void> {
  const shown = withoutQuery(url);
  let observation = "it was not tried";
  const passed = await runtime.waitUntil(
    `${shown} to answer ${expectedStatus} to a token of key ${currentKid}`,
    async () => {
      const token = await tenant.tokenFor(audience);
      if (token.kid !== currentKid) {
        observation = `a token asked for now is signed by ${token.kid ?? "a key that it doesn't name"}, not by the current key ${currentKid}`;
        return undefined;
      }
      const answer = await answerOf(url, token.value, runtime.requestTimeout);
      observation = `${answer} instead of ${expectedStatus} to a token of the current key ${currentKid}`;
      return answer === `${expectedStatus}` || undefined;
    },
    durationMilliseconds(timeout),
  );
  if (passed === true) {
    runtime.say(`${tenant.domain}: canary ${shown} accepts tokens of ${currentKid}`);
    return;
  }
  throw new SigningKeyError("canary_failed", {
    attempt: `calling ${shown} for ${timeout}`,
    observation,
    remedy: "nothing was revoked; see that this consumer trusts the current key, then run it again",
  });
}

/** A query may hold what is nobody's business. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The status of the answer, whose body is not read, or why there is none; a redirect is an answer like any other. */
async function answerOf(url: string, token: string, timeout: number): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    await response.body?.cancel();
    return `${response.status}`;
  } catch (thrown) {
    return `no answer (${describeFailure(thrown)})`;
  }
}
