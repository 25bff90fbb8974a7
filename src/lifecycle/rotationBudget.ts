import type { KeyRing } from "../tenant/keyRing";

const DAY = 24 * 60 * 60 * 1000;

/** Auth0's limit, on every plan. */
export const ROTATIONS_A_DAY = 5;

/** What the ring's dates tell of the day's rotations. */
export interface RotationBudget {
  /** In the last 24 hours; it may have been more, since Auth0 may list some keys no longer. */
  used: number;
  /** Of Auth0's five, at most; how Auth0 counts a day isn't documented. */
  left: number;
  /** When so many are left, if the count is right; now or in the past if they are. */
  availableAt: (rotations: number) => Date;
}

/** Each rotation makes one key current, so the dates since when keys are current tell. */
export function rotationBudget({ current, previous, revoked, observedAt }: KeyRing): RotationBudget {
  const rotations = [current, ...previous, ...revoked]
    .flatMap(({ since }) => (since === undefined ? [] : [Date.parse(since)]))
    .filter((at) => at > observedAt.getTime() - DAY)
    .sort((one, other) => one - other);
  return {
    used: rotations.length,
    left: Math.max(ROTATIONS_A_DAY - rotations.length, 0),
    availableAt: (needed) => {
      const last = rotations[rotations.length - (ROTATIONS_A_DAY - needed) - 1];
      return last === undefined ? observedAt : new Date(last + DAY);
    },
  };
}

/** `of Auth0's 5 a day 4 are left at most` */
export function rotationsLeft({ left }: RotationBudget): string {
  return `of Auth0's ${ROTATIONS_A_DAY} a day ${left} ${left === 1 ? "is" : "are"} left at most`;
}
