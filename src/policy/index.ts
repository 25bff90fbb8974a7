import type {
  Policies,
  PolicyConfigSchema,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { kindOf } from "../kinds";
import { RESOURCE_RULES, type ResourceRule } from "./resourceRules";
import type { Options, Rule } from "./rule";
import { STACK_RULES, type ReviewedRotation, type StackRule } from "./stackRules";

/**
 * The policies of this package, for a `PolicyPack`: each has a name, a level that the pack's configuration can change,
 * and options with defaults. Those about one resource stop it before anything is recorded or done.
 * @param now what stands for the time of day (default: this machine's)
 */
export function signingKeyPolicies(now: () => Date = () => new Date()): Policies {
  return [
    ...RESOURCE_RULES.map((rule) => resourcePolicy(rule as ResourceRule<Options>)),
    ...STACK_RULES.map((rule) => stackPolicy(rule as StackRule<Options>, now)),
  ];
}

function resourcePolicy(rule: ResourceRule<Options>): ResourceValidationPolicy {
  return {
    ...common(rule),
    validateResource: (args, report) => {
      const { type, props, opts } = args;
      const kind = kindOf(type);
      if (kind === undefined || kind === "rotation" || !rule.about.includes(kind)) return;
      const resource = { props, protect: opts.protect };
      for (const violation of rule.violations(resource, { ...rule.defaults, ...args.getConfig<Options>() }))
        report(violation);
    },
  };
}

function stackPolicy(rule: StackRule<Options>, now: () => Date): StackValidationPolicy {
  return {
    ...common(rule),
    validateStack: (args, report) => {
      const rotations = args.resources
        .filter(({ type }) => kindOf(type) === "rotation")
        .map(({ urn, props }): ReviewedRotation => ({ urn, outputs: props }))
        .filter(isKnown);
      for (const { urn, message } of rule.violations(
        rotations,
        { ...rule.defaults, ...args.getConfig<Options>() },
        now(),
      ))
        report(message, urn);
    },
  };
}

/** What an update will change is judged after it, and must not keep the other rotations from being judged before. */
function isKnown({ outputs }: ReviewedRotation): boolean {
  try {
    return outputs.currentKey !== undefined && outputs.retired !== undefined;
  } catch (error) {
    // Its class is not declared for users of `@pulumi/policy`.
    if (error instanceof Error && error.constructor.name === "UnknownValueError") return false;
    throw error;
  }
}

function common({ name, description, level, defaults, options }: Rule<Options>) {
  const configSchema: PolicyConfigSchema = {
    properties: Object.fromEntries(
      Object.entries(options).map(([option, meaning]) => [
        option,
        { type: "string" as const, description: meaning, default: defaults[option] ?? "" },
      ]),
    ),
  };
  return {
    name,
    description,
    enforcementLevel: level,
    ...(Object.keys(options).length > 0 && { configSchema }),
  };
}
