import * as pulumi from "@pulumi/pulumi";
import { INTENT_SUFFIX } from "./rotationParts";
import { INTENT_TYPE, providerShell } from "./shell";
import type { Baseline, RevokeNow } from "./lifecycle/state";

/**
 * The write-ahead record of a `SigningKeyRotation`, which creates it itself: it makes every refusal and records from
 * which key a raise starts, before the rotation does anything. Policies that must stop a rotation are written for this type.
 */
export class SigningKeyRotationIntent extends pulumi.CustomResource {
  /** @internal for `isType` and policies */
  static readonly __pulumiType = INTENT_TYPE;

  declare readonly generation: pulumi.Output<number>;
  declare readonly baselines: pulumi.Output<Baseline[]>;
  declare readonly revokeNow: pulumi.Output<RevokeNow | undefined>;

  constructor(name: string, inputs: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
    super(
      INTENT_TYPE,
      name,
      {
        generation: undefined,
        baselines: undefined,
        revokeNow: undefined,
        ...inputs,
        __provider: providerShell("intent"),
      },
      opts,
    );
  }
}

/** The options of the rotation that hold for its intent as well. */
export function intentOptions(opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  const { parent, dependsOn, protect, aliases, ignoreChanges, retainOnDelete } = opts;
  return {
    ...(parent !== undefined && { parent }),
    ...(dependsOn !== undefined && { dependsOn }),
    ...(protect !== undefined && { protect }),
    ...(ignoreChanges !== undefined && { ignoreChanges }),
    ...(retainOnDelete !== undefined && { retainOnDelete }),
    ...(aliases !== undefined && { aliases: aliases.map(intentAlias) }),
  };
}

function intentAlias(
  alias: pulumi.Input<pulumi.URN | pulumi.Alias>,
): pulumi.Output<pulumi.URN | pulumi.Alias> {
  return pulumi.output(alias).apply((former) => {
    if (typeof former === "string") {
      return former.replace(/SigningKeyRotation::(.*)$/, `SigningKeyRotationIntent::$1${INTENT_SUFFIX}`);
    }
    return former.name === undefined ? former : { ...former, name: `${former.name}${INTENT_SUFFIX}` };
  });
}
