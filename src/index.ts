export { SigningKeyRotation, type SigningKeyRotationArgs } from "./signingKeyRotation";
export { SigningKeyRotationIntent } from "./signingKeyRotationIntent";
export type { Auth0Provider, TenantArgs } from "./tenantArgs";
export type { Duration } from "./duration";
export type { PendingStep, PublishedKey, RetiredKey, RevokeNow } from "./lifecycle/state";
