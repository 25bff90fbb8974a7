import type { SigningKey } from "./signingKey.js";

export type KeyState =
  | { readonly status: "next" }
  | { readonly status: "current"; readonly since: string }
  | { readonly status: "previous"; readonly since: string; readonly until: string }
  | {
      readonly status: "revoked";
      readonly since: string;
      readonly until: string;
      readonly revokedAt: string;
    };

export type KeyStatus = KeyState["status"];

export interface RingKey {
  readonly key: SigningKey;
  readonly state: KeyState;
}

export interface Rotation {
  /** The key that has become previous. */
  readonly retired: SigningKey;
  readonly next: SigningKey;
}

export type RevocationOutcome =
  | { readonly outcome: "revoked"; readonly key: SigningKey }
  | { readonly outcome: "refused"; readonly status: Exclude<KeyStatus, "previous"> }
  | { readonly outcome: "unknown" };

/** A tenant's signing keys: one next, one current, and what was current before, newest first. */
export class KeyRing {
  #keys: readonly RingKey[];
  #publishedBefore: readonly string[];

  constructor(keys: readonly RingKey[], publishedBefore?: readonly string[]) {
    this.#keys = keys;
    this.#publishedBefore = publishedBefore ?? this.published().map((key) => key.kid);
  }

  static begin(current: SigningKey, next: SigningKey, currentSince: Date): KeyRing {
    return new KeyRing([
      { key: next, state: { status: "next" } },
      { key: current, state: { status: "current", since: currentSince.toISOString() } },
    ]);
  }

  get keys(): readonly RingKey[] {
    return this.#keys;
  }

  /** The kids in the JWKS as it was before the last rotation or revocation. */
  get publishedBefore(): readonly string[] {
    return this.#publishedBefore;
  }

  find(kid: string): RingKey | undefined {
    return this.#keys.find((entry) => entry.key.kid === kid);
  }

  current(): SigningKey {
    const entry = this.#keys.find(({ state }) => state.status === "current");
    if (entry === undefined) throw new Error("the ring holds no current key");
    return entry.key;
  }

  withStatus(status: KeyStatus): readonly SigningKey[] {
    return this.#keys.filter(({ state }) => state.status === status).map(({ key }) => key);
  }

  /** What the JWKS shows: every key that is not revoked, the current one first. */
  published(): readonly SigningKey[] {
    return [...this.withStatus("current"), ...this.withStatus("next"), ...this.withStatus("previous")];
  }

  publishedBeforeLastChange(): readonly SigningKey[] {
    return this.#publishedBefore.flatMap((kid) => this.find(kid)?.key ?? []);
  }

  rotate(next: SigningKey, at: Date): Rotation {
    const retired = this.current();
    const time = at.toISOString();
    this.#publishedBefore = this.published().map((key) => key.kid);
    const moved = this.#keys.map(({ key, state }): RingKey => {
      if (state.status === "next") return { key, state: { status: "current", since: time } };
      if (state.status === "current") {
        return { key, state: { status: "previous", since: state.since, until: time } };
      }
      return { key, state };
    });
    this.#keys = [{ key: next, state: { status: "next" } }, ...moved];
    return { retired, next };
  }

  revoke(kid: string, at: Date): RevocationOutcome {
    const entry = this.find(kid);
    if (entry === undefined) return { outcome: "unknown" };
    const { key, state } = entry;
    if (state.status !== "previous") return { outcome: "refused", status: state.status };
    this.#publishedBefore = this.published().map((published) => published.kid);
    const revoked: RingKey = {
      key,
      state: { ...state, status: "revoked", revokedAt: at.toISOString() },
    };
    this.#keys = this.#keys.map((other) => (other === entry ? revoked : other));
    return { outcome: "revoked", key };
  }
}
