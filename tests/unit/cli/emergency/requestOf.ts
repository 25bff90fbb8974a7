import type { EmergencyRequest } from "../../../../src/cli/emergency/request";
import type { Receipt } from "../../../../src/cli/emergency/receipt";
import { DOMAIN, NOW } from "../../keyRingOf";

/** What the command line asks for: the current key, unless it says otherwise. */
export function requestOf(given: Partial<EmergencyRequest> = {}): EmergencyRequest {
  return {
    tenant: DOMAIN,
    compromised: "current",
    reason: "leaked",
    kid: [],
    verifyTimeout: "60s",
    ...given,
  };
}

/** The receipt of an emergency that has begun and done nothing yet, unless it says otherwise. */
export function receiptOf(given: Partial<Receipt> = {}): Receipt {
  return {
    version: 1,
    tenant: DOMAIN,
    compromised: "current",
    reason: "leaked",
    startedAt: NOW,
    keys: [{ kid: "current" }],
    ...given,
  };
}
