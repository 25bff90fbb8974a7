import { converge } from "./convergence";
import type { Edit, History, Step } from "./history";
import { Story } from "./story";
import type { Trouble } from "./troubles";

/** Histories that random ones have found to break a rule, with what must have happened in them for the rule to matter. */
const FOUND: readonly { readonly name: string; readonly happens: string; readonly history: History }[] = [
  {
    name: "no key is revoked while the JWKS may not hold the keys in use, though somebody rotates after it was read",
    happens: "somebody rotates at JWKS",
    history: historyOf(
      up({ raise: 1 }),
      { do: "wait", milliseconds: "until due" },
      up(
        { revokePrevious: true },
        { after: 11, kind: "somebody rotates" },
        { after: 0, kind: "stale JWKS", requests: 1 },
      ),
    ),
  },
  {
    name: "nor is it asked for again, where a rotation that was under way ends before the answer to the first request",
    happens: "answer lost at revoke",
    history: historyOf(
      up(
        { raise: 1, revokeNow: 1 },
        { after: 0, kind: "somebody rotates just before" },
        { after: 0, kind: "answer lost", at: "rotate", fate: "done later", delay: 8_000 },
        { after: 0, kind: "answer lost", at: "revoke", fate: "done later", delay: 10_000 },
      ),
    ),
  },
  {
    name: "a list from before an earlier rotation, while the ring is watched, is not taken for the rotation that was under way",
    happens: "old list at list",
    history: historyOf(
      up({ raise: 1 }),
      up(
        { raise: 1 },
        { after: 0, kind: "killed while writing", at: "rotate", fate: "done later", delay: 1 },
      ),
      up({ raise: 1 }, { after: 0, kind: "old list" }),
    ),
  },
  {
    name: "a key that the list still shows as current is not taken as retired when it became current",
    happens: "slow list at rotate",
    history: historyOf(
      up({ raise: 1 }),
      up(
        { raise: 1, verifyTimeout: "2s" },
        { after: 0, kind: "answer lost", at: "rotate", fate: "never done", delay: 1 },
        { after: 0, kind: "slow list", seconds: 4 },
      ),
    ),
  },
];

test.each(FOUND)("$name", async ({ happens, history }) => {
  const story = new Story(history, () => undefined);
  for (const step of history.steps) await story.take(step);
  expect(story.happened(happens)).toBe(true);
  await converge(story);
});

function historyOf(...steps: Step[]): History {
  return {
    kind: "rotation",
    program: {
      generation: 0,
      revokePrevious: false,
      gracePeriod: "10m",
      minKeyAge: "0s",
      verifyTimeout: "60s",
      listed: [],
    },
    tenant: { datesListed: "both", revokedListed: undefined, rotationsPerDay: 0, accessTokenSeconds: 86_400 },
    aheadMilliseconds: 0,
    steps,
  };
}

function up(edit: Partial<Edit>, ...troubles: Trouble[]): Step {
  const nothing: Edit = {
    raise: 0,
    revokePrevious: undefined,
    gracePeriod: undefined,
    revokeNow: undefined,
    minKeyAge: undefined,
    expectedCurrentKid: undefined,
    verifyTimeout: undefined,
    listed: undefined,
  };
  return { do: "up", edit: { ...nothing, ...edit }, troubles, part: "all", revertsIfRefused: true };
}
