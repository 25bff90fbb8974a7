import fc from "fast-check";

/** What becomes of a write whose answer nobody gets. */
export type Fate = "never done" | "done" | "done later";

/** Something that happens to a command once it has come so far and does what it can happen to. */
export type Trouble = { readonly after: number } & (
  | { readonly kind: "killed" | "no answer" | "somebody rotates" }
  /** Between our last look and our own rotation. */
  | { readonly kind: "somebody rotates just before" }
  | { readonly kind: "somebody revokes"; readonly which: number }
  | {
      readonly kind: "killed while writing" | "answer lost";
      readonly at: "rotate" | "revoke";
      readonly fate: Fate;
      readonly delay: number;
    }
  | { readonly kind: "refused"; readonly at: "rotate" | "revoke" | "lifetimes" }
  | { readonly kind: "rate limited"; readonly at: "rotate" | "revoke" | "list"; readonly seconds: number }
  | { readonly kind: "stale JWKS"; readonly requests: number }
  | { readonly kind: "slow list"; readonly seconds: number }
  /** A list is as it was before the last change. The first of a run can't be told from a new one, so it is a later one. */
  | { readonly kind: "old list" }
);

/** Where a command can be interrupted: at a request, in a wait, and as a call of the engine's begins or ends. */
export type Point =
  | "token"
  | "list"
  | "lifetimes"
  | "JWKS"
  | "rotate"
  | "revoke"
  | "announcement"
  | "sleep"
  | "call"
  | "answer";

const WRITES: readonly Point[] = ["rotate", "revoke"];
const READS: readonly Point[] = ["list", "lifetimes", "JWKS"];
const REQUESTS: readonly Point[] = ["token", ...READS, ...WRITES];

/** Of those that don't say themselves. */
const POINTS: Readonly<Partial<Record<Trouble["kind"], readonly Point[]>>> = {
  killed: [...REQUESTS, "announcement", "sleep", "call", "answer"],
  "no answer": READS,
  "stale JWKS": ["JWKS"],
  "slow list": WRITES,
  "old list": ["list"],
  "somebody rotates": REQUESTS,
  "somebody rotates just before": ["rotate"],
  "somebody revokes": REQUESTS,
};

export function isRequest(point: Point): boolean {
  return REQUESTS.includes(point);
}

export function meets(trouble: Trouble, point: Point): boolean {
  return "at" in trouble ? trouble.at === point : POINTS[trouble.kind]?.includes(point) === true;
}

/**
 * A request that is processed later than 1.5 times its time-out of 10 seconds is beyond what can be recovered from
 * (README, "Limits").
 */
const delay = fc.integer({ min: 1, max: 14_000 });
const fate = fc.constantFrom<Fate>("never done", "done", "done later");
const after = fc.nat(12);
/** Most commands write once, so what befalls a write need not wait for long. */
const beforeWrite = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, after);

const write = fc.constantFrom("rotate" as const, "revoke" as const);

export const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ after, kind: fc.constantFrom("killed" as const, "no answer" as const) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      after: beforeWrite,
      kind: fc.constantFrom("killed while writing" as const, "answer lost" as const),
      at: write,
      fate,
      delay,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      after: beforeWrite,
      kind: fc.constant("refused" as const),
      at: fc.oneof(write, fc.constant("lifetimes" as const)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      after: beforeWrite,
      kind: fc.constant("rate limited" as const),
      at: fc.oneof(write, fc.constant("list" as const)),
      seconds: fc.constantFrom(1, 30, 3_600),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      after,
      kind: fc.constant("stale JWKS" as const),
      requests: fc.constantFrom(1, 4, 40),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ after, kind: fc.constant("old list" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      after: beforeWrite,
      kind: fc.constant("slow list" as const),
      seconds: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      after,
      kind: fc.constantFrom("somebody rotates" as const, "somebody rotates just before" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ after, kind: fc.constant("somebody revokes" as const), which: fc.nat(5) }),
  },
);
