/** What a check came to. A warning is no reason to stop, a failure is. */
export interface Finding {
  /** What was looked at. */
  check: string;
  outcome: "ok" | "warn" | "fail";
  observation: string;
  /** What to do; none where everything is fine. */
  remedy?: string;
}

export function ok(check: string, observation: string): Finding {
  return { check, outcome: "ok", observation };
}

export function warn(check: string, observation: string, remedy: string): Finding {
  return { check, outcome: "warn", observation, remedy };
}

export function fail(check: string, observation: string, remedy: string): Finding {
  return { check, outcome: "fail", observation, remedy };
}
