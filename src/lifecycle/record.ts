import type { PendingStep, Recorded, RetiredKey } from "./state";

/**
 * Adds a key that has just been retired; a key is on record once. One that is on record as retired already was taken for
 * it too early, by a list that was out of date: its time counts from now.
 */
export function withRetired(recorded: Recorded, key: RetiredKey): Recorded {
  const others = recorded.retired.filter(({ kid }) => kid !== key.kid);
  const known = recorded.retired.find(({ kid }) => kid === key.kid);
  return known?.revokedAt === undefined ? { ...recorded, retired: [...others, key] } : recorded;
}

export function withRevoked(recorded: Recorded, kid: string, revokedAt: string): Recorded {
  return {
    ...recorded,
    retired: recorded.retired.map((key) => (key.kid === kid ? { ...key, revokedAt } : key)),
  };
}

/** Opens a verification: of a rotation only the latest, of a revocation one for each key. */
export function withPending(recorded: Recorded, step: PendingStep): Recorded {
  return { ...recorded, pending: [...withoutPending(recorded, step).pending, step] };
}

/** Ends a verification. */
export function withoutPending(
  recorded: Recorded,
  { step, kid }: Pick<PendingStep, "step" | "kid">,
): Recorded {
  const ended = (open: PendingStep): boolean =>
    open.step === step && (step === "verify-rotation" || open.kid === kid);
  return { ...recorded, pending: recorded.pending.filter((open) => !ended(open)) };
}
