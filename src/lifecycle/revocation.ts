import type * as pulumi from "@pulumi/pulumi";
import { SigningKeyError } from "../errors";
import type { TenantFields } from "../tenant/credentials";
import { findKey, type KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import { passCanaries } from "./canaries";
import { DEFAULT_JWKS_CACHE_ALLOWANCE } from "./gracePeriod";
import {
  DEFAULT_MIN_KEY_AGE,
  isUnknown,
  unknownProperties,
  withoutUnknowns,
  type DesiredRotation,
  type Fault,
  type PropertyBag,
} from "./inputs";
import { changed, Lifecycle } from "./lifecycle";
import { PartialFailure } from "./partialFailure";
import { withDueDates } from "./plan";
import { Reconciliation } from "./reconcile";
import { findRevocationFaults, readRevocation, type DesiredRevocation } from "./revocationInputs";
import {
  forgetLongRevoked,
  isDue,
  revocableKids,
  type PendingStep,
  type Recorded,
  type RetiredKey,
} from "./state";
import { withoutTraces } from "./withoutTraces";
import { timeLeft } from "./words";
import { assertSameTenant } from "./wrongTenant";

/** A key that is to be revoked, or has been. */
export type ListedForRevocation = Omit<RetiredKey, "generation" | "derivedFrom">;

/** The outputs of a revocation, which are all that the next update has to go by. */
export interface RevocationOutputs {
  domain: string;
  keys: ListedForRevocation[];
  /** The kids that are due for revocation now. */
  revocable: string[];
  pending: PendingStep[];
  hold: boolean;
  gracePeriod?: string;
  reason?: string;
  /** Credentials given as inputs, which the engine stores encrypted. */
  tenant?: Partial<TenantFields>;
}

/** Revokes exactly the keys that it is given, each once it is due, and none that is current or next. */
export class RevocationLifecycle extends Lifecycle implements pulumi.dynamic.ResourceProvider {
  protected findFaults(olds: PropertyBag, news: PropertyBag): Fault[] {
    const faults = findRevocationFaults(news, this.runtime.sources);
    if (faults.length > 0 || isUnknown([news["tenant"], news["canaries"]])) return faults;
    const { tenant, canaries } = readRevocation({ ...news, retired: [] });
    const { kind, domain, audience } = this.runtime.credentials(tenant);
    const refuse = (reason: string): Fault[] => [{ property: "canaries", reason }];
    if (kind === "apiToken" && canaries.length > 0) {
      return refuse(
        "a canary needs a token of its own, which an apiToken can't ask for: give clientId and clientSecret",
      );
    }
    if (canaries.some((canary) => canary.audience === audience)) {
      return refuse(
        "a canary's audience is the Management API, whose tokens go to Auth0 alone: name an API of your own",
      );
    }
    if (olds["retired"] === undefined && !isUnknown(news["retired"]))
      this.say(domain, undefined, readRevocation(news));
    return [];
  }

  changedProperties(olds: PropertyBag, news: PropertyBag): string[] {
    const given = withoutConsumers(news);
    const unknown = unknownProperties(given);
    if (unknown.length > 0) return unknown;
    const recorded = olds as unknown as RevocationOutputs;
    const desired = readRevocation(given);
    const { domain } = this.runtime.credentials(desired.tenant);
    this.say(domain, recorded, desired);
    return changed({
      pending: recorded.pending.length > 0,
      domain: domain !== recorded.domain,
      hold: desired.hold !== recorded.hold,
      gracePeriod: desired.gracePeriod !== recorded.gracePeriod,
      reason: desired.reason !== recorded.reason,
      tenant: !this.runtime.secretInputs.isSameTenant(desired, recorded),
      retired: listChanges(recorded, desired),
      keys: !desired.hold && this.dueKeys(recorded, desired).length > 0,
    });
  }

  foreseenOutputs(_olds: PropertyBag | undefined, news: PropertyBag): PropertyBag {
    const given = withoutConsumers(news);
    if (isUnknown(given["tenant"])) return {};
    const desired = readRevocation({ ...withoutUnknowns(given), retired: [] });
    return echoed(desired, this.runtime.credentials(desired.tenant).domain);
  }

  async create(inputs: PropertyBag): Promise<pulumi.dynamic.CreateResult> {
    const desired = readRevocation(this.revealed(inputs));
    const tenant = this.runtime.tenant(desired.tenant);
    const outs = await this.audited(tenant, desired, () =>
      this.reconcile(tenant.domain, tenant, undefined, desired, inputs),
    );
    return { id: tenant.domain, outs };
  }

  async update(id: string, olds: PropertyBag, news: PropertyBag): Promise<pulumi.dynamic.UpdateResult> {
    const desired = readRevocation(this.revealed(news));
    const tenant = this.runtime.tenant(desired.tenant);
    const recorded = olds as unknown as RevocationOutputs;
    const outs = await this.audited(tenant, desired, () =>
      this.reconcile(id, tenant, recorded, desired, news),
    );
    return { outs };
  }

  /** Records which of the keys are revoked by now. Writes nothing in Auth0. */
  read(id: string, properties: PropertyBag): Promise<pulumi.dynamic.ReadResult> {
    return withoutTraces(async () => {
      if (properties["keys"] === undefined) throw nothingToImport(id);
      const recorded = properties as unknown as RevocationOutputs;
      const desired = readRevocation({ ...properties, retired: [] });
      const tenant = this.runtime.tenant(desired.tenant);
      const ring = await tenant.listKeys();
      assertSameTenant({ domain: recorded.domain, kids: kidsToFind(recorded) }, tenant.domain, ring);
      const keys = recorded.keys.map((key) => {
        const found = findKey(ring, key.kid);
        if (key.revokedAt !== undefined || (found !== undefined && found.state !== "revoked")) return key;
        return { ...key, revokedAt: found?.revokedAt ?? ring.observedAt.toISOString() };
      });
      return {
        id,
        props: { ...properties, ...toKeys(recordedAs(keys, recorded.pending), ring, desired.hold) },
      };
    });
  }

  /** Writes nothing in Auth0: what is revoked stays so, and what isn't stays valid. */
  delete(_id: string, properties: PropertyBag): Promise<void> {
    return withoutTraces(() => {
      const { domain } = properties as unknown as RevocationOutputs;
      this.runtime.say(
        `${domain}: revocations are no longer managed here; the tenant's keys stay as they are`,
      );
    });
  }

  private async reconcile(
    id: string,
    tenant: Tenant,
    recorded: RevocationOutputs | undefined,
    desired: DesiredRevocation,
    inputs: PropertyBag,
  ): Promise<RevocationOutputs> {
    const ring = await tenant.listKeys();
    this.runtime.noteRetired(desired.retired, ring.observedAt);
    if (recorded)
      assertSameTenant({ domain: recorded.domain, kids: kidsToFind(recorded) }, tenant.domain, ring);
    const keys = keysToRevoke(recorded, desired, ring);
    const refusal = SigningKeyError.all(this.refusals(tenant, keys, recorded, desired, ring));
    if (refusal) throw refusal;
    const reconciliation = new Reconciliation(
      tenant,
      this.runtime,
      asRotation(desired),
      ring,
      recordedAs(keys, recorded?.pending ?? []),
      ({ current }) => passCanaries(desired.canaries, current.kid, tenant, this.runtime),
      this.runtime.retiredHere,
    );
    const observed = (): RevocationOutputs => ({
      ...echoed(desired, tenant.domain),
      ...toKeys(reconciliation.recorded, reconciliation.ring, desired.hold),
    });
    try {
      await reconciliation.run();
    } catch (error) {
      if (!(error instanceof Error) || !reconciliation.worthRecording) throw error;
      throw new PartialFailure(error, id, { ...observed(), __provider: inputs["__provider"] });
    }
    return observed();
  }

  /** Every reason not to touch a key of the list, before any is. */
  private refusals(
    { domain }: Tenant,
    keys: readonly ListedForRevocation[],
    recorded: RevocationOutputs | undefined,
    { gracePeriod, hold, retired }: DesiredRevocation,
    ring: KeyRing,
  ): SigningKeyError[] {
    // Of a rotation's own entries: a kid that is written out is named on purpose.
    const entries = new Set(retired.flatMap((key) => (key.retiredAt === undefined ? [] : [key.kid])));
    const known = new Set(recorded?.keys.map((key) => key.kid));
    return keys.flatMap(({ kid, revokeDueAt, revokedAt }) => {
      if (revokedAt !== undefined) return [];
      const attempt = `revoking key ${kid} of ${domain}`;
      const state = findKey(ring, kid)?.state;
      if (state === "current" || state === "next") {
        const remedy = "nothing was revoked; take it off the list, for only a previous key can be revoked";
        return [
          new SigningKeyError("not_revocable", { attempt, observation: `it is the ${state} key`, remedy }),
        ];
      }
      // A key that was listed by Auth0 before and isn't any more has been revoked since.
      if (state === undefined && !known.has(kid)) {
        const observation = "the tenant lists no such key";
        const remedy = "nothing was revoked; correct the kid, or take it off the list";
        return [new SigningKeyError("not_revocable", { attempt, observation, remedy })];
      }
      // What is on hold may get its due date until that is lifted.
      if (hold || revokeDueAt !== undefined || gracePeriod !== undefined) return [];
      const isRetiredHere = this.runtime.retiredHere.has(kid);
      if (!entries.has(kid) && !isRetiredHere) return [];
      return [
        new SigningKeyError("no_grace_period", {
          attempt,
          observation: `it has ${isRetiredHere ? "been retired in this very update and has " : ""}no due date`,
          remedy:
            "nothing was revoked; set gracePeriod on the rotation or here, or name the key in the rotation's revokeNow",
        }),
      ];
    });
  }

  private dueKeys(recorded: RevocationOutputs, desired: DesiredRevocation): ListedForRevocation[] {
    const revocable = new Set(recorded.revocable);
    return withDueDates(recordedAs(recorded.keys, []), asRotation(desired)).filter(
      (key) =>
        key.revokedAt === undefined && (revocable.has(key.kid) || isDue(key, this.runtime.clock.now(), true)),
    );
  }

  /** Says in words what an update would do, from what is recorded and listed alone. */
  private say(domain: string, recorded: RevocationOutputs | undefined, desired: DesiredRevocation): void {
    const now = this.runtime.clock.now();
    const known = new Map(recorded?.keys.map((key) => [key.kid, key]));
    // By the tenant's clock, when it was last looked at; this machine's may be behind.
    const revocable = new Set(recorded?.revocable);
    const parts = desired.retired.flatMap((entry) => {
      const key = { ...known.get(entry.kid), ...entry };
      if (key.revokedAt !== undefined) return [];
      const dated = { generation: 0, retiredAt: now.toISOString(), ...key };
      const [{ revokeDueAt } = dated] = withDueDates({ retired: [dated] }, asRotation(desired));
      if (desired.hold) return [`hold ${key.kid}`];
      if (entry.retiredAt !== undefined && revokeDueAt === undefined)
        return [`refuse ${key.kid}, which has no due date: set gracePeriod`];
      return revokeDueAt === undefined || revocable.has(key.kid) || Date.parse(revokeDueAt) <= now.getTime()
        ? [`revoke ${key.kid}`]
        : [`revoke ${key.kid} not before ${timeLeft(revokeDueAt, now)}`];
    });
    if (parts.length > 0) this.runtime.say(`${domain}: ${parts.join("; ")}`);
  }
}

function nothingToImport(id: string): SigningKeyError {
  return new SigningKeyError("invalid_input", {
    attempt: `importing revocations of ${id}`,
    observation: "a key that is revoked is done with, so there is nothing to import",
    remedy: "create the resource with the list of keys that are to be revoked",
  });
}

/** Which outputs of consumers it waits for is not part of what is desired. */
function withoutConsumers(inputs: PropertyBag): PropertyBag {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "consumers"));
}

/** The outputs that the inputs alone decide. */
function echoed(
  { hold, gracePeriod, reason, tenant }: DesiredRevocation,
  domain: string,
): Omit<RevocationOutputs, "keys" | "revocable" | "pending"> {
  return {
    domain,
    hold,
    ...(gracePeriod !== undefined && { gracePeriod }),
    ...(reason !== undefined && { reason }),
    ...(tenant && { tenant }),
  };
}

/** Whether a key has come onto the list, or gone off it before it was revoked. */
function listChanges(recorded: RevocationOutputs, { retired }: DesiredRevocation): boolean {
  const known = new Map(recorded.keys.map((key) => [key.kid, key]));
  const listed = new Set(retired.map((key) => key.kid));
  const fresh = retired.some(({ kid, revokedAt, revokeDueAt }) => {
    const key = known.get(kid);
    if (key === undefined) return revokedAt === undefined;
    return key.revokedAt === undefined && revokeDueAt !== undefined && revokeDueAt !== key.revokeDueAt;
  });
  return fresh || recorded.keys.some((key) => key.revokedAt === undefined && !listed.has(key.kid));
}

/** The keys of the list, all of them, with what is known of them; before them the latest revoked ones that have gone off it. */
function keysToRevoke(
  recorded: RevocationOutputs | undefined,
  { retired }: DesiredRevocation,
  ring: KeyRing,
): ListedForRevocation[] {
  const known = new Map(recorded?.keys.map((key) => [key.kid, key]));
  const listed = retired.map((key): ListedForRevocation => {
    const retiredAt = findKey(ring, key.kid)?.until ?? ring.observedAt.toISOString();
    return { retiredAt, ...known.get(key.kid), ...key };
  });
  const kids = new Set(listed.map((key) => key.kid));
  const revoked = recorded?.keys.filter((key) => key.revokedAt !== undefined && !kids.has(key.kid)) ?? [];
  return [...forgetLongRevoked(revoked), ...listed];
}

/** A revocation is the second half of a rotation: generation 0, whose retired keys are the list. */
function recordedAs(keys: readonly ListedForRevocation[], pending: PendingStep[]): Recorded {
  return { generation: 0, retired: keys.map((key) => ({ generation: 0, ...key })), pending };
}

function asRotation({ hold, gracePeriod, verifyTimeout, reason }: DesiredRevocation): DesiredRotation {
  return {
    generation: 0,
    revokePrevious: !hold,
    ...(gracePeriod !== undefined && { gracePeriod }),
    ...(reason !== undefined && { reason }),
    verifyTimeout,
    jwksCacheAllowance: DEFAULT_JWKS_CACHE_ALLOWANCE,
    minKeyAge: DEFAULT_MIN_KEY_AGE,
    baselines: [],
  };
}

function toKeys(
  recorded: Recorded,
  ring: KeyRing,
  hold: boolean,
): Pick<RevocationOutputs, "keys" | "revocable" | "pending"> {
  const keys = recorded.retired.map(({ kid, retiredAt, revokeDueAt, revokedAt }) => ({
    kid,
    retiredAt,
    ...(revokeDueAt !== undefined && { revokeDueAt }),
    ...(revokedAt !== undefined && { revokedAt }),
  }));
  return { keys, revocable: revocableKids(recorded, ring, !hold), pending: recorded.pending };
}

/** The keys that tell this tenant from another; a revoked one may have dropped off its list, and is done with. */
function kidsToFind({ keys }: RevocationOutputs): string[] {
  const valid = keys.filter((key) => key.revokedAt === undefined);
  return valid.map((key) => key.kid);
}
