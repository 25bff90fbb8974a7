import fc from "fast-check";
import { ANSWER_TARGETS } from "./answerTargets";
import { CHECK_TARGETS } from "./checkTargets";
import { TEXT_TARGETS } from "./textTargets";

jest.setTimeout(300_000);

/** How many inputs in all; `FUZZ_SEED` and `FUZZ_PATH`, which a failure prints, repeat it. */
const { FUZZ_INPUTS = "24000", FUZZ_SEED, FUZZ_PATH } = process.env;
const TARGETS = [...CHECK_TARGETS, ...TEXT_TARGETS, ...ANSWER_TARGETS];
const tried = new Map<string, number>();

test.each(TARGETS)("$name takes any input", async ({ name, share, property }) => {
  let taken = 0;
  const countTaken = (): void => {
    taken += 1;
  };
  const details = await fc.check(property(countTaken), {
    numRuns: Math.ceil((Number(FUZZ_INPUTS) * share) / 1_000),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
    ...(FUZZ_PATH !== undefined && { path: FUZZ_PATH }),
  });
  tried.set(name, details.numRuns);
  if (details.failed) throw new Error(await fc.asyncDefaultReportMessage(details));
  // Inputs that were all refused would say little; one that is repeated may be.
  if (FUZZ_PATH === undefined) expect(taken).toBeGreaterThan(details.numRuns / 20);
});

afterAll(() => {
  const inputs = [...tried.values()].reduce((sum, count) => sum + count, 0);
  const counts = [...tried].map(([name, count]) => `${name} ${count}`);
  process.stdout.write(`fuzzed: ${counts.join(", ")}\nfigure: inputs-fuzzed ${inputs}\n`);
});
