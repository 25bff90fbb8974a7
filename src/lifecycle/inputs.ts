import * as v from "valibot";
import { durationMilliseconds, parseDuration, type Duration } from "../duration";
import { SigningKeyError } from "../errors";
import {
  resolveCredentials,
  SECRET_FIELDS,
  TENANT_FIELDS,
  type CredentialSources,
  type Credentials,
  type TenantFields,
} from "../tenant/credentials";
import { DEFAULT_JWKS_CACHE_ALLOWANCE, type GracePeriod } from "./gracePeriod";
import type { Baseline, RevokeNow } from "./state";

/** One fault of one property, in the form the engine shows. */
export interface Fault {
  property: string;
  reason: string;
}

/** How the engine's Node SDK writes a value that is not known before the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const DEFAULT_MIN_KEY_AGE: Duration = "1h";
export const DEFAULT_VERIFY_TIMEOUT: Duration = "60s";

const generation = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const duration = v.pipe(
  v.string(),
  v.check((text) => parseDuration(text) !== undefined),
);
export const positiveDuration = v.pipe(
  duration,
  v.check((text) => (parseDuration(text) ?? 0) > 0),
);
/** Auth0 gives tokens 30 days at the most; a grace period of years is a slip. */
const LONGEST_GRACE: Duration = "366d";
export const writtenGrace = v.pipe(
  positiveDuration,
  v.check((text) => (parseDuration(text) ?? 0) <= durationMilliseconds(LONGEST_GRACE)),
);
const gracePeriod = v.union([v.literal("auto"), writtenGrace]);
export const words = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500));
const revokeNow = v.strictObject({ kid: words, reason: words });
const DURATION_ALLOWED = 'a number with a unit, such as "90m", "24h" or "7d"';
export const POSITIVE_ALLOWED = `${DURATION_ALLOWED}, more than zero`;
export const GRACE_ALLOWED = `${POSITIVE_ALLOWED}, ${LONGEST_GRACE} at most`;

/** What an input may be, for the check and in words. */
export interface Property {
  schema: v.GenericSchema;
  allowed: string;
}

/** What the rotation itself takes; the rest of what a program writes goes to its intent alone. */
const rotationProperties: Readonly<Record<string, Property>> = {
  generation: { schema: generation, allowed: `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}` },
  revokePrevious: { schema: v.boolean(), allowed: "true or false" },
  gracePeriod: {
    schema: gracePeriod,
    allowed: `"auto", or ${GRACE_ALLOWED}`,
  },
  jwksCacheAllowance: { schema: duration, allowed: DURATION_ALLOWED },
  revokeNow: {
    schema: revokeNow,
    allowed: '{ kid, reason }, both texts; as stack configuration in JSON: {"kid":"…","reason":"…"}',
  },
  verifyTimeout: { schema: positiveDuration, allowed: POSITIVE_ALLOWED },
  reason: { schema: words, allowed: "a text of 1 to 500 characters" },
  expectedCurrentKid: { schema: words, allowed: "a kid" },
};

/** Everything that a program may write, but for `tenant`. */
const programProperties: Readonly<Record<string, Property>> = {
  ...rotationProperties,
  minKeyAge: { schema: duration, allowed: DURATION_ALLOWED },
};

/** Whether it is an input that a program may write, other than `tenant`; none of these holds a secret. */
export function isProgramProperty(property: string): boolean {
  return Object.hasOwn(programProperties, property);
}

/** Properties that the class adds. */
const INTERNAL = new Set(["__provider", "baselines", "consumers"]);

/** The state that a rotation is to reach: the inputs, read. */
export interface DesiredRotation {
  generation: number;
  revokePrevious: boolean;
  gracePeriod?: GracePeriod;
  /** Of a grace period of `"auto"`: how long verifiers may keep a JWKS. */
  jwksCacheAllowance: Duration;
  revokeNow?: RevokeNow;
  minKeyAge: Duration;
  expectedCurrentKid?: string;
  verifyTimeout: Duration;
  reason?: string;
  /** What messages call it, where it is no generation of a stack's. */
  purpose?: string;
  tenant?: Partial<TenantFields>;
  /** From the intent; none on the intent itself. */
  baselines: Baseline[];
}

export type PropertyBag = Readonly<Record<string, unknown>>;

/**
 * Every fault of the inputs at once, without a request. Unknown values pass.
 * @param which the intent takes everything a program writes; the rotation what it needs
 */
export function findFaults(
  which: "intent" | "rotation",
  olds: PropertyBag,
  news: PropertyBag,
  sources: Omit<CredentialSources, "tenant">,
): Fault[] {
  const properties = which === "intent" ? programProperties : rotationProperties;
  return [
    ...propertyFaults(properties, "generation", news, Object.keys(programProperties)),
    ...tenantFaults(news["tenant"], sources),
    ...changeFaults(which, olds, news),
  ];
}

/** What is wrong with each property but `tenant`, the required one missing included. */
export function propertyFaults(
  properties: Readonly<Record<string, Property>>,
  required: string,
  news: PropertyBag,
  writable: readonly string[] = Object.keys(properties),
): Fault[] {
  const faults: Fault[] = [];
  for (const [property, value] of Object.entries(news)) {
    if (property === "tenant" || INTERNAL.has(property) || value === undefined || value === null) continue;
    // `constructor` is no input, although every object has one.
    const expected = Object.hasOwn(properties, property) ? properties[property] : undefined;
    if (expected === undefined) {
      faults.push({
        property,
        reason: `there is no such input; allowed: ${[...writable, "tenant"].join(", ")}`,
      });
    } else if (!isUnknown(value) && !v.is(expected.schema, value)) {
      faults.push({ property, reason: `given ${shown(value)}; allowed: ${expected.allowed}` });
    }
  }
  if (news[required] === undefined || news[required] === null) {
    faults.push({
      property: required,
      reason: `missing; required: ${properties[required]?.allowed ?? ""}`,
    });
  }
  return faults;
}

export function tenantFaults(tenant: unknown, sources: Omit<CredentialSources, "tenant">): Fault[] {
  if (tenant === UNKNOWN) return [];
  const faults: Fault[] = [];
  const known: Partial<TenantFields> = {};
  let complete = true;
  if (typeof tenant === "object" && tenant !== null) {
    for (const [field, value] of Object.entries(tenant as PropertyBag)) {
      const property = `tenant.${field}`;
      const name = TENANT_FIELDS.find((candidate) => candidate === field);
      if (name === undefined)
        faults.push({ property, reason: `there is no such field; allowed: ${TENANT_FIELDS.join(", ")}` });
      else if (isUnknown(value)) complete = false;
      else if (value !== null && typeof value !== "string") {
        // An object may be a whole set of credentials in the wrong place.
        const isSecret = (SECRET_FIELDS as readonly string[]).includes(field) || typeof value === "object";
        faults.push({ property, reason: `given ${isSecret ? typeof value : shown(value)}; allowed: a text` });
      } else if (value !== null) known[name] = value;
    }
  } else if (tenant !== undefined && tenant !== null) {
    faults.push({
      property: "tenant",
      reason: `given ${typeof tenant}; allowed: an object of ${TENANT_FIELDS.join(", ")}`,
    });
  }
  if (faults.length > 0 || !complete) return faults;
  return (resolveCredentials({ ...sources, tenant: known }).faults ?? []).map((reason) => ({
    property: "tenant",
    reason,
  }));
}

/** What is wrong not with the inputs but with the step from the old ones to the new. */
function changeFaults(which: "intent" | "rotation", olds: PropertyBag, news: PropertyBag): Fault[] {
  const from = olds["generation"];
  const to = news["generation"];
  if (!v.is(generation, to)) return [];
  // A raise that was recorded but not carried out may be taken back, which only the rotation knows.
  if (which === "rotation" && typeof from === "number" && to < from)
    return [{ property: "generation", reason: cannotBeUndone(from, to) }];
  if (
    raisedFrom(olds, news) !== undefined &&
    news["revokePrevious"] === true &&
    news["gracePeriod"] == null &&
    news["revokeNow"] == null
  ) {
    return [{ property: "revokePrevious", reason: noGracePeriod(to) }];
  }
  return [];
}

/** The generation before, where the step from the old inputs to the new may rotate; `undefined` where it does not. */
export function raisedFrom(olds: PropertyBag, news: PropertyBag): number | undefined {
  const to = news["generation"];
  if (!v.is(generation, to)) return undefined;
  const { generation: from = createRetires(to, news) ? 0 : to } = olds;
  return typeof from === "number" && to > from ? from : undefined;
}

/** Whether a creation rotates; a rotation of a higher generation is known by the raise that its intent has recorded. */
function createRetires(generation: number, { expectedCurrentKid, baselines }: PropertyBag): boolean {
  if (generation <= 1) return generation === 1;
  return expectedCurrentKid != null || (Array.isArray(baselines) && baselines.length > 0);
}

export function cannotBeUndone(carriedOut: number, given: number): string {
  return `generation ${given} was given, but rotation ${carriedOut} cannot be undone: keep ${carriedOut}, or raise to ${carriedOut + 1}`;
}

export function noGracePeriod(generation: number): string {
  return (
    `generation ${generation} would retire the current key and revoke it in the same update, ending every session that it signed; ` +
    'set gracePeriod (for example "24h") so that it is revoked once its tokens have expired, ' +
    "or, in an emergency, name the key in revokeNow: { kid, reason }"
  );
}

const desiredSchema = v.looseObject({
  generation,
  revokePrevious: v.optional(v.boolean(), false),
  gracePeriod: v.optional(gracePeriod),
  jwksCacheAllowance: v.optional(duration, DEFAULT_JWKS_CACHE_ALLOWANCE),
  revokeNow: v.optional(revokeNow),
  minKeyAge: v.optional(duration, DEFAULT_MIN_KEY_AGE),
  expectedCurrentKid: v.optional(words),
  verifyTimeout: v.optional(positiveDuration, DEFAULT_VERIFY_TIMEOUT),
  reason: v.optional(words),
  tenant: v.optional(v.record(v.string(), v.nullable(v.string()))),
  baselines: v.optional(
    v.array(
      v.object({
        generation,
        from: generation,
        kid: v.string(),
        at: v.string(),
        gracePeriod: v.exactOptional(gracePeriod),
        derivedFrom: v.exactOptional(
          v.object({
            accessTokenSeconds: v.number(),
            accessTokenOf: v.string(),
            idTokenSeconds: v.number(),
            idTokenOf: v.string(),
            jwksCacheAllowance: duration,
            clockSkew: duration,
          }),
        ),
      }),
    ),
    [],
  ),
});

/** Reads inputs that `check` has let through, every value known. */
export function readDesired(inputs: PropertyBag): DesiredRotation {
  const present = Object.fromEntries(
    Object.entries(inputs).filter(([, value]) => value !== null && !isUnknown(value)),
  );
  const parsed = v.safeParse(desiredSchema, present);
  if (!parsed.success) {
    throw new SigningKeyError("invalid_input", {
      attempt: "reading the inputs",
      observation:
        [...new Set(parsed.issues.map((issue) => v.getDotPath(issue) ?? "inputs"))].join(", ") +
        " can't be read",
      remedy: "run it without options that skip the check of inputs",
    });
  }
  const { output } = parsed;
  return {
    generation: output.generation,
    revokePrevious: output.revokePrevious,
    minKeyAge: output.minKeyAge,
    verifyTimeout: output.verifyTimeout,
    baselines: output.baselines,
    jwksCacheAllowance: output.jwksCacheAllowance,
    ...(output.gracePeriod !== undefined && { gracePeriod: output.gracePeriod }),
    ...(output.revokeNow !== undefined && { revokeNow: output.revokeNow }),
    ...(output.expectedCurrentKid !== undefined && { expectedCurrentKid: output.expectedCurrentKid }),
    ...(output.reason !== undefined && { reason: output.reason }),
    ...(output.tenant !== undefined && { tenant: withoutNulls(output.tenant) }),
  };
}

/** A secret output without a value arrives as null. */
export function withoutNulls(fields: Record<string, string | null>): Partial<TenantFields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** The credentials that the inputs, stack configuration or environment give. */
export function credentialsFor(
  tenant: Partial<TenantFields> | undefined,
  sources: Omit<CredentialSources, "tenant">,
): Credentials {
  const { credentials, faults } = resolveCredentials({ ...sources, tenant });
  if (credentials !== undefined) return credentials;
  throw new SigningKeyError("invalid_input", {
    attempt: "finding the tenant's credentials",
    observation: faults.join("; "),
    remedy: "correct them and run it again",
  });
}

/** Whether a value, or anything in it, is not known before the update. */
export function isUnknown(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(isUnknown);
  return value === UNKNOWN;
}

/** The properties that are not wholly known before the update. */
export function unknownProperties(inputs: PropertyBag): string[] {
  return Object.keys(inputs).filter((property) => isUnknown(inputs[property]));
}

/** Inputs as far as they are known before the update. */
export function withoutUnknowns(inputs: PropertyBag): PropertyBag {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => !isUnknown(value)));
}

function shown(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The milliseconds of an optional duration. */
export function milliseconds(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMilliseconds(duration);
}
