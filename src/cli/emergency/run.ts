import { SigningKeyError } from "../../errors";
import { Reconciliation } from "../../lifecycle/reconcile";
import { baselineId } from "../../lifecycle/state";
import { findKey, type KeyRing } from "../../tenant/keyRing";
import type { Tenant } from "../../tenant/tenant";
import type { CompromisedKey } from "./compromised";
import type { Interruption, InterruptibleRuntime } from "./interruption";
import { keyRefusals, passOf } from "./pass";
import type { Receipt } from "./receipt";
import type { EmergencyRequest } from "./request";

/** Carries out pass after pass, and keeps the receipt. */
export class EmergencyRun {
  constructor(
    private readonly request: EmergencyRequest,
    private readonly tenant: Tenant,
    private readonly runtime: InterruptibleRuntime,
    private readonly interruption: Interruption,
    public receipt: Receipt,
    private readonly save: (receipt: Receipt) => void,
  ) {}

  async carryOut(keys: readonly CompromisedKey[], ring: KeyRing, isFirst: boolean): Promise<void> {
    let latest = ring;
    for (const key of keys) latest = await this.beRidOf(key, latest, isFirst);
    // The tenant's time of day comes in whole seconds.
    const finishedAt = this.receipt.keys.reduce(
      (last, { revokedAt = last }) => (revokedAt > last ? revokedAt : last),
      latest.observedAt.toISOString(),
    );
    this.note({ finishedAt }, latest);
  }

  private async beRidOf(key: CompromisedKey, listed: KeyRing, isFirst: boolean): Promise<KeyRing> {
    const { kid } = key;
    const wasNext = key.state === "next";
    const ring = wasNext ? await this.listSuccessor(kid) : listed;
    const { desired, recorded } = passOf(key, this.request, ring);
    if (isFirst)
      for (const baseline of desired.baselines)
        this.runtime.recordedHere.add(baselineId(this.tenant.domain, baseline));
    const reconciliation = new Reconciliation(this.tenant, this.runtime, desired, ring, recorded);
    let goesOn = true;
    while (goesOn) {
      this.interruption.assertGoesOn();
      try {
        goesOn = await reconciliation.advance();
      } finally {
        this.noteKey(kid, reconciliation);
      }
    }
    if (findKey(reconciliation.ring, kid)?.state === "previous") {
      throw this.somebodyElse(
        `two rotations crossed, and the current key is ${reconciliation.ring.current.kid}`,
        `${kid} is rotated out, but not revoked`,
      );
    }
    return reconciliation.ring;
  }

  /** The ring after the first key's rotation, which must have made this one current. */
  private async listSuccessor(kid: string): Promise<KeyRing> {
    const ring = await this.tenant.listKeys();
    if (ring.current.kid !== kid) {
      throw this.somebodyElse(
        `the current key is ${ring.current.kid}, and not ${kid}, which was next`,
        `${kid} is not revoked`,
      );
    }
    const refusals = await keyRefusals({ kid, state: "current" }, this.tenant, ring, this.request);
    const refusal = SigningKeyError.all(refusals);
    if (refusal) throw refusal;
    return ring;
  }

  private noteKey(kid: string, { recorded, ring }: Reconciliation): void {
    const retired = recorded.retired.find((key) => key.kid === kid);
    const keys = this.receipt.keys.map((key) => {
      if (key.kid !== kid) return key;
      const { rotatedAt = retired?.retiredAt, revokedAt = retired?.revokedAt } = key;
      return {
        kid,
        ...(rotatedAt !== undefined && { rotatedAt }),
        ...(revokedAt !== undefined && { revokedAt }),
      };
    });
    this.note({ keys }, ring);
  }

  private note(change: Partial<Receipt>, { current, next }: KeyRing): void {
    const inUse = { currentKid: current.kid, ...(next && { nextKid: next.kid }) };
    this.receipt = { ...this.receipt, ...change, ...inUse };
    this.save(this.receipt);
  }

  private somebodyElse(observation: string, left: string): SigningKeyError {
    return new SigningKeyError("current_kid_mismatch", {
      attempt: `emergency on ${this.tenant.domain}`,
      observation: `somebody else has rotated: ${observation}`,
      remedy: `${left}; see who else rotates, then run the same command again: it goes on with exactly the keys that were meant`,
    });
  }
}
