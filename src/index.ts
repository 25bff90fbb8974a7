export { getSigningKeys, getSigningKeysOutput } from "./getSigningKeys";
export type { SigningKeys } from "./tenant/signingKeys";
export { generationFromSchedule, type RotationSchedule } from "./generationFromSchedule";
export { SigningKeyRotation, type SigningKeyRotationArgs } from "./signingKeyRotation";
export { SigningKeyRotationIntent } from "./signingKeyRotationIntent";
export { SigningKeyRevocation, type CanaryArgs, type SigningKeyRevocationArgs } from "./signingKeyRevocation";
export {
  SigningKeyRollover,
  type Consumer,
  type PendingRevocation,
  type RolloverKeys,
  type SigningKeyRolloverArgs,
} from "./signingKeyRollover";
export type { Auth0Provider, TenantArgs } from "./tenantArgs";
export type { TenantFields } from "./tenant/credentials";
export type { SigningKey, SigningKeyState } from "./tenant/keyRing";
export type { Duration } from "./duration";
export type { GraceDerivation, GracePeriod, SeenLifetimes } from "./lifecycle/gracePeriod";
export type { ListedForRevocation } from "./lifecycle/revocation";
export type { Canary, ListedKey } from "./lifecycle/revocationInputs";
export type {
  Baseline,
  PendingStep,
  PreviousKey,
  PublishedKey,
  RetiredKey,
  RevokeNow,
} from "./lifecycle/state";
