import { runCampaign } from "../campaign/campaign";

jest.setTimeout(180_000);

/** One whose kills fall before, between and after writes; `npm run campaign` has the others. */
const SEED = 3;
const KILLS = 3;

test(`a short campaign of ${KILLS} kills: each generation rotated once, nothing wrongly revoked, lost or leaked`, async () => {
  const said: string[] = [];
  const { figures, faults } = await runCampaign({
    kills: KILLS,
    seed: SEED,
    workers: 1,
    say: (line) => said.push(line),
  });
  expect([faults, said]).toEqual([[], expect.any(Array)]);
  expect(figures).toEqual({
    kills: KILLS,
    generations: figures.rotations,
    rotations: expect.any(Number) as number,
    doubleRotations: 0,
    wrongRevocations: 0,
    lostRecords: 0,
    secretsFound: 0,
  });
  expect(figures.rotations).toBeGreaterThan(0);
  expect(said.filter((line) => line.includes("SIGKILL to "))).toHaveLength(KILLS);
});
