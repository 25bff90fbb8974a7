import * as pulumi from "@pulumi/pulumi";
import type { SigningKeys } from "pulumi-auth0-signing-keys";

/** Auth0's limit, on every plan. */
const ROTATIONS_A_DAY = 5;
/** What it takes if the next key is compromised as well. */
const ROTATIONS_OF_AN_EMERGENCY = 2;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * Says how many of the day's rotations are left, as a warning if two are not. Each rotation makes one key current, so the
 * ring's dates tell; but not of keys that Auth0 lists no longer, nor how exactly Auth0 counts a day.
 */
export function sayRotationBudget({ domain, observedAt, current, previous, revoked }: SigningKeys): void {
  const dayAgo = Date.parse(observedAt) - DAY_MILLISECONDS;
  const made = [current, ...previous, ...revoked].filter(
    ({ since }) => since !== undefined && Date.parse(since) > dayAgo,
  ).length;
  const left = Math.max(ROTATIONS_A_DAY - made, 0);
  const message = `${domain}: rotations in the last 24 hours: ${made} at least, so ${left} of Auth0's ${ROTATIONS_A_DAY} a day are left at most`;
  if (left < ROTATIONS_OF_AN_EMERGENCY) void pulumi.log.warn(message);
  else void pulumi.log.info(message);
}
