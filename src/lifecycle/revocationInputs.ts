import * as v from "valibot";
import type { Duration } from "../duration";
import { SigningKeyError } from "../errors";
import { isoDate } from "../isoDate";
import type { CredentialSources, TenantFields } from "../tenant/credentials";
import {
  DEFAULT_VERIFY_TIMEOUT,
  GRACE_ALLOWED,
  isUnknown,
  POSITIVE_ALLOWED,
  positiveDuration,
  propertyFaults,
  tenantFaults,
  withoutNulls,
  words,
  writtenGrace,
  type Fault,
  type Property,
  type PropertyBag,
} from "./inputs";
import type { RetiredKey } from "./state";

/** A canary with everything that a program may leave out. */
export interface Canary {
  /** The API for which the token is asked. */
  audience: string;
  /** What to call, HTTPS. */
  url: string;
  /** The status that the answer must have. Default 200. */
  expectedStatus: number;
  /** How long to try: consumers may still hold a cached JWKS. Default `"2m"`. */
  timeout: Duration;
}

/** A key that is to be revoked, by its kid alone or as an entry of a rotation's `retired`. */
export type ListedKey = Pick<RetiredKey, "kid"> & Partial<Omit<RetiredKey, "kid">>;

/** The state that a revocation is to reach: the inputs, read. */
export interface DesiredRevocation {
  retired: ListedKey[];
  gracePeriod?: Duration;
  hold: boolean;
  canaries: Canary[];
  verifyTimeout: Duration;
  reason?: string;
  tenant?: Partial<TenantFields>;
}

const DEFAULT_CANARY_TIMEOUT: Duration = "2m";

const listed = {
  kid: words,
  retiredAt: v.exactOptional(isoDate),
  revokeDueAt: v.exactOptional(isoDate),
  revokedAt: v.exactOptional(isoDate),
};
// A due date under another name, such as a Python program's `revoke_due_at`, would be none: the key would be due at once.
const listedKey = v.pipe(
  v.strictObject({
    ...listed,
    generation: v.exactOptional(v.number()),
    derivedFrom: v.exactOptional(v.unknown()),
  }),
  v.object(listed),
);
const retired = v.array(v.union([words, listedKey]));
const canary = v.strictObject({
  audience: words,
  url: v.pipe(
    v.string(),
    v.check((text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, username, password } = new URL(text);
      return protocol === "https:" && username === "" && password === "";
    }),
  ),
  expectedStatus: v.optional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)), 200),
  timeout: v.optional(positiveDuration, DEFAULT_CANARY_TIMEOUT),
});

const properties: Readonly<Record<string, Property>> = {
  retired: {
    schema: retired,
    allowed: "a list of kids, or of entries of a rotation's `retired`: { kid, retiredAt?, revokeDueAt? }",
  },
  gracePeriod: { schema: writtenGrace, allowed: `${GRACE_ALLOWED} ("auto" belongs to the rotation)` },
  hold: { schema: v.boolean(), allowed: "true or false" },
  canaries: {
    schema: v.array(canary),
    allowed:
      "a list of { audience, url, expectedStatus?, timeout? }, the URL an https one without a user's name or password",
  },
  verifyTimeout: { schema: positiveDuration, allowed: POSITIVE_ALLOWED },
  reason: { schema: words, allowed: "a text of 1 to 500 characters" },
};

/** Whether it is an input of a revocation other than `tenant`, and none that may hold a secret, as a canary's URL may. */
export function isRevocationProperty(property: string): boolean {
  return property !== "canaries" && Object.hasOwn(properties, property);
}

/** Every fault of the inputs at once, without a request. Unknown values pass. */
export function findRevocationFaults(news: PropertyBag, sources: Omit<CredentialSources, "tenant">): Fault[] {
  const faults = propertyFaults(properties, "retired", news).map((fault): Fault => {
    // A list is too long to be shown; what is wrong with it isn't.
    if (fault.property === "retired") return { ...fault, reason: `${fault.reason}${oddOnes(news)}` };
    return fault.property === "canaries" && news["canaries"] !== undefined
      ? { ...fault, reason: `allowed: ${properties["canaries"]?.allowed ?? ""}` }
      : fault;
  });
  return [...faults, ...tenantFaults(news["tenant"], sources)];
}

function oddOnes({ retired: list }: PropertyBag): string {
  if (!Array.isArray(list)) return "";
  const odd = list.flatMap((entry, index) => (v.is(retired.item, entry) ? [] : [`${index + 1}`]));
  return odd.length === 0 ? "" : `; wrong: entry ${odd.join(", ")}`;
}

const desiredSchema = v.looseObject({
  retired,
  gracePeriod: v.optional(writtenGrace),
  hold: v.optional(v.boolean(), false),
  canaries: v.optional(v.array(canary), []),
  verifyTimeout: v.optional(positiveDuration, DEFAULT_VERIFY_TIMEOUT),
  reason: v.optional(words),
  tenant: v.optional(v.record(v.string(), v.nullable(v.string()))),
});

/** Reads inputs that `check` has let through; a key that is listed twice counts once. */
export function readRevocation(inputs: PropertyBag): DesiredRevocation {
  const present = Object.fromEntries(
    Object.entries(inputs).filter(([, value]) => value !== null && !isUnknown(value)),
  );
  const parsed = v.safeParse(desiredSchema, present);
  if (!parsed.success) {
    throw new SigningKeyError("invalid_input", {
      attempt: "reading the inputs of a revocation",
      observation: `${v.getDotPath(parsed.issues[0]) ?? "they"} can't be read`,
      remedy: "run it without options that skip the check of inputs",
    });
  }
  const { retired: list, hold, canaries, verifyTimeout, gracePeriod, reason, tenant } = parsed.output;
  const entries = list.map((entry) => (typeof entry === "string" ? { kid: entry } : entry));
  return {
    retired: [...new Map(entries.map((entry) => [entry.kid, entry])).values()],
    hold,
    canaries,
    verifyTimeout,
    ...(gracePeriod !== undefined && { gracePeriod }),
    ...(reason !== undefined && { reason }),
    ...(tenant !== undefined && { tenant: withoutNulls(tenant) }),
  };
}
