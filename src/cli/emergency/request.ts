import type { Duration } from "../../duration";
import { PROGRAM } from "../output";
import type { Compromised } from "./receipt";

/** What the command line asks for. */
export interface EmergencyRequest {
  /** The tenant's domain. */
  tenant: string;
  compromised: Compromised;
  reason: string;
  /** The compromised keys by name, in the order in which they are retired; none if they are what is current and next now. */
  kid: readonly string[];
  receipt?: string;
  dryRun?: boolean;
  ignoreBudget?: boolean;
  yes?: boolean;
  verifyTimeout: Duration;
}

/** The command that asks for the same with these changes, to be pasted into a shell. */
export function commandFor(
  request: EmergencyRequest,
  changes: Partial<Pick<EmergencyRequest, "compromised" | "kid" | "receipt">>,
): string {
  const { tenant, compromised, reason, kid, receipt, dryRun, ignoreBudget } = { ...request, ...changes };
  const words = [PROGRAM, "emergency", "--tenant", tenant, "--compromised", compromised, "--reason", reason];
  for (const each of kid) words.push("--kid", each);
  if (receipt !== undefined) words.push("--receipt", receipt);
  if (ignoreBudget === true) words.push("--ignore-budget");
  // Whoever only wanted to look gets commands that only look.
  if (dryRun === true) words.push("--dry-run");
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
