import fc from "fast-check";
import { converge } from "./convergence";
import { history } from "./history";
import { Story } from "./story";

jest.setTimeout(600_000);

/** `HISTORIES_SEED` and `HISTORIES_PATH`, which a failure prints as `seed` and `path`, tell the same history again. */
const { HISTORIES = "5000", HISTORIES_SEED, HISTORIES_PATH } = process.env;
const RUNS = Number(HISTORIES);

/** How often in a thousand histories each of these happens at least: what never happens proves nothing. */
const AT_LEAST: Readonly<Record<string, number>> = {
  "rotate by us": 1_500,
  "revoke by us": 500,
  "revoke by us, named": 60,
  "rotate by somebody": 150,
  "revoke by somebody": 60,
  killed: 200,
  "killed while writing (rotate, done)": 10,
  "killed while writing (rotate, done later)": 10,
  "killed while writing (rotate, never done)": 10,
  "answer lost (rotate, done)": 10,
  "answer lost (rotate, done later)": 10,
  "answer lost (rotate, never done)": 10,
  "killed while writing": 50,
  "answer lost": 50,
  "no answer": 150,
  refused: 30,
  "rate limited": 150,
  "stale JWKS": 15,
  "slow list": 15,
  "old list": 15,
  "rotation found done": 40,
  "rotations crossed": 5,
  "ring watched": 150,
  "raise taken back": 4,
  "state lost": 200,
  "checkpoint restored": 25,
  "destroy done": 50,
  "up done": 3_000,
  "up failed": 200,
  "up refused": 500,
  "refresh done": 3_000,
  "preview done": 1_000,
};

test("whatever happens, no rule is broken, and in the end what was asked for holds", async () => {
  const counts = new Map<string, number>();
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  await fc.assert(
    fc.asyncProperty(history, async (told) => {
      const story = new Story(told, count);
      for (const step of told.steps) await story.take(step);
      await converge(story);
      for (const { kind, kid, ask } of story.auth0.writes) {
        count(`${kind} by ${ask === undefined ? "somebody" : "us"}`);
        const named = (ask?.call.news["revokeNow"] as { kid: string } | undefined)?.kid;
        if (kind === "revoke" && named === kid) count("revoke by us, named");
      }
    }),
    {
      numRuns: RUNS,
      ...(HISTORIES_SEED !== undefined && { seed: Number(HISTORIES_SEED) }),
      ...(HISTORIES_PATH !== undefined && { path: HISTORIES_PATH }),
    },
  );
  const times = (...names: string[]): number => names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
  const figures = {
    "histories-run": RUNS,
    "histories-updates": times("up done", "up failed", "up refused", "up killed"),
    "histories-rotations": times("rotate by us"),
    "histories-revocations": times("revoke by us"),
    "histories-kills": times("killed", "killed while writing"),
    "histories-answers-lost": times("answer lost", "no answer"),
    "histories-writes-by-others": times("rotate by somebody", "revoke by somebody"),
  };
  process.stdout.write(`histories: ${JSON.stringify(Object.fromEntries([...counts].sort()))}\n`);
  for (const [name, figure] of Object.entries(figures)) process.stdout.write(`figure: ${name} ${figure}\n`);
  // Fewer say little of how often something happens.
  if (RUNS < 1_000 || HISTORIES_PATH !== undefined) return;
  const rare = Object.entries(AT_LEAST).filter(([name, least]) => times(name) < (least * RUNS) / 1_000);
  expect(rare.map(([name]) => `${name}: ${times(name)}`)).toEqual([]);
});
