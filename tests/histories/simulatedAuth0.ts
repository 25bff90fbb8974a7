import { CERTIFICATE } from "../unit/listings";
import { representKey } from "../../emulator/src/keyRepresentation";
import { KeyRing, type KeyStatus } from "../../emulator/src/keyRing";
import type { SigningKey } from "../../emulator/src/signingKey";
import type { Ask } from "./engineRun";

export const DOMAIN = "acme.eu.auth0.com";
const START = Date.parse("2026-03-10T12:00:00.000Z");
const DAY = 24 * 3_600_000;

/** What differs from tenant to tenant and is not the program's. */
export interface TenantSettings {
  /** Which of the dates the list says since when, and until when, a key was current. */
  readonly datesListed: "both" | "since" | "none";
  /** How many revoked keys are listed at most; all of them if undefined. */
  readonly revokedListed: number | undefined;
  /** 0 for no limit. */
  readonly rotationsPerDay: number;
  /** The longest lifetime of an access token, at first. */
  readonly accessTokenSeconds: number;
}

/** Something that changed the ring. */
export interface Write {
  readonly kind: "rotate" | "revoke";
  /** The key that was retired or revoked. */
  readonly kid: string;
  readonly at: Date;
  /** Who asked for it: one of our requests, or somebody in the dashboard. */
  readonly ask: Ask | undefined;
}

/** A tenant as Auth0 has it: the emulator's key ring, on a clock that moves only when somebody waits. */
export class SimulatedAuth0 {
  readonly writes: Write[] = [];
  accessTokenSeconds: number;
  /** The longest lifetimes that there have been, one after the other. */
  readonly lifetimesSeen: number[];
  /** So many requests for the JWKS are answered as before the last change. */
  staleJwks = 0;
  /** Whether the next list is answered as before the last change. */
  isNextListOld = false;
  private before: KeyRing["keys"];
  private readonly ring: KeyRing;
  private time = START;
  private keysMade = 0;
  private readonly later: { readonly at: number; readonly effect: () => void }[] = [];
  private shownBefore: { readonly keys: KeyRing["keys"]; readonly until: number } | undefined;

  constructor(private readonly settings: TenantSettings) {
    this.accessTokenSeconds = settings.accessTokenSeconds;
    this.lifetimesSeen = [settings.accessTokenSeconds];
    this.ring = KeyRing.begin(this.newKey(), this.newKey(), new Date(START - 30 * DAY));
    this.before = this.ring.keys;
  }

  now(): Date {
    return new Date(this.time);
  }

  /** Lets time pass, and what was to happen meanwhile happen in its order. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      this.later.sort((one, other) => one.at - other.at);
      const [first] = this.later;
      if (first === undefined || first.at > end) break;
      this.later.shift();
      this.time = Math.max(this.time, first.at);
      first.effect();
    }
    this.time = end;
  }

  after(milliseconds: number, effect: () => void): void {
    this.later.push({ at: this.time + milliseconds, effect });
  }

  rotate(ask?: Ask): void {
    this.before = this.ring.keys;
    const { retired } = this.ring.rotate(this.newKey(), this.now());
    this.writes.push({ kind: "rotate", kid: retired.kid, at: this.now(), ask });
  }

  /** Revokes a previous key, and does nothing to any other. */
  revoke(kid: string, ask?: Ask): void {
    const { keys } = this.ring;
    if (this.ring.revoke(kid, this.now()).outcome !== "revoked") return;
    this.before = keys;
    this.writes.push({ kind: "revoke", kid, at: this.now(), ask });
  }

  /** Revokes one of the previous keys, if there are any. */
  revokeAny(which: number): void {
    const kids = this.kids("previous");
    const kid = kids[which % kids.length];
    if (kid !== undefined) this.revoke(kid);
  }

  /** Shows the ring as it is now for a while, whatever happens to it. */
  showAsItIs(milliseconds: number): void {
    this.shownBefore = { keys: this.ring.keys, until: this.time + milliseconds };
  }

  /** From here on everything goes well. */
  calm(): void {
    this.staleJwks = 0;
    this.isNextListOld = false;
  }

  setLifetime(seconds: number): void {
    this.accessTokenSeconds = seconds;
    this.lifetimesSeen.push(seconds);
  }

  /** What `GET /api/v2/keys/signing` answers. */
  listing(): unknown[] {
    const shown = this.shown();
    const { revokedListed = Number.POSITIVE_INFINITY, datesListed } = this.settings;
    const revoked = shown
      .flatMap(({ key, state }) =>
        state.status === "revoked" ? [{ kid: key.kid, at: state.revokedAt }] : [],
      )
      .sort((one, other) => (one.at < other.at ? 1 : -1));
    const cutOff = new Set(revoked.slice(revokedListed).map(({ kid }) => kid));
    return shown
      .filter(({ key }) => !cutOff.has(key.kid))
      .map(representKey)
      .map(({ current_since, current_until, ...undated }) =>
        datesListed === "none"
          ? undated
          : { ...undated, current_since, ...(datesListed === "both" && { current_until }) },
      );
  }

  private shown(): KeyRing["keys"] {
    if (this.isNextListOld) {
      this.isNextListOld = false;
      return this.before;
    }
    const { shownBefore } = this;
    return shownBefore !== undefined && this.time < shownBefore.until ? shownBefore.keys : this.ring.keys;
  }

  publishedKids(): ReadonlySet<string> {
    if (this.staleJwks === 0) return new Set(this.ring.published().map(({ kid }) => kid));
    this.staleJwks -= 1;
    return new Set(this.ring.publishedBefore);
  }

  /** What a key really is, whatever the list shows. */
  statusOf(kid: string): KeyStatus | undefined {
    return this.ring.find(kid)?.state.status;
  }

  kids(status: KeyStatus): string[] {
    return this.ring.withStatus(status).map(({ kid }) => kid);
  }

  /** Every key there ever was, the newest first. */
  allKids(): string[] {
    return this.ring.keys.map(({ key }) => key.kid);
  }

  currentKid(): string {
    return this.ring.current().kid;
  }

  currentSince(kid: string): Date | undefined {
    const state = this.ring.find(kid)?.state;
    return state !== undefined && "since" in state ? new Date(state.since) : undefined;
  }

  /** When a key ceased to be current. */
  retiredAt(kid: string): Date | undefined {
    const state = this.ring.find(kid)?.state;
    return state !== undefined && "until" in state ? new Date(state.until) : undefined;
  }

  /** Milliseconds until another rotation is allowed. */
  rotationAllowedIn(): number {
    const { rotationsPerDay } = this.settings;
    if (rotationsPerDay === 0) return 0;
    const latest = this.writes.filter(({ kind, ask }) => kind === "rotate" && ask !== undefined);
    const counted = latest.at(-rotationsPerDay);
    return counted === undefined ? 0 : Math.max(counted.at.getTime() + DAY - this.time, 0);
  }

  private newKey(): SigningKey {
    this.keysMade += 1;
    const kid = `key-${this.keysMade}`;
    const shown = {
      kid,
      certificate: CERTIFICATE,
      fingerprint: `aa:${kid}`,
      thumbprint: `aa${kid}`,
    };
    // Nothing here signs, so there is no key pair.
    return shown as SigningKey;
  }
}
