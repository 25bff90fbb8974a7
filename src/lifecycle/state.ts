import type { TenantFields } from "../tenant/credentials";
import type { KeyRing, SigningKey } from "../tenant/keyRing";
import type { GraceDerivation, GracePeriod, SeenLifetimes } from "./gracePeriod";

/** A raise of the generation, recorded before the rotation starts: which key was current then. */
export interface Baseline {
  /** The generation of the raise. */
  generation: number;
  /** The generation before the raise. */
  from: number;
  /** The current key when the raise was recorded. */
  kid: string;
  /** The tenant's time of day then, ISO 8601. */
  at: string;
  /** The grace period of the raise, for the day when the record of the retirement is lost. */
  gracePeriod?: GracePeriod;
  /** What `"auto"` was derived from then. */
  derivedFrom?: GraceDerivation;
}

/** Which raise of which tenant a baseline stands for. */
export function baselineId(domain: string, { generation, kid }: Baseline): string {
  return `${domain} ${generation} ${kid}`;
}

/** A key that this resource retired. */
export interface RetiredKey {
  /** The key's id. */
  kid: string;
  /** The generation whose rotation retired it. */
  generation: number;
  /** When it was retired, ISO 8601. */
  retiredAt: string;
  /** When it may be revoked: retirement plus the grace period; absent while none was given. ISO 8601. */
  revokeDueAt?: string;
  /** What a grace period of `"auto"` was derived from. */
  derivedFrom?: GraceDerivation;
  /** When it was revoked, ISO 8601; absent while it is valid. */
  revokedAt?: string;
}

/** One key to be revoked at once, and why. */
export interface RevokeNow {
  /** The key's id. */
  kid: string;
  /** Why, kept in state. */
  reason: string;
}

/** A step that was begun and not finished: the JWKS has not been seen to show it. */
export interface PendingStep {
  /** `verify-rotation` or `verify-revocation`. */
  step: "verify-rotation" | "verify-revocation";
  /** The id of the key that is to become current, or to be gone. */
  kid: string;
  /** When it was begun, ISO 8601. */
  since: string;
}

/** A key as the resource puts it out. */
export interface PublishedKey {
  /** The key's id. */
  kid: string;
  /** PEM. */
  certificate: string;
  /** SHA-1 of the certificate in hexadecimal with colons, as Auth0 writes it. */
  fingerprint: string;
  /** The fingerprint without colons. */
  thumbprint: string;
  /** Since when it has been what it is, ISO 8601; absent where Auth0 gives no date. */
  since?: string;
}

/** A valid previous key; without its certificate once it is due for revocation, for nobody is to trust it then. */
export type PreviousKey = Omit<PublishedKey, "certificate"> & {
  /** PEM; absent once the key is due for revocation. */
  certificate?: string;
};

/** What has been carried out, as far as the resource knows. */
export interface Recorded {
  generation: number;
  retired: RetiredKey[];
  pending: PendingStep[];
  /** The last `revokeNow` that was carried out. */
  revokeNow?: RevokeNow;
  rotatedAt?: string;
  /** With a grace period of `"auto"`: the longest token lifetimes seen since the current key is current. */
  tokenLifetimes?: SeenLifetimes;
}

/** The outputs of the rotation, which are all that the next update has to go by. */
export interface RotationOutputs extends Recorded {
  domain: string;
  jwksUri: string;
  revokePrevious: boolean;
  gracePeriod?: GracePeriod;
  reason?: string;
  currentKey: PublishedKey;
  nextKey?: PublishedKey;
  /** The valid previous keys, whoever retired them. */
  previousKeys: PreviousKey[];
  /** The kids that are due for revocation now. */
  revocable: string[];
  /** Valid previous keys that somebody else retired. */
  foreign: string[];
  /** When the ring was recorded as it stands here. */
  observedAt: string;
  /** Credentials given as inputs, which the engine stores encrypted. */
  tenant?: Partial<TenantFields>;
}

export const NOTHING_RECORDED: Recorded = { generation: 0, retired: [], pending: [] };

/** How many keys that are revoked stay on record, the latest. */
const REVOKED_ON_RECORD = 5;

export interface ObservedInputs {
  domain: string;
  jwksUri: string;
  revokePrevious: boolean;
  gracePeriod?: GracePeriod;
  reason?: string;
  tenant?: Partial<TenantFields>;
}

/** The outputs for what is recorded and observed. Holds no `undefined`, which the engine could not store. */
export function toOutputs(recorded: Recorded, ring: KeyRing, inputs: ObservedInputs): RotationOutputs {
  const retiredKids = new Set(recorded.retired.map((key) => key.kid));
  const revocable = revocableKids(recorded, ring, inputs.revokePrevious);
  const foreign = ring.previous.filter((key) => !retiredKids.has(key.kid)).map((key) => key.kid);
  const outputs: RotationOutputs = {
    ...inputs,
    generation: recorded.generation,
    currentKey: publish(ring.current),
    ...(ring.next && { nextKey: publish(ring.next) }),
    previousKeys: ring.previous.map(publish).map(({ certificate, ...key }) => ({
      ...key,
      ...(!revocable.includes(key.kid) && { certificate }),
    })),
    retired: forgetLongRevoked(recorded.retired).map(withoutSpentDerivation),
    revocable,
    foreign,
    pending: recorded.pending,
    ...(recorded.revokeNow && { revokeNow: recorded.revokeNow }),
    ...(recorded.rotatedAt !== undefined && { rotatedAt: recorded.rotatedAt }),
    ...(recorded.tokenLifetimes && { tokenLifetimes: recorded.tokenLifetimes }),
    observedAt: ring.observedAt.toISOString(),
  };
  return outputs;
}

function publish({ kid, certificate, fingerprint, thumbprint, since }: SigningKey): PublishedKey {
  return { kid, certificate, fingerprint, thumbprint, ...(since !== undefined && { since }) };
}

/** Without the earlier of many revoked keys. */
export function forgetLongRevoked<Key extends { readonly revokedAt?: string }>(keys: readonly Key[]): Key[] {
  const revoked = keys.filter((key) => key.revokedAt !== undefined);
  const forgotten = new Set(revoked.slice(0, Math.max(revoked.length - REVOKED_ON_RECORD, 0)));
  return keys.filter((key) => !forgotten.has(key));
}

/** Nobody asks any more what the due date of a revoked key came from. */
function withoutSpentDerivation({ derivedFrom, ...key }: RetiredKey): RetiredKey {
  return { ...key, ...(derivedFrom && key.revokedAt === undefined && { derivedFrom }) };
}

/** Retired keys whose time has come, or, without a grace period, that the flag asks to revoke. */
export function revocableKids({ retired }: Recorded, ring: KeyRing, revokePrevious: boolean): string[] {
  const valid = new Set(ring.previous.map((key) => key.kid));
  return retired
    .filter((key) => valid.has(key.kid) && isDue(key, ring.observedAt, revokePrevious))
    .map((key) => key.kid);
}

/** Whether a retired key may be revoked at that time; without a due date the flag alone decides. */
export function isDue(key: RetiredKey, now: Date, revokePrevious: boolean): boolean {
  if (key.revokedAt !== undefined) return false;
  return key.revokeDueAt === undefined ? revokePrevious : Date.parse(key.revokeDueAt) <= now.getTime();
}

/** The state of a version of this package, this one or an earlier one, with what is missing filled in. */
export function readOutputs(properties: Readonly<Record<string, unknown>>): RotationOutputs {
  return {
    ...NOTHING_RECORDED,
    revocable: [],
    foreign: [],
    previousKeys: [],
    ...properties,
  } as unknown as RotationOutputs;
}
