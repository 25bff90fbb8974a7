import type { Clock } from "../clock";

/** How a wait is watched and bounded. */
export interface WaitOptions {
  clock: Clock;
  /** Milliseconds after which to give up. */
  deadline: number;
  /** Called after two seconds and then every ten, with the seconds waited. */
  say: (message: string) => void;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 2_000;

/**
 * Asks until there is an answer, at growing intervals of at most two seconds.
 * @param subject what is waited for, in words: `the new key in the JWKS`
 * @param probe answers `undefined` for "not yet"; what it throws ends the wait
 * @returns the answer, or `undefined` once the deadline has passed
 */
export async function waitUntil<T>(
  subject: string,
  probe: () => Promise<T | undefined>,
  { clock, deadline, say }: WaitOptions,
): Promise<T | undefined> {
  const start = clock.now().getTime();
  let saidAfter = 2_000;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    const waited = clock.now().getTime() - start;
    if (waited >= deadline) return undefined;
    if (waited >= saidAfter) {
      say(
        `waiting for ${subject} (${Math.round(waited / 1000)} s of at most ${Math.round(deadline / 1000)} s)`,
      );
      saidAfter = waited + 10_000;
    }
    await clock.sleep(Math.min(pause, Math.max(deadline - waited, 1)));
  }
}
