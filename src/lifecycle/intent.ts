import type * as pulumi from "@pulumi/pulumi";
import { SigningKeyError } from "../errors";
import { findKey, type KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import {
  cannotBeUndone,
  findFaults,
  isUnknown,
  raisedFrom,
  readDesired,
  unknownProperties,
  withoutUnknowns,
  type DesiredRotation,
  type Fault,
  type PropertyBag,
} from "./inputs";
import { deriveGrace, type GracePeriod } from "./gracePeriod";
import { budgetWarning, findRefusals, type Asked } from "./refusals";
import { changed, Lifecycle } from "./lifecycle";
import { settle } from "./settle";
import { baselineId, type Baseline, type RevokeNow } from "./state";
import { withoutTraces } from "./withoutTraces";
import { assertIdOf, assertSameTenant } from "./wrongTenant";

/** What the intent records: which raises are meant, and from which key. */
interface IntentOutputs {
  /** The generation that is meant. */
  generation: number;
  /** The raises whose rotations are meant. */
  baselines: Baseline[];
  /** The last `revokeNow` that was let through. */
  revokeNow?: RevokeNow;
  /** The grace period when it was last let through. */
  gracePeriod?: GracePeriod;
  /** The tenant's domain. */
  domain: string;
  /** The ids of the current and next key when it was last recorded, to tell this tenant from another. */
  kids: string[];
}

/**
 * The write-ahead record of a rotation. It makes every refusal before it records a raise, and the engine stores the
 * record before the rotation starts, so that a rotation that is killed and run again is known to have happened.
 */
export class IntentLifecycle extends Lifecycle implements pulumi.dynamic.ResourceProvider {
  protected findFaults(olds: PropertyBag, news: PropertyBag): Fault[] {
    return findFaults("intent", olds, news, this.runtime.sources);
  }

  /** Adds what a policy needs and can't see: from which generation this raises. */
  override async check(olds: PropertyBag, news: PropertyBag): Promise<pulumi.dynamic.CheckResult> {
    const result = await super.check(olds, news);
    const from = raisedFrom(olds, news);
    if (from === undefined) return result;
    return { ...result, inputs: { ...(result.inputs as PropertyBag), raisedFrom: from } };
  }

  changedProperties(olds: PropertyBag, news: PropertyBag): string[] {
    const unknown = unknownProperties(news);
    if (isUnknown([news["generation"], news["tenant"]])) return unknown;
    const recorded = olds as unknown as IntentOutputs;
    const desired = readDesired(withoutUnknowns(news));
    const { domain } = this.runtime.credentials(desired.tenant);
    return [
      ...unknown,
      ...changed({
        generation: desired.generation !== recorded.generation,
        revokeNow: !isUnknown(news["revokeNow"]) && desired.revokeNow?.kid !== recorded.revokeNow?.kid,
        // Its scopes are asked for before the rotation needs them.
        gracePeriod: desired.gracePeriod === "auto" && recorded.gracePeriod !== "auto",
        domain: domain !== recorded.domain,
      }),
    ];
  }

  async create(inputs: PropertyBag): Promise<pulumi.dynamic.CreateResult> {
    const desired = readDesired(this.revealed(inputs));
    const tenant = this.runtime.tenant(desired.tenant);
    const outs = await this.audited(tenant, desired, () => this.begin(tenant, desired));
    return { id: tenant.domain, outs };
  }

  async update(_id: string, olds: PropertyBag, news: PropertyBag): Promise<pulumi.dynamic.UpdateResult> {
    const desired = readDesired(this.revealed(news));
    const tenant = this.runtime.tenant(desired.tenant);
    const recorded = olds as unknown as IntentOutputs;
    const outs = await this.audited(tenant, desired, () => this.goOn(tenant, recorded, desired));
    return { outs };
  }

  /** A raise is foreseen, but not from which key: the tenant alone knows which is current. */
  foreseenOutputs(olds: PropertyBag | undefined, news: PropertyBag): PropertyBag {
    if (isUnknown([news["generation"], news["tenant"]])) return {};
    const desired = readDesired(withoutUnknowns(news));
    return {
      ...echoed(desired, this.runtime.credentials(desired.tenant).domain),
      ...(olds === undefined
        ? isTakenAsCarriedOut(desired) && { baselines: [] }
        : desired.generation === olds["generation"] && { baselines: olds["baselines"] }),
    };
  }

  /** A refresh never moves a baseline; an import, of which nothing is recorded, begins without any. */
  read(id: string, properties: PropertyBag): Promise<pulumi.dynamic.ReadResult> {
    return withoutTraces(async () => {
      if (properties["baselines"] !== undefined) return { id, props: { ...properties } };
      const desired = readDesired(properties);
      const tenant = this.runtime.tenant(desired.tenant);
      assertIdOf(id, tenant.domain);
      return { id, props: outputs(desired, tenant, await tenant.listKeys(), []) };
    });
  }

  private async begin(tenant: Tenant, desired: DesiredRotation): Promise<IntentOutputs> {
    const ring = await tenant.listKeys();
    const rotates =
      desired.generation === 1 || (desired.generation > 1 && desired.expectedCurrentKid === ring.current.kid);
    await this.refuse(tenant, ring, desired, { raises: rotates, retires: rotates });
    const baselines = rotates ? [await this.recordRaise(tenant, ring, 0, desired, [])] : [];
    return outputs(desired, tenant, ring, baselines);
  }

  private async goOn(
    tenant: Tenant,
    recorded: IntentOutputs,
    desired: DesiredRotation,
  ): Promise<IntentOutputs> {
    let ring = await tenant.listKeys();
    const recordedKids = [...recorded.kids, ...recorded.baselines.map((baseline) => baseline.kid)];
    assertSameTenant({ domain: recorded.domain, kids: recordedKids }, tenant.domain, ring);
    const changes = desired.generation !== recorded.generation;
    if (changes && this.isOpen(recorded.baselines.at(-1), tenant, ring)) {
      ring = await settle(
        tenant,
        ring,
        this.runtime,
        `rotation ${recorded.generation} was recorded and may be in flight`,
      );
      // Nobody's rotation is in flight any more, so the rotation that follows need not wait for it again.
      for (const baseline of recorded.baselines)
        this.runtime.recordedHere.add(baselineId(tenant.domain, baseline));
    }
    const raises = desired.generation > recorded.generation;
    // A raise that was recorded before and not carried out still retires the current key in this update.
    const open = recorded.baselines.at(-1)?.kid === ring.current.kid;
    await this.refuse(tenant, ring, desired, { raises, retires: raises || open }, recorded);
    let baselines = recorded.baselines;
    if (raises) {
      baselines = [
        ...prune(baselines, ring),
        await this.recordRaise(tenant, ring, recorded.generation, desired, baselines),
      ];
    } else if (changes) {
      baselines = this.takeBack(recorded, desired.generation, tenant, ring);
    }
    return outputs(desired, tenant, ring, baselines);
  }

  private async recordRaise(
    tenant: Tenant,
    ring: KeyRing,
    from: number,
    desired: DesiredRotation,
    own: readonly Baseline[],
  ): Promise<Baseline> {
    const { generation, gracePeriod, jwksCacheAllowance } = desired;
    const { kid } = ring.current;
    const derivedFrom =
      gracePeriod === "auto" && needsDueDate(ring, desired)
        ? deriveGrace(await tenant.tokenLifetimes(), jwksCacheAllowance)
        : undefined;
    if (!own.some((baseline) => baseline.kid === kid)) this.runtime.claimRaise(tenant.domain, kid);
    const at = ring.observedAt.toISOString();
    const grace = gracePeriod === undefined ? {} : { gracePeriod, ...(derivedFrom && { derivedFrom }) };
    const baseline = { generation, from, kid, at, ...grace };
    this.runtime.recordedHere.add(baselineId(tenant.domain, baseline));
    return baseline;
  }

  /** Whether the raise may not have been carried out yet, by another process that may still be at it. */
  private isOpen(baseline: Baseline | undefined, tenant: Tenant, ring: KeyRing): boolean {
    if (baseline?.kid !== ring.current.kid) return false;
    return !this.runtime.recordedHere.has(baselineId(tenant.domain, baseline));
  }

  /** Lowers the generation as far as nothing has been carried out. */
  private takeBack(recorded: IntentOutputs, generation: number, tenant: Tenant, ring: KeyRing): Baseline[] {
    const kept = recorded.baselines.filter((baseline) => baseline.generation <= generation);
    const undone = recorded.baselines.filter((baseline) => baseline.generation > generation);
    const [first] = undone;
    if (
      first === undefined ||
      first.from > generation ||
      undone.some((baseline) => baseline.kid !== ring.current.kid)
    ) {
      throw new SigningKeyError("generation_lowered", {
        attempt: `lowering the generation of ${tenant.domain}`,
        observation: cannotBeUndone(recorded.generation, generation),
        remedy: "nothing was changed",
      });
    }
    this.runtime.releaseRaise(ring.current.kid);
    this.runtime.say(
      `${tenant.domain}: the raise to ${recorded.generation} was not carried out and is taken back`,
    );
    return generation > first.from ? [...kept, { ...first, generation }] : kept;
  }

  /** Every refusal there is, all at once, before anything is recorded. */
  private async refuse(
    tenant: Tenant,
    ring: KeyRing,
    desired: DesiredRotation,
    { raises, retires }: Pick<Asked, "raises" | "retires">,
    accepted?: Pick<IntentOutputs, "revokeNow" | "gracePeriod">,
  ): Promise<void> {
    const revokes = desired.revokeNow?.kid === accepted?.revokeNow?.kid ? undefined : desired.revokeNow?.kid;
    const derives =
      desired.gracePeriod === "auto" &&
      needsDueDate(ring, desired) &&
      (raises || accepted?.gracePeriod !== "auto");
    if (!raises && !derives && revokes === undefined) return;
    if (raises) this.runtime.assertCheckpoints();
    const { domain, usesStaticToken } = tenant;
    const token = await tenant.accessToken();
    const asked: Asked = {
      domain,
      ring,
      desired,
      raises,
      retires,
      derives,
      token,
      usesStaticToken,
      ...(revokes !== undefined && { revokes }),
    };
    const refusal = SigningKeyError.all(findRefusals(asked));
    if (refusal) throw refusal;
    const warning = raises ? budgetWarning(asked) : undefined;
    if (warning !== undefined) this.runtime.say(warning, "warning");
  }
}

/** Whether a creation rotates nothing, whatever the ring. */
function isTakenAsCarriedOut({ generation, expectedCurrentKid }: DesiredRotation): boolean {
  return generation === 0 || (generation > 1 && expectedCurrentKid === undefined);
}

/** A current key that is named to be revoked at once waits for nothing, so its due date is no reason to fail. */
function needsDueDate({ current }: KeyRing, { revokeNow }: DesiredRotation): boolean {
  return revokeNow?.kid !== current.kid;
}

/** Baselines of keys that are revoked or gone have nothing left to say. */
function prune(baselines: readonly Baseline[], ring: KeyRing): Baseline[] {
  return baselines.filter(({ kid }) => {
    const state = findKey(ring, kid)?.state;
    return state !== undefined && state !== "revoked";
  });
}

function outputs(
  desired: DesiredRotation,
  tenant: Tenant,
  ring: KeyRing,
  baselines: Baseline[],
): IntentOutputs {
  return {
    ...echoed(desired, tenant.domain),
    baselines,
    kids: [ring.current.kid, ...(ring.next ? [ring.next.kid] : [])],
  };
}

/** The outputs that the inputs alone decide. */
function echoed(
  { generation, revokeNow, gracePeriod }: DesiredRotation,
  domain: string,
): Omit<IntentOutputs, "baselines" | "kids"> {
  return {
    generation,
    ...(revokeNow && { revokeNow }),
    ...(gracePeriod !== undefined && { gracePeriod }),
    domain,
  };
}
