import { isDeepStrictEqual } from "node:util";
import type * as pulumi from "@pulumi/pulumi";
import { SigningKeyError } from "../errors";
import { jwksUri, type Tenant } from "../tenant/tenant";
import type { TokenLifetimes } from "../tenant/tokenLifetimes";
import {
  findFaults,
  isUnknown,
  readDesired,
  unknownProperties,
  withoutUnknowns,
  type DesiredRotation,
  type Fault,
  type PropertyBag,
} from "./inputs";
import { isGraceUnknown, withDueDates } from "./plan";
import { Reconciliation } from "./reconcile";
import { changed, Lifecycle } from "./lifecycle";
import { seenLifetimes } from "./gracePeriod";
import { PartialFailure } from "./partialFailure";
import {
  isDue,
  NOTHING_RECORDED,
  readOutputs,
  toOutputs,
  type ObservedInputs,
  type Recorded,
  type RotationOutputs,
} from "./state";
import { withoutTraces } from "./withoutTraces";
import { describeCreation, describeUpdate } from "./words";
import { assertBaselinesListed, assertIdOf, assertSameTenant } from "./wrongTenant";

/**
 * The rotation itself, which a `SigningKeyRotation` creates after its intent: it rotates, then revokes, as far as the
 * recorded intent and the tenant's key ring ask for.
 */
export class RotationLifecycle extends Lifecycle implements pulumi.dynamic.ResourceProvider {
  protected findFaults(olds: PropertyBag, news: PropertyBag): Fault[] {
    const faults = findFaults("rotation", olds, news, this.runtime.sources);
    // There is no diff before a creation, so this is where a preview can say what it means.
    if (
      faults.length === 0 &&
      olds["generation"] === undefined &&
      !isUnknown([news["generation"], news["tenant"]])
    ) {
      const desired = readDesired(withoutUnknowns(news));
      this.runtime.say(describeCreation(desired, this.domain(desired), !isUnknown(news["baselines"])));
    }
    return faults;
  }

  changedProperties(olds: PropertyBag, news: PropertyBag): string[] {
    if (isUnknown([news["generation"], news["tenant"]])) return unknownProperties(news);
    const recorded = readOutputs(olds);
    const desired = readDesired(withoutUnknowns(news));
    const domain = this.domain(desired);
    const now = this.runtime.clock.now();
    const words = describeUpdate(recorded, desired, domain, now, !isUnknown(news["baselines"]));
    if (words !== undefined) this.runtime.say(words);
    return [
      ...unknownProperties(news),
      ...changed({
        generation: desired.generation !== recorded.generation,
        pending: recorded.pending.length > 0,
        domain: domain !== recorded.domain,
        revokeNow: desired.revokeNow !== undefined && desired.revokeNow.kid !== recorded.revokeNow?.kid,
        revokePrevious: desired.revokePrevious !== recorded.revokePrevious,
        gracePeriod: desired.gracePeriod !== recorded.gracePeriod,
        reason: desired.reason !== recorded.reason,
        tenant: !this.runtime.secretInputs.isSameTenant(desired, recorded),
        retired: isRevocationDue(recorded, desired, now),
      }),
    ];
  }

  /** The keys stay as they are unless the generation rises; what becomes of retired ones, the update tells. */
  foreseenOutputs(olds: PropertyBag | undefined, news: PropertyBag): PropertyBag {
    if (isUnknown([news["generation"], news["tenant"]])) return {};
    const desired = readDesired(withoutUnknowns(news));
    const inputs = { ...observedInputs(desired, this.domain(desired)), generation: desired.generation };
    if (olds?.["generation"] !== desired.generation) return inputs;
    const { currentKey, nextKey, rotatedAt } = readOutputs(olds);
    return { ...inputs, currentKey, nextKey, rotatedAt };
  }

  async create(inputs: PropertyBag): Promise<pulumi.dynamic.CreateResult> {
    const desired = readDesired(this.revealed(inputs));
    const tenant = this.runtime.tenant(desired.tenant);
    const outs = await this.audited(tenant, desired, () =>
      this.reconcile(tenant.domain, tenant, NOTHING_RECORDED, desired, inputs),
    );
    return { id: tenant.domain, outs };
  }

  async update(id: string, olds: PropertyBag, news: PropertyBag): Promise<pulumi.dynamic.UpdateResult> {
    const desired = readDesired(this.revealed(news));
    const tenant = this.runtime.tenant(desired.tenant);
    const outs = await this.audited(tenant, desired, () =>
      this.reconcile(id, tenant, readOutputs(olds), desired, news),
    );
    return { outs };
  }

  /** Records the ring as it is. Writes nothing in Auth0 and never answers that the resource is gone. */
  read(id: string, properties: PropertyBag): Promise<pulumi.dynamic.ReadResult> {
    return withoutTraces(async () => {
      const desired = readDesired({ generation: 0, ...properties });
      const tenant = this.runtime.tenant(desired.tenant);
      const ring = await tenant.listKeys();
      const isRecorded = properties["currentKey"] !== undefined;
      const recorded = readOutputs(properties);
      if (isRecorded)
        assertSameTenant({ domain: recorded.domain, kids: recordedKids(recorded) }, tenant.domain, ring);
      else assertIdOf(id, tenant.domain);
      const revoked = new Map(
        ring.revoked.map((key) => [key.kid, key.revokedAt ?? ring.observedAt.toISOString()]),
      );
      const retired = recorded.retired.map((key) => {
        const revokedAt = key.revokedAt ?? revoked.get(key.kid);
        return revokedAt === undefined ? key : { ...key, revokedAt };
      });
      const seen =
        desired.gracePeriod === "auto"
          ? await this.lifetimesUnless(tenant, ({ code }) => code === "insufficient_scope")
          : undefined;
      const observed = toOutputs(
        {
          ...recorded,
          generation: desired.generation,
          retired,
          ...(seen && { tokenLifetimes: seenLifetimes(recorded.tokenLifetimes, ring.current.kid, seen) }),
        },
        ring,
        observedInputs(desired, tenant.domain),
      );
      // A refresh that finds everything as recorded is no change, whatever the time.
      const isUnchanged = isRecorded && sameButTime(observed, recorded);
      return { id, props: { ...observed, ...(isUnchanged && { observedAt: recorded.observedAt }) } };
    });
  }

  /** Writes nothing in Auth0: a key can't be un-rotated. */
  delete(_id: string, properties: PropertyBag): Promise<void> {
    return withoutTraces(() => {
      const { domain } = readOutputs(properties);
      this.runtime.say(
        `${domain}: the rotation is no longer managed here; the tenant's keys stay as they are, none is revoked`,
      );
    });
  }

  /**
   * What is on record stands until the next update, which asks again, where a failure is no reason to stop: for want of
   * a scope in a refresh, for any in an emergency.
   */
  private async lifetimesUnless(
    tenant: Tenant,
    isNoReason: (error: SigningKeyError) => boolean,
  ): Promise<TokenLifetimes | undefined> {
    try {
      return await tenant.tokenLifetimes();
    } catch (error) {
      if (!(error instanceof SigningKeyError && isNoReason(error))) throw error;
      this.runtime.say(error.message, "warning");
      return undefined;
    }
  }

  private domain(desired: DesiredRotation): string {
    return this.runtime.credentials(desired.tenant).domain;
  }

  private async reconcile(
    id: string,
    tenant: Tenant,
    recorded: Recorded | RotationOutputs,
    desired: DesiredRotation,
    inputs: PropertyBag,
  ): Promise<RotationOutputs> {
    const ring = await tenant.listKeys();
    if ("domain" in recorded)
      assertSameTenant({ domain: recorded.domain, kids: recordedKids(recorded) }, tenant.domain, ring);
    assertBaselinesListed(desired, recorded.generation, tenant.domain, ring);
    const { generation, retired, pending, revokeNow, rotatedAt } = recorded;
    const isAuto = desired.gracePeriod === "auto";
    const isEmergency = desired.revokeNow !== undefined && desired.revokeNow.kid !== revokeNow?.kid;
    const seen = isAuto ? await this.lifetimesUnless(tenant, () => isEmergency) : undefined;
    // Of the key that is retired here, perhaps; so what is seen now counts for it as well.
    const tokenLifetimes =
      seen === undefined
        ? recorded.tokenLifetimes
        : seenLifetimes(recorded.tokenLifetimes, recorded.tokenLifetimes?.kid ?? ring.current.kid, seen);
    const reconciliation = new Reconciliation(tenant, this.runtime, desired, ring, {
      generation,
      retired,
      pending,
      ...(revokeNow && { revokeNow }),
      ...(rotatedAt !== undefined && { rotatedAt }),
      ...(isAuto && tokenLifetimes && { tokenLifetimes }),
    });
    const observed = (): RotationOutputs => {
      const { recorded, ring } = reconciliation;
      const { tokenLifetimes } = recorded;
      return toOutputs(
        {
          ...recorded,
          ...(seen && { tokenLifetimes: seenLifetimes(tokenLifetimes, ring.current.kid, seen) }),
        },
        ring,
        observedInputs(desired, tenant.domain),
      );
    };
    try {
      await reconciliation.run();
    } catch (error) {
      if (!(error instanceof Error) || !reconciliation.worthRecording) throw error;
      throw new PartialFailure(error, id, { ...observed(), __provider: inputs["__provider"] });
    }
    const outputs = observed();
    if (outputs.foreign.length > 0) {
      this.runtime.say(
        `${tenant.domain}: ${outputs.foreign.join(", ")} ${outputs.foreign.length === 1 ? "was" : "were"} retired by somebody else and will not be revoked by revokePrevious; name a kid in revokeNow to revoke it`,
        "warning",
      );
    }
    return outputs;
  }
}

function sameButTime(one: RotationOutputs, other: RotationOutputs): boolean {
  const comparable = (outputs: RotationOutputs): unknown =>
    Object.fromEntries(
      Object.entries(outputs).filter(([name]) => name !== "observedAt" && name !== "__provider"),
    );
  return isDeepStrictEqual(comparable(one), comparable(other));
}

function recordedKids(recorded: RotationOutputs): string[] {
  const { currentKey, nextKey, previousKeys, retired } = recorded;
  return [currentKey, ...(nextKey ? [nextKey] : []), ...previousKeys, ...retired].map((key) => key.kid);
}

/** Whether a key has come due since: it is to be revoked, or at least to leave the certificates to trust. */
function isRevocationDue(recorded: RotationOutputs, desired: DesiredRotation, now: Date): boolean {
  const revocable = new Set(recorded.revocable);
  return withDueDates(recorded, desired).some((key) => {
    if (key.revokedAt !== undefined || isGraceUnknown(key, desired)) return false;
    return desired.revokePrevious
      ? revocable.has(key.kid) || isDue(key, now, true)
      : !revocable.has(key.kid) && isDue(key, now, false);
  });
}

function observedInputs(desired: DesiredRotation, domain: string): ObservedInputs {
  return {
    domain,
    jwksUri: jwksUri(domain),
    revokePrevious: desired.revokePrevious,
    ...(desired.gracePeriod !== undefined && { gracePeriod: desired.gracePeriod }),
    ...(desired.reason !== undefined && { reason: desired.reason }),
    ...(desired.tenant && { tenant: desired.tenant }),
  };
}
