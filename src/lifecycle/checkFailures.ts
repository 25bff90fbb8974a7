import { isProgramProperty, type Fault } from "./inputs";
import { isRevocationProperty } from "./revocationInputs";

/**
 * Faults in the form the engine is told. It prints the whole value of the property that a failure names, secrets in the
 * clear, so only a property that holds none is named there; any other (a tenant, or one that we don't know, which may be
 * a misplaced secret) is named in the words.
 */
export function checkFailures(faults: readonly Fault[]): Fault[] {
  return faults.map(({ property, reason }) => {
    if (isProgramProperty(property) || isRevocationProperty(property)) return { property, reason };
    return { property: "", reason: reason.startsWith(property) ? reason : `${property}: ${reason}` };
  });
}
