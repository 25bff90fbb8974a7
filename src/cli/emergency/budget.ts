import { SigningKeyError } from "../../errors";
import { rotationBudget, rotationsLeft } from "../../lifecycle/rotationBudget";
import type { KeyRing } from "../../tenant/keyRing";
import type { CompromisedKey } from "./compromised";
import { defaultReceiptFile, type Receipt } from "./receipt";
import { commandFor, type EmergencyRequest } from "./request";

/** How many rotations it takes to be rid of these keys. */
export function rotationsNeeded(keys: readonly CompromisedKey[]): number {
  return keys.filter(({ state }) => state === "current" || state === "next").length;
}

export function inWords(rotations: number): string {
  return rotations === 1 ? "1 rotation" : `${rotations} rotations`;
}

/**
 * The refusal to begin what the day's rotations don't reach for, if so. The ring's dates give a lower bound of what is
 * used, so what is refused here Auth0 would have refused half-way.
 */
export function budgetRefusal(
  ring: KeyRing,
  keys: readonly CompromisedKey[],
  request: EmergencyRequest,
  receipt?: Receipt,
): SigningKeyError | undefined {
  const needed = rotationsNeeded(keys);
  const budget = rotationBudget(ring);
  const { used, left, availableAt } = budget;
  if (request.ignoreBudget || needed <= left) return undefined;
  const when = availableAt(needed).toISOString();
  const [first, second] = keys;
  // An emergency that has begun is gone on with as what it is.
  const oneByOne =
    receipt === undefined && left > 0 && first?.state === "current" && second !== undefined
      ? [
          `rotate and revoke the current key now: ${commandFor(request, { compromised: "current", kid: [first.kid] })}`,
          `and the other one from ${when} on: ${commandFor(request, {
            compromised: "current",
            kid: [second.kid],
            receipt: `${(request.receipt ?? defaultReceiptFile(request.tenant)).replace(/\.json$/, "")}-second.json`,
          })}`,
        ]
      : [`run it again from ${when} on`];
  return new SigningKeyError("budget_spent", {
    attempt: `emergency on ${request.tenant}`,
    observation: `it takes ${inWords(needed)}, and ${rotationsLeft(budget)} (${used} in the last 24 hours)`,
    remedy: `${oneByOne.join("; ")}; or add --ignore-budget to let Auth0 decide; nothing was done`,
  });
}
