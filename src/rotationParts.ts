import type { PreviousKey, PublishedKey } from "./lifecycle/state";
import type { SigningKeyRingArgs } from "./signingKeyRotation";

/** What a rotation takes from the program; all the rest comes from its intent. */
const PROGRAM_INPUTS = [
  "revokePrevious",
  "gracePeriod",
  "jwksCacheAllowance",
  "verifyTimeout",
  "reason",
  "expectedCurrentKid",
  "tenant",
] as const satisfies readonly (keyof SigningKeyRingArgs)[];

/** What a program gets of a rotation, besides `trustedCertificates`. */
export const PROGRAM_OUTPUTS = [
  "domain",
  "jwksUri",
  "generation",
  "currentKey",
  "nextKey",
  "previousKeys",
  "retired",
  "revocable",
  "foreign",
  "rotatedAt",
  "tokenLifetimes",
  "pending",
] as const;

/** What the names of a rotation's intent end with. */
export const INTENT_SUFFIX = "-intent";

/** The same inputs, those alone that a rotation takes from the program. */
export function programInputs(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    PROGRAM_INPUTS.filter((name) => inputs[name] !== undefined).map((name) => [name, inputs[name]]),
  );
}

/**
 * What a verifier with pinned certificates should hold. Nothing is taken for granted: Pulumi's mocks, in the tests of a
 * program, put out no more than what goes in.
 */
export function certificatesToTrust(
  current: PublishedKey | undefined,
  next: PublishedKey | undefined,
  previous: readonly PreviousKey[] | undefined,
): string[] {
  return [current, next, ...(previous ?? [])].flatMap((key) => key?.certificate ?? []);
}
