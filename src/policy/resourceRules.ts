import { SECRET_FIELDS } from "../tenant/credentials";
import { configured, configuredNumber, isShorter } from "./configured";
import type { Kind } from "../kinds";
import type { Options, Rule } from "./rule";

type Props = Readonly<Record<string, unknown>>;

/** A rule about one resource as the program wants it, which the engine asks for before anything is done with it. */
export interface ResourceRule<Config extends Options> extends Rule<Config> {
  /** Never the rotation: by then its intent has been recorded. */
  readonly about: readonly Exclude<Kind, "rotation">[];
  /** Each violation in a sentence that says what to do. */
  readonly violations: (resource: { props: Props; protect: boolean }, config: Config) => string[];
}

const minimumGrace: ResourceRule<{ atLeast: string }> = {
  name: "signing-keys-minimum-grace",
  description: "A retired signing key stays valid for a time, lest sessions and APIs fail.",
  level: "mandatory",
  defaults: { atLeast: "24h" },
  options: { atLeast: 'The shortest grace period, such as "24h". "auto" is taken as long enough.' },
  about: ["intent", "revocation"],
  violations: ({ props }, { atLeast }) => {
    const least = configured("atLeast", atLeast);
    const { gracePeriod } = props;
    if (isShorter(gracePeriod, least))
      return [`gracePeriod is ${String(gracePeriod)}: give it at least ${atLeast}, or "auto"`];
    // The resource takes null for none, too.
    if (gracePeriod !== undefined && gracePeriod !== null) return [];
    if (props["revokePrevious"] === true)
      return [
        `revokePrevious without a gracePeriod revokes at once: set gracePeriod to at least ${atLeast}, or "auto"`,
      ];
    const { retired } = props;
    return Array.isArray(retired) ? retired.flatMap((key) => listedTooEarly(key, least, atLeast)) : [];
  },
};

function listedTooEarly(key: unknown, least: number, atLeast: string): string[] {
  if (typeof key === "string")
    return [
      `${key} is written out and so revoked at once: list the rotation's own entry, or set gracePeriod to at least ${atLeast}`,
    ];
  const { kid, retiredAt, revokeDueAt, revokedAt } = (key ?? {}) as Props;
  // Without a due date the resource refuses it.
  if (typeof revokedAt === "string" || typeof revokeDueAt !== "string") return [];
  return typeof retiredAt === "string" && Date.parse(revokeDueAt) - Date.parse(retiredAt) >= least
    ? []
    : [
        `${String(kid)} falls due less than ${atLeast} after its retirement: set gracePeriod to at least that`,
      ];
}

const emergencyReason: ResourceRule<{ pattern: string }> = {
  name: "signing-keys-emergency-reason",
  description: "Whoever revokes a key at once says why.",
  level: "mandatory",
  defaults: { pattern: "\\S" },
  options: { pattern: 'A regular expression that the reason must match, such as "INC-\\d+".' },
  about: ["intent"],
  violations: ({ props: { revokeNow } }, { pattern }) =>
    revokeNow === undefined || revokeNow === null || matches((revokeNow as Props)["reason"], pattern)
      ? []
      : [`revokeNow.reason doesn't match ${pattern}: say there why the key is revoked at once`],
};

function matches(text: unknown, pattern: string): boolean {
  return typeof text === "string" && new RegExp(pattern).test(text);
}

const raiseStep: ResourceRule<{ atMost: string }> = {
  name: "signing-keys-raise-step",
  description: "A raise rotates once, whatever its step, so a long one is likely a slip.",
  level: "advisory",
  defaults: { atMost: "1" },
  options: { atMost: "By how much the generation may be raised at once." },
  about: ["intent"],
  violations: ({ props: { raisedFrom, generation } }, { atMost }) =>
    typeof raisedFrom === "number" && Number(generation) - raisedFrom > configuredNumber("atMost", atMost)
      ? [`generation goes from ${raisedFrom} to ${String(generation)}: raise it to ${raisedFrom + 1}`]
      : [],
};

const raiseReason: ResourceRule<{ pattern: string }> = {
  name: "signing-keys-raise-reason",
  description: "Whoever rotates the signing keys says why.",
  level: "disabled",
  defaults: { pattern: "\\S" },
  options: { pattern: 'A regular expression that the reason must match, such as "CHG-\\d+".' },
  about: ["intent"],
  violations: ({ props }, { pattern }) =>
    props["raisedFrom"] === undefined || matches(props["reason"], pattern)
      ? []
      : [`reason doesn't match ${pattern}: say there why the keys are rotated`],
};

const raiseExpectsCurrentKid: ResourceRule<Options> = {
  name: "signing-keys-raise-expects-current-kid",
  description: "A raise names the key that it retires, so that it rotates what was reviewed or nothing.",
  level: "disabled",
  defaults: {},
  options: {},
  about: ["intent"],
  violations: ({ props }) =>
    props["raisedFrom"] === undefined || typeof props["expectedCurrentKid"] === "string"
      ? []
      : [
          "set expectedCurrentKid to the current key's kid, as the preview shows it, or let the pipeline set it to the kid that was previewed",
        ],
};

const protectedResource: ResourceRule<Options> = {
  name: "signing-keys-protected",
  description:
    "What rotates the signing keys is protected, for without its state nobody knows which keys it retired.",
  level: "mandatory",
  defaults: {},
  options: {},
  about: ["intent"],
  violations: ({ protect }) => (protect ? [] : ["set the resource option protect to true"]),
};

const configuredCredentials: ResourceRule<Options> = {
  name: "signing-keys-configured-credentials",
  description: "Credentials come from stack configuration, the environment or ESC, and not from the program.",
  level: "advisory",
  defaults: {},
  options: {},
  about: ["intent", "revocation"],
  violations: ({ props: { tenant } }) => {
    const given = typeof tenant === "object" && tenant !== null ? tenant : {};
    return SECRET_FIELDS.filter((field) => (given as Props)[field] !== undefined).map(
      (field) =>
        `tenant.${field} is given by the program: take it out, and set it as configuration (auth0:${field}) or in the environment`,
    );
  },
};

const verified: ResourceRule<{ verifyTimeoutAtLeast: string; minKeyAgeAtLeast: string }> = {
  name: "signing-keys-verified",
  description:
    "A change is given time to show in the JWKS, and a key that becomes current has been published before.",
  level: "mandatory",
  defaults: { verifyTimeoutAtLeast: "10s", minKeyAgeAtLeast: "1h" },
  options: {
    verifyTimeoutAtLeast: "The shortest verifyTimeout.",
    minKeyAgeAtLeast: "The shortest minKeyAge: for so long verifiers had time to read the next key.",
  },
  about: ["intent", "revocation"],
  violations: ({ props }, config) =>
    (["verifyTimeout", "minKeyAge"] as const).flatMap((input) => {
      const least = config[`${input}AtLeast`];
      return isShorter(props[input], configured(`${input}AtLeast`, least))
        ? [`${input} is ${String(props[input])}: give it at least ${least}, or leave it out`]
        : [];
    }),
};

export const RESOURCE_RULES = [
  minimumGrace,
  emergencyReason,
  raiseStep,
  raiseReason,
  raiseExpectsCurrentKid,
  protectedResource,
  configuredCredentials,
  verified,
] as const;
