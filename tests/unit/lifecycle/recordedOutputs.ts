import { toOutputs, type Recorded, type RotationOutputs } from "../../../src/lifecycle/state";
import { DOMAIN, keyRingOf, recordedOf, type RingSpec } from "../keyRingOf";

/** Outputs as they stand in state: what is recorded of a ring, with `revokePrevious` off. */
export function outputsOf(
  recorded: Partial<Recorded> = {},
  ring: RingSpec = {},
  revokePrevious = false,
): RotationOutputs {
  return toOutputs(recordedOf(recorded), keyRingOf(ring), {
    domain: DOMAIN,
    jwksUri: `https://${DOMAIN}/.well-known/jwks.json`,
    revokePrevious,
  });
}
