import { OutcomeUnknownError, RateLimitedError, SigningKeyError } from "../../src/errors";
import type { AccessToken } from "../../src/tenant/accessToken";
import { parseKeyRing, type KeyRing } from "../../src/tenant/keyRing";
import { LIFETIMES_SCOPES, LIST_SCOPES, ROTATE_SCOPES, Tenant } from "../../src/tenant/tenant";
import type { TokenLifetimes } from "../../src/tenant/tokenLifetimes";
import type { Ask, EngineRun } from "./engineRun";
import { DOMAIN } from "./simulatedAuth0";
import type { Point, Trouble } from "./troubles";

const REMEDY = "this is a simulation";
/** As the real tenant, a read waits so long for the rate limit at the most. */
const LONGEST_READ_WAIT_SECONDS = 60;

/** A tenant without a network: what the real one would answer, and how it would fail, told by the troubles of the run. */
export class SimulatedTenant extends Tenant {
  private tokenKid: string | undefined;
  private seen: KeyRing | undefined;

  constructor(private readonly run: EngineRun) {
    const audience = `https://${DOMAIN}/api/v2/`;
    super({
      credentials: {
        kind: "clientSecret",
        domain: DOMAIN,
        audience,
        clientId: "app",
        clientSecret: "secret",
      },
      clock: run.clock,
      requestTimeout: 10_000,
      say: () => undefined,
      logsRequests: false,
    });
  }

  override async listKeys(): Promise<KeyRing> {
    await this.accessToken();
    this.look("list");
    // A token whose key has been revoked since is replaced by a fresh one, as the real tenant does.
    if (this.isTokenDead()) await this.freshAccessToken();
    // Auth0 tells its time in whole seconds.
    const observedAt = new Date(Math.floor(this.run.auth0.now().getTime() / 1000) * 1000);
    const ring = parseKeyRing(this.run.auth0.listing(), DOMAIN, observedAt);
    this.seen = ring;
    const ask = this.run.asks.at(-1);
    if (ask?.isAnswered === true && ring.current.kid !== ask.seen.current.kid) ask.seenAfter ??= ring;
    return ring;
  }

  override async rotate(): Promise<void> {
    await this.accessToken();
    const ask = this.ask("rotate");
    this.change(ask, () => {
      this.run.auth0.rotate(ask);
    });
  }

  override async revoke(kid: string): Promise<void> {
    await this.accessToken();
    const ask = this.ask("revoke", kid);
    this.change(ask, () => {
      this.run.auth0.revoke(kid, ask);
    });
  }

  override async tokenLifetimes(): Promise<TokenLifetimes> {
    await this.accessToken();
    this.look("lifetimes");
    const { accessTokenSeconds } = this.run.auth0;
    return { accessTokenSeconds, accessTokenOf: "api", idTokenSeconds: 300, idTokenOf: "app" };
  }

  override async publishedKids(): Promise<ReadonlySet<string>> {
    this.look("JWKS");
    this.run.published = this.run.auth0.publishedKids();
    this.run.isVerified = true;
    return Promise.resolve(this.run.published);
  }

  override async accessToken(): Promise<AccessToken> {
    return this.tokenKid === undefined ? this.freshAccessToken() : token(this.tokenKid);
  }

  override freshAccessToken(): Promise<AccessToken> {
    this.run.reach("token");
    this.tokenKid = this.run.auth0.currentKid();
    return Promise.resolve(token(this.tokenKid));
  }

  private isTokenDead(): boolean {
    return this.tokenKid !== undefined && this.run.auth0.statusOf(this.tokenKid) === "revoked";
  }

  private ask(kind: Ask["kind"], kid?: string): Ask {
    const { call, auth0, witness } = this.run;
    if (call === undefined || this.seen === undefined)
      throw new Error("a write outside of a call, or without a look");
    const ask: Ask = {
      kind,
      ...(kid !== undefined && { kid }),
      at: auth0.now(),
      call,
      seen: this.seen,
      published: this.run.published,
      isAnswered: false,
    };
    if (kind === "rotate") this.run.published = undefined;
    witness.asked(ask, this.run.asks);
    this.run.asks.push(ask);
    return ask;
  }

  private look(point: Point): void {
    const trouble = this.run.reach(point);
    if (trouble === undefined) return;
    if (trouble.kind === "rate limited" && trouble.seconds <= LONGEST_READ_WAIT_SECONDS) {
      this.run.auth0.advance(trouble.seconds * 1000);
      return;
    }
    throw this.failure(trouble, point);
  }

  private change(ask: Ask, effect: () => void): void {
    const { kind } = ask;
    const trouble = this.run.reach(kind);
    if (this.isTokenDead()) {
      throw new SigningKeyError("unauthorized", { attempt: kind, observation: "401", remedy: REMEDY });
    }
    const allowedIn = kind === "rotate" ? this.run.auth0.rotationAllowedIn() : 0;
    if (allowedIn > 0) throw rateLimited(kind, allowedIn, this.run.auth0.now());
    if (trouble === undefined) {
      effect();
      ask.isAnswered = true;
      this.run.isVerified = false;
      return;
    }
    if (trouble.kind === "answer lost" || trouble.kind === "killed while writing") {
      this.run.witness.noted(`${trouble.kind} (${kind}, ${trouble.fate})`, "");
      if (trouble.fate === "done") effect();
      if (trouble.fate === "done later") this.run.auth0.after(trouble.delay, effect);
      if (trouble.kind === "killed while writing") this.run.kill();
    }
    throw this.failure(trouble, kind);
  }

  private failure(trouble: Trouble, point: Point): SigningKeyError {
    switch (trouble.kind) {
      case "answer lost":
        return new OutcomeUnknownError({ attempt: point, observation: "no answer" });
      case "no answer":
        return new SigningKeyError("unreachable", {
          attempt: point,
          observation: "no answer",
          remedy: REMEDY,
        });
      case "rate limited":
        return rateLimited(point, trouble.seconds * 1000, this.run.auth0.now());
      default:
        return refused(point);
    }
  }
}

function token(kid: string): AccessToken {
  const scopes = [...LIST_SCOPES, ...ROTATE_SCOPES, ...LIFETIMES_SCOPES];
  return { value: `token of ${kid}`, kid, scopes, expiresAt: Number.POSITIVE_INFINITY };
}

function refused(attempt: string): SigningKeyError {
  return new SigningKeyError("insufficient_scope", { attempt, observation: "403", remedy: REMEDY });
}

function rateLimited(attempt: string, waitMilliseconds: number, now: Date): RateLimitedError {
  const resetAt = new Date(now.getTime() + waitMilliseconds);
  return new RateLimitedError({ attempt, observation: "429", remedy: REMEDY }, { waitMilliseconds, resetAt });
}
