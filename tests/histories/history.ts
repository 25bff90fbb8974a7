import fc from "fast-check";
import type { Program, ProgramKind } from "./programStack";
import type { TenantSettings } from "./simulatedAuth0";
import { trouble, type Trouble } from "./troubles";

const HOUR = 3_600_000;

/** What somebody changes in the program before a command; what is left out stays. */
export interface Edit {
  readonly raise: number;
  readonly revokePrevious: boolean | undefined;
  readonly gracePeriod: string | undefined;
  readonly revokeNow: Choice | "nothing" | "unknown" | undefined;
  readonly minKeyAge: string | undefined;
  readonly expectedCurrentKid: "right" | "wrong" | "none" | undefined;
  readonly verifyTimeout: string | undefined;
  /** The keys of a program that writes them out. */
  readonly listed: readonly Choice[] | undefined;
}

/** A key of the ring, by its place in it. */
export type Choice = number;

export type Step =
  | {
      readonly do: "up";
      readonly edit: Edit;
      readonly troubles: readonly Trouble[];
      readonly part: UpPart;
      readonly revertsIfRefused: boolean;
    }
  | { readonly do: "preview"; readonly edit: Edit }
  | { readonly do: "refresh"; readonly troubles: readonly Trouble[] }
  | { readonly do: "wait"; readonly milliseconds: number | "until due" }
  | { readonly do: "somebody rotates" }
  | { readonly do: "somebody revokes"; readonly which: Choice }
  | { readonly do: "lifetime"; readonly seconds: number }
  | { readonly do: "restore"; readonly back: number }
  | { readonly do: "destroy"; readonly troubles: readonly Trouble[] };

/** All of an update, an update after a refresh, or with `--target` the rotation alone. */
export type UpPart = "all" | "refresh first" | "rotation alone";

export interface History {
  readonly kind: ProgramKind;
  readonly program: Program;
  readonly tenant: TenantSettings;
  /** How much the machine's clock is ahead of the tenant's. */
  readonly aheadMilliseconds: number;
  readonly steps: readonly Step[];
}

/** Left alone, or else, once in so many times, this. */
function onceIn<T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: times - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary },
  );
}

const gracePeriod = fc.constantFrom("10m", "1h", "26h", "auto");
const lifetime = fc.constantFrom(600, 86_400, 2_592_000);
const choice = fc.nat(7);
const edit: fc.Arbitrary<Edit> = fc.record({
  raise: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 5, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.constant(-1) },
    { weight: 2, arbitrary: fc.integer({ min: -3, max: 4 }) },
  ),
  revokePrevious: onceIn(3, fc.boolean()),
  gracePeriod: onceIn(3, fc.oneof({ weight: 4, arbitrary: gracePeriod }, fc.constant("none"))),
  revokeNow: onceIn(
    8,
    fc.oneof({ weight: 6, arbitrary: choice }, fc.constantFrom("nothing" as const, "unknown" as const)),
  ),
  minKeyAge: onceIn(12, fc.constantFrom("0s", "1h")),
  expectedCurrentKid: onceIn(12, fc.constantFrom("none" as const, "right" as const, "wrong" as const)),
  verifyTimeout: onceIn(6, fc.constantFrom("60s", "2s")),
  listed: onceIn(2, fc.array(choice, { maxLength: 3 })),
});

const troubles = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(trouble, { minLength: 1, maxLength: 3 }) },
);

const up: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("up" as const),
  edit,
  troubles,
  part: fc.oneof(
    { weight: 8, arbitrary: fc.constant<UpPart>("all") },
    { weight: 1, arbitrary: fc.constantFrom<UpPart>("refresh first", "rotation alone") },
  ),
  revertsIfRefused: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
});
const wait: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("wait" as const),
  milliseconds: fc.oneof(
    fc.nat(20_000),
    fc.nat(2 * HOUR),
    fc.nat(80 * HOUR),
    fc.constant("until due" as const),
  ),
});
const others: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("preview" as const), edit }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("refresh" as const), troubles }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("somebody rotates" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("somebody revokes" as const), which: choice }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("lifetime" as const),
      seconds: lifetime,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restore" as const), back: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("destroy" as const), troubles }) },
);
/** What an update leaves for later, another does once it is due: left to chance, few histories would revoke. */
const upWhenDue: fc.Arbitrary<Step[]> = up.map((step) => [
  { do: "wait" as const, milliseconds: "until due" as const },
  step,
]);
const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: up.map((step) => [step]) },
      { weight: 2, arbitrary: upWhenDue },
      { weight: 2, arbitrary: wait.map((step) => [step]) },
      { weight: 3, arbitrary: others.map((step) => [step]) },
    ),
    { minLength: 3, maxLength: 11, size: "max" },
  )
  .map((parts) => parts.flat());

export const history: fc.Arbitrary<History> = fc.record({
  kind: fc.constantFrom<ProgramKind>("rotation", "rotation", "rollover", "revocation", "list"),
  program: fc.record({
    generation: fc.nat(2),
    revokePrevious: fc.boolean(),
    gracePeriod,
    minKeyAge: fc.constant("0s"),
    verifyTimeout: fc.constant("60s"),
    listed: fc.constant([]),
  }),
  tenant: fc.record({
    datesListed: fc.constantFrom("both" as const, "both" as const, "since" as const, "none" as const),
    revokedListed: fc.constantFrom(undefined, undefined, 3),
    rotationsPerDay: fc.constantFrom(0, 0, 0, 5),
    accessTokenSeconds: lifetime,
  }),
  aheadMilliseconds: fc.constantFrom(0, 0, 2 * HOUR, -2 * HOUR),
  steps,
});
