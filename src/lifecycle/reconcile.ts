import { SigningKeyError } from "../errors";
import { findKey, type KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import type { DesiredRotation } from "./inputs";
import { ObservedRing } from "./observedRing";
import { plan, retire, withDueDates, type Step } from "./plan";
import { tokenWouldEnd } from "./refusals";
import type { MessageKind, Runtime } from "./runtime";
import { withoutPending, withPending, withRetired, withRevoked } from "./record";
import { baselineId, type PendingStep, type Recorded, type RetiredKey } from "./state";
import { writeOnce, type Write } from "./write";

/** Carries out the plan, one step at a time, looking at the ring after each. */
export class Reconciliation {
  /** Whether something has happened that the engine must record even if what follows fails. */
  worthRecording = false;
  private crossed = false;
  /** The keys in use that the JWKS has been seen to hold. */
  private published: string | undefined;
  /** The keys in use with which `beforeDueRevocation` has let pass. */
  private letPass: string | undefined;
  private readonly observed: ObservedRing;

  constructor(
    private readonly tenant: Tenant,
    private readonly runtime: Runtime,
    private readonly desired: DesiredRotation,
    ring: KeyRing,
    /** What has been carried out so far. */
    public recorded: Recorded,
    /** Called before keys are revoked for being due, once for the same keys in use: what it throws keeps all of them. */
    private readonly beforeDueRevocation?: (ring: KeyRing) => Promise<void>,
    /** Keys retired in this update, by this or by another resource: none of them is revoked in it for being due. */
    private readonly retiredNow = new Set<string>(),
  ) {
    this.observed = new ObservedRing(tenant, runtime, desired.verifyTimeout, ring);
    this.recorded = { ...recorded, retired: withDueDates(recorded, desired) };
  }

  /** The ring as last listed. */
  get ring(): KeyRing {
    return this.observed.keys;
  }

  async run(): Promise<void> {
    let goesOn = true;
    while (goesOn) goesOn = await this.advance();
  }

  /** Carries out the next step. @returns false if there was none left */
  async advance(): Promise<boolean> {
    const thisUpdate = { retired: this.retiredNow, crossed: this.crossed };
    const [step] = plan(this.ring, this.recorded, this.desired, this.ring.observedAt, thisUpdate);
    if (step === undefined) return false;
    await this.carryOut(step);
    return true;
  }

  private async carryOut(step: Step): Promise<void> {
    switch (step.kind) {
      case "list-again":
        return this.listAgain(step.kid);
      case "adopt":
        this.say(
          `rotation ${step.retired.generation} has happened already: ${step.retired.kid} is no longer current; recorded as retired`,
        );
        this.recordRetired(step.retired);
        this.recorded = { ...this.recorded, rotatedAt: step.retired.retiredAt };
        return;
      case "reach":
        if (
          step.generation > 0 &&
          !this.desired.baselines.some((baseline) => baseline.generation === step.generation)
        ) {
          this.say(
            `no state for generation ${step.generation}: taken as carried out; raise to ${step.generation + 1} to rotate`,
            "warning",
          );
        }
        this.recorded = { ...this.recorded, generation: step.generation };
        return;
      case "rotate":
        return this.rotate(step.generation, step.kid);
      case "verify-rotation":
        return this.verifyRotation();
      case "verify-revocation":
        return this.verifyRevocation(step.kid);
      case "note-revoked":
        this.say(`${step.kid} is revoked already`);
        this.recordRevoked(step.kid, step.revokedAt);
        return;
      case "note-revoke-now":
        this.noteRevokeNow();
        return;
      case "revoke":
        return this.revoke(step.kid, step.cause);
    }
  }

  /** Auth0 promises nothing about how soon each list shows what another one has shown. */
  private async listAgain(kid: string): Promise<void> {
    const isUpToDate = await this.observed.wait(
      `the list of keys of ${this.tenant.domain} to show that ${kid} was current`,
      async () => {
        await this.observed.observe();
        return this.ring.next?.kid !== kid;
      },
    );
    if (!isUpToDate)
      throw this.observed.notShown(
        `its list of keys is out of date: it shows ${kid}, which was current before, as the next key`,
      );
  }

  private async rotate(generation: number, kid: string): Promise<void> {
    const { purpose, reason, revokeNow } = this.desired;
    if (this.isRecovery()) {
      await this.observed.settle(
        purpose === undefined
          ? `an earlier update recorded generation ${generation} and did not finish`
          : `another run of ${purpose} may be at it, or may have been killed at it`,
      );
    } else if (this.observed.isStale) {
      await this.observed.observe();
    }
    if (this.ring.current.kid !== kid) return;
    const before = this.ring;
    const record = (): void => {
      this.recordRotation(generation, kid, before);
    };
    const rotated = await this.write({
      what: `rotating the signing keys (${purpose ?? `generation ${generation}`}: ${kid} retires)`,
      subject: {
        action: "rotate",
        kid,
        ...(purpose === undefined && { generation }),
        ...withReason(reason ?? revokeNow?.reason),
      },
      send: () => this.tenant.rotate(),
      isDone: ({ current, next }) => current.kid !== kid && next?.kid !== kid,
      record,
    });
    if (!rotated) return;
    record();
    this.say(`rotated: ${this.ring.current.kid} is current, ${kid} is retired`);
    if (before.next === undefined || this.ring.current.kid === before.next.kid) return;
    this.crossed = true;
    if (findKey(this.ring, before.next.kid)) {
      const crossed = { kid: before.next.kid, generation, at: before.observedAt.toISOString() };
      this.recordRetired(retire(this.ring, crossed, this.recorded, this.desired));
    }
    this.say(
      `two rotations crossed: ${kid} and ${before.next.kid} are both retired; nothing is revoked in this update`,
      "warning",
    );
  }

  private recordRotation(generation: number, kid: string, before: KeyRing): void {
    const at = before.observedAt.toISOString();
    const baseline = this.desired.baselines.find(
      (raise) => raise.kid === kid && raise.generation === generation,
    );
    const retired = retire(this.ring, { ...baseline, kid, generation, at }, this.recorded, this.desired);
    this.recordRetired(retired);
    this.recorded = { ...this.recorded, generation, rotatedAt: retired.retiredAt };
  }

  /** Whether a raise is open that this process did not record: whoever did may still have a rotation in flight. */
  private isRecovery(): boolean {
    return this.desired.baselines.some(
      (baseline) =>
        baseline.generation > this.recorded.generation &&
        !this.runtime.recordedHere.has(baselineId(this.tenant.domain, baseline)),
    );
  }

  private async revoke(kid: string, cause: "due" | "revokeNow"): Promise<void> {
    if (!this.isPublished()) await this.verifyRotation();
    await this.assertTokenSurvives(kid);
    if (cause === "due" && this.letPass !== this.observed.keysInUse) {
      await this.beforeDueRevocation?.(this.ring);
      this.letPass = this.observed.keysInUse;
    }
    await this.observed.observe();
    // Somebody has rotated meanwhile: what was verified is true of other keys, and the plan is to be made anew.
    if (!this.isPublished()) return;
    const state = findKey(this.ring, kid)?.state;
    if (state === "current" || state === "next") {
      throw new SigningKeyError("not_revocable", {
        attempt: `revoking key ${kid} of ${this.tenant.domain}`,
        observation: `it is the ${state} key`,
        remedy: "nothing was revoked; run pulumi refresh and look at the ring",
      });
    }
    if (state !== "previous") return;
    const due = this.recorded.retired.find((key) => key.kid === kid)?.revokeDueAt;
    const whenDue = due === undefined ? "no grace period" : `due since ${due}`;
    const why =
      cause === "due"
        ? whenDue
        : `${this.desired.purpose ?? "revokeNow"}: ${this.desired.revokeNow?.reason ?? ""}`;
    const record = (): void => {
      this.recordRevoked(kid, findKey(this.ring, kid)?.revokedAt ?? this.ring.observedAt.toISOString());
      if (cause === "revokeNow") this.noteRevokeNow();
      this.recorded = withPending(this.recorded, this.pendingStep("verify-revocation", kid));
    };
    const isRevoked = (ring: KeyRing): boolean => ["revoked", undefined].includes(findKey(ring, kid)?.state);
    const isOurs = await this.write({
      what: `revoking key ${kid} (${why})`,
      subject: {
        action: "revoke",
        kid,
        ...withReason(cause === "due" ? this.desired.reason : this.desired.revokeNow?.reason),
      },
      send: () => this.tenant.revoke(kid),
      isDone: isRevoked,
      record,
    });
    if (!isOurs && !isRevoked(this.ring)) return;
    record();
    this.say(isOurs ? `revoked ${kid}` : `${kid} has been revoked by somebody else`);
    // Proof that this pipeline is not locked out: a token asked for now is accepted.
    if (!this.tenant.usesStaticToken) await this.tenant.freshAccessToken();
    await this.observed.observe();
  }

  /** Auth0 signs its own Management API's tokens with these keys: revoking must not end the token that revokes. */
  private async assertTokenSurvives(kid: string): Promise<void> {
    if (this.tenant.usesStaticToken) {
      if ((await this.tenant.accessToken()).kid === kid) throw tokenWouldEnd(kid, this.tenant.domain);
      return;
    }
    const current = this.ring.current.kid;
    const inUse = await this.tenant.accessToken();
    const fresh =
      inUse.kid === current ||
      (await this.observed.wait(
        `a token signed by ${current}`,
        async () => (await this.tenant.freshAccessToken()).kid === current,
      ));
    if (fresh) return;
    throw new SigningKeyError("token_not_current", {
      attempt: `revoking key ${kid} of ${this.tenant.domain}`,
      observation: `a token asked for now is not signed by the current key ${current}`,
      remedy: "nothing was revoked; run it again, and if it persists ask Auth0's support before revoking",
    });
  }

  /**
   * The JWKS must hold the current and the next key before anything is revoked. A rotation makes a next key, so after
   * one the list must show it; otherwise a tenant without one has the current key in its JWKS at least. Where somebody
   * rotates meanwhile, there are other keys to wait for.
   */
  private async verifyRotation(): Promise<void> {
    const rotated = this.recorded.pending.some(({ step }) => step === "verify-rotation");
    let isListed = true;
    const shown = await this.observed.wait(
      `the JWKS of ${this.tenant.domain} to hold ${this.ring.current.kid}`,
      async () => {
        if (!isListed) await this.observed.observe();
        isListed = false;
        const { current, next } = this.ring;
        if (next === undefined && rotated) return false;
        const kids = await this.tenant.publishedKids();
        return kids.has(current.kid) && (next === undefined || kids.has(next.kid));
      },
    );
    const { current, next } = this.ring;
    if (!shown) {
      this.recorded = withPending(this.recorded, this.pendingStep("verify-rotation", current.kid));
      throw this.observed.notShown(
        next === undefined && rotated
          ? "no next key is listed after the rotation"
          : `the new current key ${current.kid} and the next one are not both in ${this.tenant.jwksUri}`,
      );
    }
    this.published = this.observed.keysInUse;
    this.recorded = withoutPending(this.recorded, { step: "verify-rotation", kid: current.kid });
  }

  private isPublished(): boolean {
    return this.published === this.observed.keysInUse;
  }

  private async verifyRevocation(kid: string): Promise<void> {
    const gone = await this.observed.wait(
      `the JWKS of ${this.tenant.domain} to drop ${kid}`,
      async () => !(await this.tenant.publishedKids()).has(kid),
    );
    if (!gone) throw this.observed.notShown(`the revoked key ${kid} is still in ${this.tenant.jwksUri}`);
    this.recorded = withoutPending(this.recorded, { step: "verify-revocation", kid });
  }

  private write(write: Write): Promise<boolean> {
    return writeOnce(write, this.observed, this.tenant, this.runtime);
  }

  private say(message: string, kind?: MessageKind): void {
    this.runtime.say(`${this.tenant.domain}: ${message}`, kind);
  }

  private pendingStep(step: PendingStep["step"], kid: string): PendingStep {
    return { step, kid, since: this.ring.observedAt.toISOString() };
  }

  private recordRetired(key: RetiredKey): void {
    this.retiredNow.add(key.kid);
    this.runtime.retiredHere.add(key.kid);
    this.worthRecording = true;
    const verification = this.pendingStep("verify-rotation", this.ring.current.kid);
    this.recorded = withPending(withRetired(this.recorded, key), verification);
  }

  private recordRevoked(kid: string, revokedAt: string): void {
    this.worthRecording = true;
    this.recorded = withRevoked(this.recorded, kid, revokedAt);
  }

  private noteRevokeNow(): void {
    const { revokeNow } = this.desired;
    if (revokeNow !== undefined) this.recorded = { ...this.recorded, revokeNow };
  }
}

function withReason(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
