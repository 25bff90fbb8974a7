import * as pulumi from "@pulumi/pulumi";
import type { Duration } from "./duration";
import type { ListedForRevocation } from "./lifecycle/revocation";
import type { Canary, ListedKey } from "./lifecycle/revocationInputs";
import type { PendingStep } from "./lifecycle/state";
import { providerShell, REVOCATION_TYPE } from "./shell";
import { tenantInput, type Auth0Provider, type TenantArgs } from "./tenantArgs";

/** A request with a fresh token that must be answered as expected before anything is revoked. */
export type CanaryArgs = Pick<Canary, "audience" | "url"> &
  Partial<Pick<Canary, "expectedStatus" | "timeout">>;

/** Which of a tenant's keys are to be revoked. */
export interface SigningKeyRevocationArgs {
  /**
   * The keys to be revoked: entries of a rotation's `retired`, each due at its `revokeDueAt`, or keys named by their kid
   * alone, `{ kid }`, which are due at once unless there is a `gracePeriod`. An empty list is no work. Taking a key off the list
   * undoes nothing.
   */
  retired: pulumi.Input<pulumi.Input<string | ListedKey>[]>;
  /** How long after its retirement a key is due, such as `"24h"`; goes before an entry's own date. Default none. */
  gracePeriod?: pulumi.Input<Duration | undefined>;
  /** Keeps everything as it is while `true`. Default `false`. */
  hold?: pulumi.Input<boolean | undefined>;
  /** Requests with a fresh token, each of which must be answered as expected before a due key is revoked. Default none. */
  canaries?: pulumi.Input<pulumi.Input<CanaryArgs>[] | undefined>;
  /** How long to wait for the JWKS to show a change. Default `"60s"`. */
  verifyTimeout?: pulumi.Input<Duration | undefined>;
  /** Why, kept in state. Default none. */
  reason?: pulumi.Input<string | undefined>;
  /** Whose keys, as with `SigningKeyRotation`: its scopes are `read:signing_keys` and `update:signing_keys`. */
  tenant?: pulumi.Input<TenantArgs> | Auth0Provider | undefined;
}

/**
 * Revokes exactly the keys that it lists, each once it is due, after the resources that it depends on. A key that is
 * current, next or unknown is refused, one that is revoked already is done. Deleting the resource changes nothing in Auth0.
 */
export class SigningKeyRevocation extends pulumi.CustomResource {
  /** @internal for `isType` and policies */
  static readonly __pulumiType = REVOCATION_TYPE;

  /** The tenant's domain. */
  declare readonly domain: pulumi.Output<string>;
  /** The keys of the list and those revoked before, with their dates. */
  declare readonly keys: pulumi.Output<ListedForRevocation[]>;
  /** The kids that are due for revocation and not revoked. */
  declare readonly revocable: pulumi.Output<string[]>;
  /** Steps that were begun and not finished. */
  declare readonly pending: pulumi.Output<PendingStep[]>;

  constructor(name: string, args: SigningKeyRevocationArgs, opts: pulumi.CustomResourceOptions = {}) {
    if (opts.import !== undefined)
      throw new Error("a SigningKeyRevocation can't be imported: a key that is revoked already is done");
    super(
      REVOCATION_TYPE,
      name,
      {
        domain: undefined,
        keys: undefined,
        revocable: undefined,
        pending: undefined,
        ...args,
        tenant: tenantInput(args.tenant),
        __provider: providerShell("revocation"),
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["tenant"] }),
    );
  }
}
