import type { JournalEntry } from "../support/emulator";
import type { Stack } from "../support/engine";
import { rotationOf } from "./program";
import type { TestTenant } from "./tenants";

/** The kids that were retired and revoked, in the order in which it happened. */
export function effectsOf(journal: readonly JournalEntry[]): { rotated: string[]; revoked: string[] } {
  const kids = (effect: "rotate" | "revoke"): string[] =>
    journal.flatMap((entry) => (entry.effect === effect && entry.kid !== undefined ? [entry.kid] : []));
  return { rotated: kids("rotate"), revoked: kids("revoke") };
}

/**
 * What must hold after every mishap: so many rotations and revocations and no more, each key revoked was retired and is
 * recorded as such, no retired key is forgotten, no kid comes twice, and nobody even tried to revoke a key in use.
 */
export async function expectExactlyOnce(
  tenant: TestTenant,
  stack: Stack,
  { rotations, revocations }: { rotations: number; revocations: number },
): Promise<void> {
  const journal = await tenant.journal();
  const { rotated, revoked } = effectsOf(journal);
  expect({ rotations: rotated.length, revocations: revoked.length }).toEqual({ rotations, revocations });
  expect(new Set(rotated).size).toBe(rotated.length);
  expect(new Set(revoked).size).toBe(revoked.length);

  const { retired, pending, generation, currentKey } = rotationOf(stack);
  expect(retired.map((key) => key.kid)).toEqual(rotated);
  expect(retired.filter((key) => key.revokedAt !== undefined).map((key) => key.kid)).toEqual(revoked);
  expect(new Set(retired.map((key) => key.generation)).size).toBe(retired.length);
  expect(pending).toEqual([]);
  expect(generation).toBeGreaterThanOrEqual(Math.max(0, ...retired.map((key) => key.generation)));
  expectNoRevocationOfAKeyInUse(journal);

  expect(currentKey.kid).toBe((await tenant.ring()).current);
}

/** Every revocation that was asked for, whatever came of it, names a key that had been retired by then. */
export function expectNoRevocationOfAKeyInUse(journal: readonly JournalEntry[]): void {
  const retired = new Set<string>();
  const ofKeysInUse: string[] = [];
  for (const { effect, kid, method, path } of journal) {
    const asked = method === "PUT" ? /\/keys\/signing\/([^/]+)\/revoke$/.exec(path)?.[1] : undefined;
    if (asked !== undefined && !retired.has(decodeURIComponent(asked))) ofKeysInUse.push(asked);
    if (effect === "rotate" && kid !== undefined) retired.add(kid);
  }
  expect(ofKeysInUse).toEqual([]);
}
