export type EffectKind = "rotate" | "revoke";

/** A change of the ring: `kid` is the key that was retired, or the one that was revoked. */
export interface Effect {
  readonly effect: EffectKind;
  readonly kid: string;
}

/** A request to a tenant. Never holds a header, a query or a body, and so no secret and no token. */
export interface JournalEntry extends Partial<Effect> {
  /** ISO 8601, by the tenant's clock. */
  readonly at: string;
  /** The tenant's domain. */
  readonly tenant: string;
  readonly method: string;
  readonly path: string;
  /** What was sent to the client; 0 if the connection was reset. */
  readonly status: number;
}

export class Journal {
  #entries: JournalEntry[] = [];

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** @param domain a tenant's */
  entriesOf(domain: string): readonly JournalEntry[] {
    return this.#entries.filter(({ tenant }) => tenant === domain);
  }

  record(entry: JournalEntry): void {
    this.#entries.push(entry);
  }

  clear(): void {
    this.#entries = [];
  }
}
