import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { isUnknown, readDesired, type PropertyBag } from "../../src/lifecycle/inputs";
import { IntentLifecycle } from "../../src/lifecycle/intent";
import { RevocationLifecycle } from "../../src/lifecycle/revocation";
import { readRevocation } from "../../src/lifecycle/revocationInputs";
import { RotationLifecycle } from "../../src/lifecycle/rotation";
import { Runtime } from "../../src/lifecycle/runtime";
import { FakeClock } from "../unit/fakeClock";
import { anyDate, anyInputs, orAnything, secret, secretsIn, someDuration } from "./inputs";
import type { Target } from "./target";

/** What the check says, and what it shows on the stack. */
interface Checked {
  readonly inputs: unknown;
  readonly failures: readonly pulumi.dynamic.CheckFailure[];
  readonly shown: readonly string[];
}

type Check = (runtime: Runtime, olds: PropertyBag, news: PropertyBag) => Promise<pulumi.dynamic.CheckResult>;

async function checked(check: Check, olds: PropertyBag, news: PropertyBag): Promise<Checked> {
  const shown: string[] = [];
  const runtime = new Runtime(
    new FakeClock(),
    () => ({}),
    (line) => {
      shown.push(line);
      return Promise.resolve();
    },
  );
  const result = await check(runtime, olds, news);
  return { inputs: result.inputs as unknown, failures: result.failures ?? [], shown };
}

const kid = fc.constantFrom("a", "kid-of-a-key", " b ");
const text = orAnything(fc.constant("yearly"), fc.constantFrom("x".repeat(501), "  "));
const generation = orAnything(
  fc.oneof(fc.nat(9), fc.maxSafeInteger().map(Math.abs)),
  fc.oneof(fc.double(), fc.constantFrom("5", -1, 2 ** 53)),
);
const rotationInputs = {
  generation,
  revokePrevious: orAnything(fc.boolean()),
  gracePeriod: someDuration,
  jwksCacheAllowance: someDuration,
  revokeNow: orAnything(fc.record({ kid, reason: text })),
  verifyTimeout: someDuration,
  reason: text,
  expectedCurrentKid: orAnything(kid),
};
const date = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("2026-03-10T12:00:00.000Z", "2027-01-01T00:00:00Z") },
  { weight: 1, arbitrary: orAnything(anyDate) },
);
const listedKey = fc.oneof(
  kid,
  fc.record(
    { kid: orAnything(kid), retiredAt: date, revokeDueAt: date, revokedAt: date },
    { requiredKeys: ["kid", "retiredAt"] },
  ),
);
const url = orAnything(
  fc.webUrl({ validSchemes: ["https"], withQueryParameters: true }),
  fc.oneof(
    fc.webUrl({ validSchemes: ["http", "ftp"] }),
    secret.map((given) => `https://user:${given}@acme.com/`),
  ),
);
const canary = fc.record(
  {
    audience: orAnything(fc.constant("https://api.acme.com/")),
    url,
    expectedStatus: orAnything(fc.integer({ min: 200, max: 599 }), fc.nat(700)),
    timeout: someDuration,
  },
  { requiredKeys: ["audience", "url"] },
);
const revocationInputs = {
  retired: orAnything(fc.array(listedKey, { maxLength: 3 })),
  gracePeriod: someDuration,
  hold: orAnything(fc.boolean()),
  canaries: orAnything(fc.array(canary, { maxLength: 2 })),
  verifyTimeout: someDuration,
  reason: text,
};

/** A fault names what is wrong: in its property, or first in its words. */
function namesAProperty(
  { property, reason }: pulumi.dynamic.CheckFailure,
  names: readonly string[],
): boolean {
  return property === "" ? names.some((name) => reason.startsWith(name)) : names.includes(property);
}

function checkTarget(
  name: string,
  known: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  required: string,
  check: Check,
  read: (news: PropertyBag) => unknown,
): Target {
  const olds = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record({ [required]: fc.nat(9) }) },
  );
  return {
    name: `check of ${name}`,
    share: 130,
    property: (taken) =>
      fc.asyncProperty(olds, anyInputs(known), async (before, news) => {
        const first = await checked(check, before, news);
        assert.deepEqual(await checked(check, before, news), first, "it answers differently the second time");
        assert.deepEqual(secretsIn([first.failures, first.shown]), [], "a secret is shown");
        const names = [...Object.keys(news), required, "tenant", "no credentials"];
        const nameless = first.failures.filter((failure) => !namesAProperty(failure, names));
        assert.deepEqual(nameless, [], "a fault names no property");
        if (first.failures.length > 0) return;
        taken();
        if (!isUnknown(news[required])) read(news);
      }),
  };
}

/** Checks never throw, and what they let through can be read. */
export const CHECK_TARGETS: readonly Target[] = [
  checkTarget(
    "the intent",
    { ...rotationInputs, minKeyAge: someDuration },
    "generation",
    (runtime, olds, news) => new IntentLifecycle(runtime).check(olds, news),
    readDesired,
  ),
  checkTarget(
    "the rotation",
    rotationInputs,
    "generation",
    (runtime, olds, news) => new RotationLifecycle(runtime).check(olds, news),
    readDesired,
  ),
  checkTarget(
    "the revocation",
    revocationInputs,
    "retired",
    (runtime, olds, news) => new RevocationLifecycle(runtime).check(olds, news),
    readRevocation,
  ),
];
