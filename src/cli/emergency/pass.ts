import { DEFAULT_JWKS_CACHE_ALLOWANCE } from "../../lifecycle/gracePeriod";
import type { SigningKeyError } from "../../errors";
import { DEFAULT_MIN_KEY_AGE, type DesiredRotation } from "../../lifecycle/inputs";
import { findRefusals } from "../../lifecycle/refusals";
import { NOTHING_RECORDED, type Baseline, type Recorded } from "../../lifecycle/state";
import { findKey, type KeyRing } from "../../tenant/keyRing";
import type { Tenant } from "../../tenant/tenant";
import type { CompromisedKey } from "./compromised";
import type { EmergencyRequest } from "./request";

/** The one rotation of a pass; a stack's generations are another count. */
const GENERATION = 1;

/** Being rid of one key, as the lifecycle knows it: a raise that retires it, and its revocation by name. */
export interface Pass {
  desired: DesiredRotation;
  recorded: Recorded;
}

export function passOf(
  { kid, state }: CompromisedKey,
  { reason, verifyTimeout }: Pick<EmergencyRequest, "reason" | "verifyTimeout">,
  ring: KeyRing,
): Pass {
  const observedAt = ring.observedAt.toISOString();
  const baseline: Baseline = { generation: GENERATION, from: 0, kid, at: observedAt };
  const desired: DesiredRotation = {
    generation: GENERATION,
    revokePrevious: false,
    revokeNow: { kid, reason },
    verifyTimeout,
    baselines: [baseline],
    purpose: "this emergency",
    minKeyAge: DEFAULT_MIN_KEY_AGE,
    jwksCacheAllowance: DEFAULT_JWKS_CACHE_ALLOWANCE,
  };
  if (state === "current" || state === "next") return { desired, recorded: NOTHING_RECORDED };
  const { until, revokedAt } = findKey(ring, kid) ?? {};
  const retired = { kid, generation: GENERATION, retiredAt: until ?? observedAt };
  const recorded: Recorded = { generation: GENERATION, retired: [retired], pending: [] };
  if (state === "previous") return { desired, recorded };
  return {
    desired,
    recorded: {
      ...recorded,
      retired: [{ ...retired, revokedAt: revokedAt ?? observedAt }],
      // Whoever revoked it may not have lived to see the JWKS without it.
      pending: [{ step: "verify-revocation", kid, since: observedAt }],
    },
  };
}

/**
 * Every reason not to begin with a key. One that is next has signed no token yet, and is rotated out by the same right
 * as the current one.
 */
export async function keyRefusals(
  key: CompromisedKey,
  tenant: Tenant,
  ring: KeyRing,
  request: EmergencyRequest,
): Promise<SigningKeyError[]> {
  if (key.state !== "current" && key.state !== "previous") return [];
  const raises = key.state === "current";
  return findRefusals({
    domain: tenant.domain,
    ring,
    desired: passOf(key, request, ring).desired,
    raises,
    retires: raises,
    revokes: key.kid,
    derives: false,
    token: await tenant.accessToken(),
    usesStaticToken: tenant.usesStaticToken,
  });
}
