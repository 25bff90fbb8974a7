import * as pulumi from "@pulumi/pulumi";
import type { PreviousKey, PublishedKey, RetiredKey } from "./lifecycle/state";
import { SigningKeyRevocation, type CanaryArgs } from "./signingKeyRevocation";
import { SigningKeyRotation, type SigningKeyRotationArgs } from "./signingKeyRotation";

/** What consumers are configured from. */
export interface RolloverKeys {
  /** The tenant's domain. */
  domain: pulumi.Output<string>;
  jwksUri: pulumi.Output<string>;
  /** The key that signs. */
  currentKey: pulumi.Output<PublishedKey>;
  /** The key that the next rotation makes current. */
  nextKey: pulumi.Output<PublishedKey | undefined>;
  /** The valid previous keys; one that is due for revocation is without its certificate. */
  previousKeys: pulumi.Output<PreviousKey[]>;
  /**
   * What a verifier with pinned certificates should hold, PEM: current, next, then previous, less those due for
   * revocation. The next one is in it before the rotation that makes it current.
   */
  trustedCertificates: pulumi.Output<string[]>;
}

/** A leaf resource, or an output of one: what the revocation waits for. */
export type Consumer = pulumi.CustomResource | pulumi.Output<unknown>;

/** The desired state of a tenant's signing keys and of those who verify what they sign. */
export interface SigningKeyRolloverArgs extends Omit<
  SigningKeyRotationArgs,
  "revokePrevious" | "gracePeriod"
> {
  /** As with `SigningKeyRotation`. Default `"auto"`. */
  gracePeriod?: SigningKeyRotationArgs["gracePeriod"];
  /** Whether retired keys are revoked once they are due and every consumer has been updated. Default `false`. */
  revokePrevious?: pulumi.Input<boolean | undefined>;
  /**
   * Makes the resources that verify what the keys sign, and returns them: leaf resources or outputs of theirs. A
   * revocation comes after all of them and not at all if one fails. A component is refused: depending on it doesn't
   * wait for children that register late.
   */
  consumers?: (keys: RolloverKeys) => Consumer | readonly Consumer[];
  /** Requests with a fresh token, each of which must be answered as expected before a due key is revoked. Default none. */
  canaries?: pulumi.Input<pulumi.Input<CanaryArgs>[] | undefined>;
}

/** A key that waits for its revocation. */
export type PendingRevocation = Pick<RetiredKey, "kid" | "retiredAt" | "revokeDueAt">;

/**
 * Rotates a tenant's signing keys, gives the new certificates to their consumers, and revokes the retired keys once
 * they are due, the consumers updated and the canaries passed: in this order, in one update.
 */
export class SigningKeyRollover extends pulumi.ComponentResource {
  /** The keys as consumers get them. */
  readonly keys: RolloverKeys;
  /** What a verifier with pinned certificates should hold, PEM. */
  readonly trustedCertificates: pulumi.Output<string[]>;
  /** The retired keys that are still to be revoked, with their due dates. */
  readonly pendingRevocations: pulumi.Output<PendingRevocation[]>;

  constructor(name: string, args: SigningKeyRolloverArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("auth0-signing-keys:index:SigningKeyRollover", name, {}, opts);
    const { consumers, canaries, revokePrevious, ...desired } = args;
    const { verifyTimeout, reason, tenant } = desired;
    const rotation = new SigningKeyRotation(
      name,
      { gracePeriod: "auto", ...withoutUndefined(desired) },
      // A rotation that was managed on its own before goes on as it is.
      { parent: this, aliases: [{ parent: opts.parent ?? pulumi.rootStackResource }] },
    );
    const { domain, jwksUri, currentKey, nextKey, previousKeys, trustedCertificates } = rotation;
    this.trustedCertificates = trustedCertificates;
    this.keys = { domain, jwksUri, currentKey, nextKey, previousKeys, trustedCertificates };
    const waitedFor = consumers === undefined ? [] : consumersOf(name, consumers, this.keys);
    const revocation = new SigningKeyRevocation(
      name,
      {
        retired: pulumi
          .all([rotation.retired, rotation.revocable])
          .apply(([retired, revocable]) => retired.filter((key) => revocable.includes(key.kid))),
        hold: pulumi.output(revokePrevious).apply((revokes) => revokes !== true),
        ...withoutUndefined({ canaries, verifyTimeout, reason, tenant }),
        ...{ consumers: waitedFor.map(settled) },
      },
      { parent: this, dependsOn: waitedFor.filter((consumer) => pulumi.CustomResource.isInstance(consumer)) },
    );
    this.pendingRevocations = pulumi
      .all([rotation.retired, revocation.keys])
      .apply(([retired, keys]) => pendingOf(retired, keys));
    // Not the certificates, which stand in state with the rotation.
    this.registerOutputs({ pendingRevocations: this.pendingRevocations });
  }
}

function consumersOf(
  name: string,
  make: NonNullable<SigningKeyRolloverArgs["consumers"]>,
  keys: RolloverKeys,
): Consumer[] {
  const made: unknown = make(keys);
  const list: unknown[] = Array.isArray(made) ? made : [made];
  const isConsumer = (one: unknown): one is Consumer =>
    pulumi.CustomResource.isInstance(one) || pulumi.Output.isInstance(one);
  const consumers = list.filter(isConsumer);
  if (list.length > 0 && consumers.length === list.length) return consumers;
  const wrong = list.find((one) => !isConsumer(one));
  const given =
    list.length === 0
      ? "an empty list"
      : pulumi.ComponentResource.isInstance(wrong)
        ? "a component"
        : String(wrong);
  throw new Error(
    `consumers of the SigningKeyRollover ${name} returned ${given}; return the leaf resources, or outputs of theirs, ` +
      "that must be updated before a key is revoked (of a component: the resources in it), or leave consumers out",
  );
}

/** Known once the consumer has been updated, and nothing more: neither its value nor that it may be secret. */
function settled(consumer: Consumer): pulumi.Output<boolean> {
  const output: pulumi.Output<unknown> = pulumi.CustomResource.isInstance(consumer) ? consumer.urn : consumer;
  return pulumi.unsecret(output.apply(() => true));
}

function pendingOf(
  retired: readonly RetiredKey[] | undefined,
  keys: readonly { kid: string; revokedAt?: string }[] | undefined,
): PendingRevocation[] {
  const revoked = new Set(keys?.flatMap((key) => (key.revokedAt === undefined ? [] : [key.kid])));
  return (retired ?? []).flatMap(({ kid, retiredAt, revokeDueAt, revokedAt }) =>
    revokedAt !== undefined || revoked.has(kid)
      ? []
      : [{ kid, retiredAt, ...(revokeDueAt !== undefined && { revokeDueAt }) }],
  );
}

/** Without what was left out, so that a default can stand before it. */
function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
