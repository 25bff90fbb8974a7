import fc from "fast-check";
import { PATHS, type Request } from "../integration/tenants";
import type { Fault } from "../support/emulator";

/** A point in a run of the engine. */
export type Moment =
  /** At this share of the time that an undisturbed run takes. */
  | { readonly kind: "time"; readonly share: number }
  /** So long after the run's nth request has come to the tenant. */
  | { readonly kind: "request"; readonly nth: number; readonly afterMs: number }
  /** So long after a rotation or a revocation has taken effect. */
  | { readonly kind: "write"; readonly afterMs: number };

/** What ends a run. */
export type Strike = "SIGKILL to the command" | "SIGKILL to all processes" | "SIGTERM" | "SIGINT";

export type Command = "up" | "up --refresh" | "refresh" | "preview";

/** What a user or a pipeline does in the end, when nothing stands in the way any more. */
export type Recovery = "up" | "up --refresh" | "refresh, then up";

/** What somebody does in Auth0's dashboard: before the run, or once it has made so many requests. */
export interface Dashboard {
  readonly what: "rotate" | "revoke";
  readonly afterRequests: number;
}

/** A run of the engine that is struck. */
export interface Attempt {
  /** By how much the generation is raised before the run. */
  readonly raise: number;
  /** Names the key that is current before the run, if there is a raise, or a key that was retired earlier. */
  readonly revokeNow?: "the current key" | "a retired key" | undefined;
  readonly command: Command;
  readonly moment: Moment;
  readonly strike: Strike;
  readonly fault?: Fault | undefined;
  readonly dashboard?: Dashboard | undefined;
}

/** An edit, what it meets with on its way, and how it is carried out in the end. */
export interface Round {
  readonly revokePrevious: boolean;
  readonly graceSeconds?: number | undefined;
  readonly reason?: string | undefined;
  readonly attempts: readonly Attempt[];
  readonly recovery: Recovery;
}

/** What a stack and its tenant go through. */
export interface HistoryPlan {
  readonly credentials: "environment" | "stack configuration" | "inputs";
  readonly rounds: readonly Round[];
}

/** More than any history needs: a round has one strike at least, and most of them hit. */
const ROUNDS = 60;

/** The same histories for the same seed. */
export function planHistories(seed: number, count: number): HistoryPlan[] {
  return fc.sample(anyHistory, { seed, numRuns: count, unbiased: true });
}

function oftenest<T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
}

/** The requests of an update: token, list, list, rotate, list, JWKS; then a revocation takes as many again. */
const anyMoment = (weights: Record<Moment["kind"], number>, requests: number): fc.Arbitrary<Moment> =>
  fc.oneof(
    {
      weight: weights.time,
      arbitrary: fc.record({
        kind: fc.constant("time" as const),
        share: fc.nat(1_000).map((thousandths) => thousandths / 1_000),
      }),
    },
    {
      weight: weights.request,
      arbitrary: fc.record({
        kind: fc.constant("request" as const),
        nth: fc.integer({ min: 1, max: requests }),
        afterMs: fc.nat(60),
      }),
    },
    {
      weight: weights.write,
      arbitrary: fc.record({ kind: fc.constant("write" as const), afterMs: fc.nat(400) }),
    },
  );

const anyStrike = oftenest<Strike>(
  [9, "SIGKILL to the command"],
  [9, "SIGKILL to all processes"],
  [1, "SIGTERM"],
  [1, "SIGINT"],
);

const anyMatch = (...requests: readonly Request[]): fc.Arbitrary<NonNullable<Fault["match"]>> =>
  fc.constantFrom(...requests.map((request) => PATHS[request]));
const anyRequest = anyMatch("token", "list", "rotate", "revoke", "jwks");
const aWrite = anyMatch("rotate", "revoke");

/** An effect comes later than this at the latest: the ring is watched for 1.5 s where the request time-out is 1 s. */
const LATEST_EFFECT_MS = 1_300;

const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    fault: fc.constantFrom("status" as const, "status-after-effect" as const),
    status: fc.constantFrom(500, 502, 503),
    match: fc.oneof(anyRequest, aWrite),
  }),
  fc.record({
    fault: fc.constantFrom(
      "reset" as const,
      "reset-after-effect" as const,
      "truncate" as const,
      "html" as const,
    ),
    match: fc.oneof(anyRequest, aWrite),
  }),
  fc.record({ fault: fc.constant("late-effect" as const), delayMs: fc.nat(LATEST_EFFECT_MS), match: aWrite }),
  fc.record({
    fault: fc.constant("delay" as const),
    delayMs: fc.nat(900),
    times: fc.integer({ min: 1, max: 6 }),
    match: fc.oneof(fc.constant({}), anyRequest),
  }),
  fc.record({
    fault: fc.constant("status" as const),
    status: fc.constant(429),
    resetSeconds: fc.integer({ min: 1, max: 2 }),
    match: anyMatch("list", "rotate", "revoke"),
  }),
  fc.record({ fault: fc.constant("stale-jwks" as const), times: fc.integer({ min: 1, max: 3 }) }),
);

const anyDashboard: fc.Arbitrary<Dashboard> = fc.record({
  what: oftenest<Dashboard["what"]>([2, "rotate"], [1, "revoke"]),
  afterRequests: fc.nat(4),
});

const anyAttempt = (
  raise: fc.Arbitrary<number>,
  command: fc.Arbitrary<Command>,
  moment: fc.Arbitrary<Moment>,
): fc.Arbitrary<Attempt> =>
  fc.record({
    raise,
    revokeNow: oftenest<Attempt["revokeNow"]>([6, undefined], [1, "the current key"], [1, "a retired key"]),
    command,
    moment,
    strike: anyStrike,
    fault: fc.oneof(anyFault, fc.constant(undefined)),
    dashboard: fc.oneof(
      { weight: 1, arbitrary: anyDashboard },
      { weight: 8, arbitrary: fc.constant(undefined) },
    ),
  });

const aRaise = anyAttempt(
  oftenest([6, 1], [1, 2], [1, 3]),
  oftenest<Command>([6, "up"], [1, "up --refresh"]),
  anyMoment({ time: 2, request: 2, write: 3 }, 6),
);
/** Carries out what is open, if anything is: another flag, or a raise that was killed. */
const noRaise = anyAttempt(
  fc.constant(0),
  oftenest<Command>([6, "up"], [3, "up --refresh"]),
  anyMoment({ time: 3, request: 3, write: 1 }, 4),
);
const aLook = anyAttempt(
  fc.constant(0),
  oftenest<Command>([2, "refresh"], [1, "preview"]),
  anyMoment({ time: 1, request: 0, write: 0 }, 1),
);

const anyRound: fc.Arbitrary<Round> = fc.record({
  revokePrevious: fc.boolean(),
  graceSeconds: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(undefined)),
  reason: fc.constantFrom(undefined, "scheduled", "somebody left"),
  attempts: fc
    .tuple(
      fc.oneof({ weight: 8, arbitrary: aRaise }, { weight: 1, arbitrary: noRaise }),
      // What is killed again is mostly the recovery, sometimes another raise.
      fc.array(
        fc.oneof(
          { weight: 5, arbitrary: noRaise },
          { weight: 1, arbitrary: aLook },
          { weight: 1, arbitrary: aRaise },
        ),
        { maxLength: 2 },
      ),
    )
    .map(([first, others]) => [first, ...others]),
  recovery: fc.constantFrom("up", "up --refresh", "refresh, then up"),
});

const anyHistory: fc.Arbitrary<HistoryPlan> = fc.record({
  credentials: fc.constantFrom("environment", "stack configuration", "inputs"),
  rounds: fc.array(anyRound, { minLength: ROUNDS, maxLength: ROUNDS }),
});
