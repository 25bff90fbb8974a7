import { SigningKeyError } from "../errors";
import type { KeyRing } from "../tenant/keyRing";
import type { Tenant } from "../tenant/tenant";
import { milliseconds, type DesiredRotation } from "./inputs";
import type { Runtime } from "./runtime";
import { settle } from "./settle";

/** A tenant's key ring as last listed, and the three ways to look again: at once, until something shows, until it stands still. */
export class ObservedRing {
  /** Whether time has passed since the ring was listed, so that it must be listed again before a write. */
  isStale = false;

  constructor(
    private readonly tenant: Tenant,
    private readonly runtime: Runtime,
    private readonly verifyTimeout: DesiredRotation["verifyTimeout"],
    /** The ring as last listed. */
    public keys: KeyRing,
  ) {}

  /** The current and the next key: what was verified of them is true as long as this is the same. */
  get keysInUse(): string {
    const { current, next } = this.keys;
    return `${current.kid} ${next?.kid ?? ""}`;
  }

  async observe(): Promise<void> {
    this.isStale = false;
    this.keys = await this.tenant.listKeys();
  }

  /** Watches until nobody's rotation can be in flight any more. */
  async settle(why: string): Promise<void> {
    this.keys = await settle(this.tenant, this.keys, this.runtime, why);
  }

  /**
   * Waits until something shows, `verifyTimeout` at the most.
   * @returns whether it did
   */
  async wait(subject: string, probe: () => Promise<boolean>): Promise<boolean> {
    this.isStale = true;
    const seen = await this.runtime.waitUntil(
      subject,
      async () => (await probe()) || undefined,
      milliseconds(this.verifyTimeout) ?? 0,
    );
    return seen === true;
  }

  /** The error for what has not shown in time. */
  notShown(observation: string): SigningKeyError {
    return new SigningKeyError("verification_timeout", {
      attempt: `verifying ${this.tenant.domain} for ${this.verifyTimeout}`,
      observation,
      remedy: "what was done is recorded; run it again to verify, or raise verifyTimeout",
    });
  }
}
