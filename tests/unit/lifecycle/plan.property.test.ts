import fc from "fast-check";
import { plan, type Step } from "../../../src/lifecycle/plan";
import { parseKeyRing, type KeyRing } from "../../../src/tenant/keyRing";
import { desiredOf, DOMAIN, NOW } from "../keyRingOf";
import { anyKid, readableListing, unlessRefused } from "../listings";

const OBSERVED_AT = new Date(NOW);
const RUNS = 2_000;

const anyTime = fc.constantFrom("2026-03-01T00:00:00.000Z", NOW, "2026-04-01T00:00:00.000Z");
const anyRetired = fc.record(
  { kid: anyKid, generation: fc.nat(9), retiredAt: anyTime, revokeDueAt: anyTime, revokedAt: anyTime },
  { requiredKeys: ["kid", "generation", "retiredAt"] },
);
const anyPending = fc.record({
  step: fc.constantFrom("verify-rotation" as const, "verify-revocation" as const),
  kid: anyKid,
  since: anyTime,
});
const anyName = fc.record({ kid: anyKid, reason: fc.constant("leaked") });

/** Any ring, any record and any wish, however little they fit together. */
const anySituation = fc.record({
  listing: readableListing,
  recorded: fc.record(
    {
      generation: fc.nat(5),
      retired: fc.uniqueArray(anyRetired, { selector: (key) => key.kid }),
      pending: fc.array(anyPending),
      revokeNow: anyName,
    },
    { requiredKeys: ["generation", "retired", "pending"] },
  ),
  desired: fc
    .record(
      {
        generation: fc.nat(9),
        revokePrevious: fc.boolean(),
        baselines: fc.array(fc.record({ generation: fc.nat(9), from: fc.nat(9), kid: anyKid, at: anyTime })),
        gracePeriod: fc.constantFrom("1s", "24h", "90d"),
        revokeNow: anyName,
      },
      { requiredKeys: ["generation", "revokePrevious", "baselines"] },
    )
    .map(desiredOf),
  thisUpdate: fc.record({
    retired: fc.array(anyKid).map((kids) => new Set<string>(kids)),
    crossed: fc.oneof(fc.boolean(), { weight: 4, arbitrary: fc.constant(false) }),
  }),
});
type Situation = typeof anySituation extends fc.Arbitrary<infer T> ? T : never;

/** Checks a rule for every situation whose plan revokes something, and that there are many of them. */
function forEveryRevocation(
  rule: (
    revoke: Extract<Step, { kind: "revoke" }>,
    context: Situation & { ring: KeyRing; steps: Step[] },
  ) => void,
): void {
  let revocations = 0;
  fc.assert(
    fc.property(anySituation, (situation) => {
      const { listing, recorded, desired, thisUpdate } = situation;
      const ring = parseKeyRing(listing, DOMAIN, OBSERVED_AT);
      const steps = unlessRefused(() => plan(ring, recorded, desired, OBSERVED_AT, thisUpdate)) ?? [];
      for (const step of steps) {
        if (step.kind !== "revoke") continue;
        revocations += 1;
        rule(step, { ...situation, ring, steps });
      }
    }),
    { numRuns: RUNS },
  );
  expect(revocations).toBeGreaterThan(RUNS / 40);
}

test("a key classified current is never offered for revocation, unless the same plan rotates it out first, by name", () => {
  forEveryRevocation((revoke, { ring, steps, desired }) => {
    if (revoke.kid !== ring.current.kid) return;
    const before = steps.slice(0, steps.indexOf(revoke));
    expect(before).toContainEqual({ kind: "rotate", generation: desired.generation, kid: revoke.kid });
    expect(revoke.cause).toBe("revokeNow");
    expect(desired.revokeNow?.kid).toBe(revoke.kid);
  });
});

test("neither the next key nor a revoked nor an unlisted one is ever offered for revocation", () => {
  forEveryRevocation(({ kid }, { ring }) => {
    expect([ring.current, ...ring.previous].map((key) => key.kid)).toContain(kid);
  });
});

test("the flag revokes only keys on record as retired by this resource, only if it is set, and none that this update retired", () => {
  forEveryRevocation(({ kid, cause }, { recorded, desired, thisUpdate }) => {
    if (cause !== "due") return;
    expect(desired.revokePrevious).toBe(true);
    expect(recorded.retired.find((key) => key.kid === kid)).toMatchObject({ kid });
    expect(thisUpdate.retired).not.toContain(kid);
  });
});

test("no key is revoked twice in a plan, and none after two rotations crossed", () => {
  forEveryRevocation(({ kid }, { steps, thisUpdate }) => {
    expect(steps.filter((step) => step.kind === "revoke" && step.kid === kid)).toHaveLength(1);
    expect(thisUpdate.crossed).toBe(false);
  });
});
