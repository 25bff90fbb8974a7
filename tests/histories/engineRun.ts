import type { Clock } from "../../src/clock";
import { Runtime } from "../../src/lifecycle/runtime";
import type { KeyRing } from "../../src/tenant/keyRing";
import type { Properties } from "../support/providerHost";
import { DOMAIN, type SimulatedAuth0 } from "./simulatedAuth0";
import { SimulatedTenant } from "./simulatedTenant";
import { isRequest, meets, type Point, type Trouble } from "./troubles";

export type ResourceName = "intent" | "rotation" | "revocation";

/** A call of the engine's. */
export interface Call {
  readonly resource: ResourceName;
  readonly method: "check" | "diff" | "create" | "update" | "read" | "delete";
  readonly olds: Properties;
  readonly news: Properties;
}

/** A request to change something, as it was made. */
export interface Ask {
  readonly kind: "rotate" | "revoke";
  /** The key to be revoked. */
  readonly kid?: string;
  readonly at: Date;
  readonly call: Call;
  /** What the run saw last, of the ring and of the JWKS. */
  readonly seen: KeyRing;
  readonly published: ReadonlySet<string> | undefined;
  /** Whether Auth0 was heard to have done it. */
  isAnswered: boolean;
  /** The first look after that which showed another current key. */
  seenAfter?: KeyRing;
}

/** The run of the engine has been killed: nothing of the call in flight is recorded. */
export class Killed extends Error {
  override readonly name = "Killed";
}

export interface Witness {
  /** Called before each write, whatever becomes of it, with those before it in the same run. */
  readonly asked: (ask: Ask, earlier: readonly Ask[]) => void;
  /** Called for what happens, to be counted and told. */
  readonly noted: (what: string, detail: string) => void;
}

/** One run of the engine, with the troubles that it meets. */
export class EngineRun {
  readonly clock: Clock;
  readonly runtime: Runtime;
  call: Call | undefined;
  /** What it has asked for so far. */
  readonly asks: Ask[] = [];
  /** The JWKS as it was last seen, if it was since the last rotation. */
  published: ReadonlySet<string> | undefined;
  /** Whether it was seen since the last write. */
  isVerified = true;
  isKilled = false;
  requests = 0;
  private pointsReached = 0;
  private hasListed = false;
  private readonly troubles: Trouble[];

  constructor(
    readonly auth0: SimulatedAuth0,
    readonly witness: Witness,
    troubles: readonly Trouble[] = [],
    /** How much the machine's clock is ahead of the tenant's. */
    aheadMilliseconds = 0,
  ) {
    this.troubles = [...troubles];
    this.clock = {
      now: () => new Date(auth0.now().getTime() + aheadMilliseconds),
      sleep: async (milliseconds) => {
        this.reach("sleep");
        auth0.advance(milliseconds);
        return Promise.resolve();
      },
    };
    this.runtime = new SimulatedRuntime(this);
    this.runtime.configure({
      get: (key) =>
        ({ "auth0:domain": DOMAIN, "auth0:clientId": "app", "auth0:clientSecret": "secret" })[key],
    });
  }

  /**
   * Passes a point where something may happen.
   * @returns the trouble that the request meets, which is its own to deal with
   */
  reach(point: Point): Trouble | undefined {
    if (this.isKilled) throw new Killed();
    this.pointsReached += 1;
    if (isRequest(point)) this.requests += 1;
    const ready = this.troubles.filter(
      (trouble) =>
        trouble.after < this.pointsReached &&
        meets(trouble, point) &&
        (trouble.kind !== "old list" || this.hasListed),
    );
    this.hasListed ||= point === "list";
    for (const trouble of ready) {
      this.troubles.splice(this.troubles.indexOf(trouble), 1);
      this.witness.noted(trouble.kind, `at ${point}`);
      switch (trouble.kind) {
        case "killed":
          this.kill();
          break;
        case "stale JWKS":
          this.auth0.staleJwks = trouble.requests;
          break;
        case "old list":
          this.auth0.isNextListOld = true;
          break;
        case "slow list":
          this.auth0.showAsItIs(trouble.seconds * 1000);
          break;
        case "somebody rotates":
        case "somebody rotates just before":
          this.auth0.rotate();
          break;
        case "somebody revokes":
          this.auth0.revokeAny(trouble.which);
          break;
        default:
          return trouble;
      }
    }
    return undefined;
  }

  kill(): never {
    this.isKilled = true;
    throw new Killed();
  }
}

class SimulatedRuntime extends Runtime {
  private readonly only: SimulatedTenant;

  constructor(private readonly run: EngineRun) {
    super(
      run.clock,
      () => ({}),
      (line) => {
        run.witness.noted("said", line);
        return Promise.resolve();
      },
    );
    this.only = new SimulatedTenant(run);
  }

  override tenant(): SimulatedTenant {
    return this.only;
  }

  override async announce(message: string): Promise<void> {
    this.run.reach("announcement");
    return super.announce(message);
  }
}
