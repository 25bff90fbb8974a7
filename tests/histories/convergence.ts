import type { RevocationOutputs } from "../../src/lifecycle/revocation";
import type { RotationOutputs } from "../../src/lifecycle/state";
import type { Ending, Story } from "./story";

/** Longer than any grace period of a history. */
const LONG_AFTER = 40 * 24 * 3_600_000;
const UPDATES_AT_MOST = 4;

/** Lets the failures end and time pass, updates as somebody would, and asserts that what was asked for holds. */
export async function converge(story: Story): Promise<void> {
  const { auth0 } = story;
  auth0.advance(LONG_AFTER);
  auth0.calm();
  correct(story);
  await updateAsAdvised(story);
  await finish(story);
  await rotateOnceMore(story);
  await finish(story);
}

/** Takes out of the program what can't be, or says no more. */
function correct(story: Story): void {
  const { program, auth0 } = story;
  const isPrevious = (kid: string): boolean => auth0.statusOf(kid) === "previous";
  story.program = {
    generation: program.generation,
    revokePrevious: program.revokePrevious,
    gracePeriod: program.gracePeriod ?? "1h",
    minKeyAge: "0s",
    verifyTimeout: "60s",
    listed: program.listed.filter(isPrevious),
    revokeNow:
      program.revokeNow !== undefined && isPrevious(program.revokeNow.kid) ? program.revokeNow : undefined,
  };
}

/** An update that must succeed, the remedies of a refusal followed. */
async function updateAsAdvised(story: Story): Promise<void> {
  for (let updates = 1; ; updates += 1) {
    await must(story, story.refresh());
    const ending = await story.up();
    if (ending.kind === "done") return;
    if (ending.kind === "killed" || updates === UPDATES_AT_MOST) return notCarriedOut(story, ending);
    const { generation } = story.program;
    const { intent, rotation } = story.state;
    const highest = Math.max(
      ...[intent, rotation].map((resource) => Number(resource?.inputs["generation"] ?? 0)),
    );
    if (ending.codes.includes("generation_lowered") || (ending.kind === "refused" && highest > generation))
      story.program = { ...story.program, generation: highest };
    else if (ending.codes.includes("wrong_tenant"))
      story.program = { ...story.program, generation: Math.max(highest, generation) + 1 };
    // A key that is written out is not revoked in the update that finds it retired, but in the next one.
    else if (!ending.codes.includes("no_grace_period")) return notCarriedOut(story, ending);
  }
}

function notCarriedOut(story: Story, ending: Ending): never {
  story.fail(`the program is not carried out: ${JSON.stringify(ending)}`);
}

/** Time passes until everything is due and done; then there is nothing left to do. */
async function finish(story: Story): Promise<void> {
  story.auth0.advance(LONG_AFTER);
  await must(story, story.refresh());
  await must(story, story.up());
  await must(story, story.refresh());
  const planned = await story.plan();
  if (planned.some((action) => action !== "same"))
    story.fail(`there is still something to do: ${planned.join()}`);
  assertDone(story);
}

function assertDone(story: Story): void {
  const { auth0, program, state } = story;
  const { generation, currentKey, nextKey, previousKeys, retired, pending } = state.rotation
    ?.outputs as unknown as RotationOutputs;
  const revocation = state.revocation?.outputs as RevocationOutputs | undefined;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) story.fail(`in the end ${what}`);
  };
  expect(generation === program.generation, `the generation is ${generation}`);
  expect(currentKey.kid === auth0.currentKid(), `${currentKey.kid} is on record as current`);
  expect(nextKey?.kid === auth0.kids("next")[0], `${nextKey?.kid ?? "none"} is on record as next`);
  const previous = auth0.kids("previous");
  expect(
    previousKeys.map(({ kid }) => kid).join() === previous.join(),
    `${previousKeys.map(({ kid }) => kid).join()} are on record as previous`,
  );
  const open = [...pending, ...(revocation?.pending ?? [])];
  expect(open.length === 0, `this is pending: ${JSON.stringify(open)}`);
  if (program.revokeNow !== undefined)
    expect(auth0.statusOf(program.revokeNow.kid) === "revoked", "what was named is not revoked");
  if (!program.revokePrevious) return;
  const toRevoke = story.isListed ? program.listed : retired.map(({ kid }) => kid);
  const valid = toRevoke.filter((kid) => previous.includes(kid));
  expect(valid.length === 0, `${valid.join()} should be revoked`);
}

async function rotateOnceMore(story: Story): Promise<void> {
  const { auth0, program } = story;
  const current = auth0.currentKid();
  const writes = auth0.writes.length;
  story.program = { ...program, generation: program.generation + 1 };
  await must(story, story.up());
  const rotations = auth0.writes.slice(writes).filter(({ kind }) => kind === "rotate");
  if (rotations.map(({ kid }) => kid).join() !== current) story.fail("one more raise did not rotate once");
}

async function must(story: Story, command: ReturnType<Story["up"]>): Promise<void> {
  const ending = await command;
  if (ending.kind !== "done") story.fail(`it failed without a reason: ${JSON.stringify(ending)}`);
}
