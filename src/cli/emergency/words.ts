import { rotationBudget, rotationsLeft } from "../../lifecycle/rotationBudget";
import { findKey, type KeyRing, type SigningKeyState } from "../../tenant/keyRing";
import { inWords, rotationsNeeded } from "./budget";
import type { CompromisedKey } from "./compromised";
import type { Receipt } from "./receipt";
import type { EmergencyRequest } from "./request";

const STEPS: Readonly<Record<SigningKeyState, string>> = {
  current: "rotate it out, revoke it",
  next: "rotate it out once it is current, revoke it",
  previous: "revoke it",
  revoked: "nothing, it is revoked already",
};

/** What would be done, for people; the same as JSON is `planForPrograms`. */
export function describePlan(
  keys: readonly CompromisedKey[],
  ring: KeyRing,
  { tenant, reason }: EmergencyRequest,
  file: string,
): string {
  return [
    `${tenant}: emergency (${reason})`,
    ...keys.map(({ kid, state }, index) => {
      const since = findKey(ring, kid)?.since;
      return `  ${index + 1}. ${kid} (${state}${since === undefined ? "" : `, current since ${since}`}): ${STEPS[state]}`;
    }),
    `  takes ${inWords(rotationsNeeded(keys))}; ${rotationsLeft(rotationBudget(ring))}`,
    `  receipt: ${file}`,
  ].join("\n");
}

export function planForPrograms(
  keys: readonly CompromisedKey[],
  ring: KeyRing,
  { tenant, compromised, reason }: EmergencyRequest,
  file: string,
): object {
  return {
    dryRun: true,
    tenant,
    compromised,
    reason,
    keys,
    rotationsNeeded: rotationsNeeded(keys),
    rotationsLeftAtMost: rotationBudget(ring).left,
    receipt: file,
  };
}

/** The receipt, and what is left for people to do. */
export function describeReceipt(receipt: Receipt, file: string): string {
  const { tenant, compromised, reason, keys, startedAt, finishedAt, currentKid, nextKid } = receipt;
  return [
    `Emergency on ${tenant}: done, nothing is left to be rotated or revoked.`,
    `  reason       ${reason}`,
    ...keys.map(
      ({ kid, rotatedAt = "?", revokedAt = "?" }) =>
        `  compromised  ${kid}   rotated out ${rotatedAt}   revoked ${revokedAt}`,
    ),
    `  current now  ${currentKid ?? "?"}`,
    `  next now     ${nextKid ?? "?"}`,
    `  from         ${startedAt} to ${finishedAt ?? "?"}`,
    `  receipt      ${file}`,
    "",
    "What is left to do:",
    "  - Verifiers accept tokens of a revoked key until they read the JWKS again (minutes to 24 hours): restart those that must not.",
    ...(compromised === "both"
      ? [
          "  - The key that signs now was published only moments ago: verifiers that cached the JWKS refuse new tokens until they read it again.",
        ]
      : []),
    `  - Verifiers with pinned certificates (SAML, WS-Fed, gateways) need those of the current and the next key: auth0-signing-keys status --json.`,
    "  - If a stack manages these keys: pulumi refresh, then pulumi up. It records what has happened here; it rotates and revokes nothing for it.",
  ].join("\n");
}
