import * as pulumi from "@pulumi/pulumi";
import type { Duration } from "./duration";
import type { GracePeriod, SeenLifetimes } from "./lifecycle/gracePeriod";
import type {
  Baseline,
  PendingStep,
  PreviousKey,
  PublishedKey,
  RetiredKey,
  RevokeNow,
} from "./lifecycle/state";
import { certificatesToTrust, INTENT_SUFFIX, programInputs, PROGRAM_OUTPUTS } from "./rotationParts";
import { providerShell, ROTATION_TYPE } from "./shell";
import { intentOptions, SigningKeyRotationIntent } from "./signingKeyRotationIntent";
import { tenantInput, type Auth0Provider, type TenantArgs } from "./tenantArgs";

/** The desired state of a tenant's signing keys. */
export interface SigningKeyRotationArgs {
  /**
   * How often the keys are to have been rotated, a whole number. Raising it rotates once, whatever the step. `0` adopts
   * the keys as they are, `1` rotates at creation; a higher number at creation is taken as carried out.
   */
  generation: pulumi.Input<number>;
  /**
   * Whether the keys that this resource retired are to be revoked, each when it is due. Default `false`.
   * Auth0 can't undo a revocation; every token that the key signed is refused from then on.
   */
  revokePrevious?: pulumi.Input<boolean | undefined>;
  /**
   * How long a retired key stays valid, such as `"24h"`: at least the longest token lifetime and JWKS cache. The first
   * update after that revokes it if `revokePrevious` is set. `"auto"` derives it when the key is retired: the longest
   * lifetime of access and ID tokens in the tenant seen while the key was current, plus `jwksCacheAllowance`, plus
   * 5 minutes of clock skew; it needs the scopes `read:resource_servers` and `read:clients`.
   * Default none; required to raise `generation` with `revokePrevious`.
   */
  gracePeriod?: pulumi.Input<GracePeriod | undefined>;
  /** Of a grace period of `"auto"`: the longest that a verifier keeps a JWKS. Default `"24h"`. */
  jwksCacheAllowance?: pulumi.Input<Duration | undefined>;
  /** Revokes exactly this key in this update, without a grace period: the emergency path. Default none. */
  revokeNow?: pulumi.Input<RevokeNow | undefined>;
  /** Refuses to retire a key that has been current for less: so long has its successor been published. Default `"1h"`. */
  minKeyAge?: pulumi.Input<Duration | undefined>;
  /** Rotates only if this is the current key. Default none. */
  expectedCurrentKid?: pulumi.Input<string | undefined>;
  /** How long to wait for the JWKS to show a change. Default `"60s"`. */
  verifyTimeout?: pulumi.Input<Duration | undefined>;
  /** Why, kept in state. Default none. */
  reason?: pulumi.Input<string | undefined>;
  /**
   * Whose keys. Default: configuration (`auth0:domain`, `auth0:clientId`, `auth0:clientSecret`, … without the plugin,
   * `auth0-signing-keys:domain`, … with it), then the environment (`AUTH0_DOMAIN`, …). One source, never mixed.
   */
  tenant?: pulumi.Input<TenantArgs> | Auth0Provider | undefined;
}

/** What the rotation itself takes: `minKeyAge` goes to its intent alone. */
export type SigningKeyRingArgs = Omit<SigningKeyRotationArgs, "minKeyAge"> & {
  /** The raises that the intent has recorded. Default none. */
  baselines?: pulumi.Input<Baseline[] | undefined>;
};

/**
 * Rotates an Auth0 tenant's application signing keys, then revokes the retired ones: each generation exactly once,
 * also across crashes, and no key before it is due. Deleting the resource changes nothing in Auth0.
 */
export class SigningKeyRotation extends pulumi.CustomResource {
  /** @internal for `isType` and policies */
  static readonly __pulumiType = ROTATION_TYPE;

  /** The tenant's domain. */
  declare readonly domain: pulumi.Output<string>;
  /** Where the tenant publishes its keys. */
  declare readonly jwksUri: pulumi.Output<string>;
  /** The generation that has been carried out. */
  declare readonly generation: pulumi.Output<number>;
  /** The key that signs. */
  declare readonly currentKey: pulumi.Output<PublishedKey>;
  /** The key that the next rotation makes current; it is in the JWKS already. */
  declare readonly nextKey: pulumi.Output<PublishedKey | undefined>;
  /** The valid previous keys; one that is due for revocation is without its certificate. */
  declare readonly previousKeys: pulumi.Output<PreviousKey[]>;
  /** The keys that this resource retired. */
  declare readonly retired: pulumi.Output<RetiredKey[]>;
  /** The kids that are due for revocation now. */
  declare readonly revocable: pulumi.Output<string[]>;
  /** The kids of valid previous keys that somebody else retired. */
  declare readonly foreign: pulumi.Output<string[]>;
  /** When this resource last rotated, ISO 8601. */
  declare readonly rotatedAt: pulumi.Output<string | undefined>;
  /** With a grace period of `"auto"`: the longest token lifetimes seen since the current key is current. */
  declare readonly tokenLifetimes: pulumi.Output<SeenLifetimes | undefined>;
  /** Steps that were begun and not finished. */
  declare readonly pending: pulumi.Output<PendingStep[]>;
  /** What a verifier with pinned certificates should hold, PEM: current, next, then previous, less those due for revocation. */
  readonly trustedCertificates: pulumi.Output<string[]>;

  constructor(name: string, args: SigningKeyRotationArgs, opts: pulumi.CustomResourceOptions = {}) {
    if (opts.import !== undefined) {
      throw new Error(
        "a SigningKeyRotation can't be imported: create it with generation 0, which adopts the keys as they are",
      );
    }
    const isLookup = opts.id !== undefined || opts.urn !== undefined;
    const inputs: Record<string, unknown> = { ...args, tenant: tenantInput(args.tenant) };
    super(
      ROTATION_TYPE,
      name,
      {
        ...OUTPUTS,
        ...(isLookup
          ? inputs
          : rotationInputs(
              inputs,
              new SigningKeyRotationIntent(`${name}${INTENT_SUFFIX}`, inputs, intentOptions(opts)),
            )),
        __provider: providerShell("rotation"),
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["tenant"] }),
    );
    this.trustedCertificates = pulumi
      .all([this.currentKey, this.nextKey, this.previousKeys])
      .apply(([current, next, previous]) => certificatesToTrust(current, next, previous));
  }

  /**
   * The signing keys of a tenant as they are, without managing them.
   * @param id the tenant's domain
   */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    args: Pick<SigningKeyRotationArgs, "tenant"> = {},
    opts: pulumi.CustomResourceOptions = {},
  ): SigningKeyRotation {
    return new SigningKeyRotation(name, args as SigningKeyRotationArgs, { ...opts, id });
  }
}

/** The outputs, which a resource without a schema must name for the program to get them. */
const OUTPUTS: pulumi.Inputs = Object.fromEntries(PROGRAM_OUTPUTS.map((name) => [name, undefined]));

/** What the rotation takes from its intent is the intent's output, so that no option can let one run without the other. */
function rotationInputs(inputs: Record<string, unknown>, intent: SigningKeyRotationIntent): pulumi.Inputs {
  const { generation, baselines } = intent;
  // An output that the state doesn't hold is unknown at preview, which would make every preview show a change.
  const revokeNow = inputs["revokeNow"] === undefined ? undefined : intent.revokeNow;
  return { generation, baselines, revokeNow, ...programInputs(inputs) };
}
