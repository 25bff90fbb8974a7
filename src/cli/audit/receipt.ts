import { existsSync } from "node:fs";
import { FILE_VARIABLE } from "../../audit/trail";
import type { AuditReceipt } from "../../audit/receipt";
import type { Clock } from "../../clock";
import { inWords } from "../../duration";
import { SigningKeyError } from "../../errors";
import type { Environment, Output } from "../output";
import { codeInMarkdown, inMarkdown, linkInMarkdown, tableInMarkdown } from "./markdown";
import { readReceipts } from "./receiptFiles";
import { readStackExport, type RecordedTenant } from "./stackExport";

export interface ReceiptRequest {
  /** What `pulumi stack export` printed; `-` for standard input. */
  state?: string;
  /** The receipts of the run; by default where the environment has them written. */
  audit?: string;
}

interface Surroundings {
  environment: Environment;
  output: Output;
  clock: Clock;
  stdin: NodeJS.ReadableStream;
}

/** Sums up a stack and a run for a pull request or a job: no request, and nothing is written. */
export async function receipt(
  { state, audit }: ReceiptRequest,
  { environment, output, clock, stdin }: Surroundings,
): Promise<void> {
  const kept = environment[FILE_VARIABLE] || undefined;
  const file = audit ?? kept;
  if (state === undefined && file === undefined) {
    throw new SigningKeyError("invalid_input", {
      attempt: "summing up a run",
      observation: "there is neither a state nor a file of receipts",
      remedy: `give --state or --audit, or set ${FILE_VARIABLE}`,
    });
  }
  const tenants = state === undefined ? [] : await readStackExport(state, stdin);
  // A run that attempts nothing leaves no file.
  const receipts = file === undefined || (audit === undefined && !existsSync(file)) ? [] : readReceipts(file);
  const attempts = attemptsOf(receipts);
  const now = clock.now();
  const parts = [
    ...tenants.map((tenant) => describeTenant(tenant, now)),
    ...(state !== undefined && tenants.length === 0
      ? ["No signing keys are managed by this stack yet."]
      : []),
    ...(attempts.length > 0 ? [describeAttempts(attempts)] : []),
    ...(file !== undefined && attempts.length === 0
      ? ["There are no receipts of this run: it asked Auth0 to change nothing, or they were not delivered."]
      : []),
  ];
  output.result(parts.join("\n\n"), { tenants: tenants.map((tenant) => forPrograms(tenant, now)), attempts });
}

/** What came of each attempt; of one that was begun and not ended, that it was begun. */
function attemptsOf(receipts: readonly AuditReceipt[]): AuditReceipt[] {
  const ended = new Set(receipts.filter(({ outcome }) => outcome !== "begun").map(({ attempt }) => attempt));
  return receipts.filter(({ attempt, outcome }) => outcome !== "begun" || !ended.has(attempt));
}

function forPrograms({ domain, rotation, due, pending }: RecordedTenant, now: Date): object {
  return {
    domain,
    ...(rotation && {
      generation: rotation.generation,
      currentKid: rotation.currentKey.kid,
      currentSince: rotation.currentKey.since,
      nextKid: rotation.nextKey?.kid,
      recordedAt: rotation.observedAt,
      recordedSecondsAgo: Math.round(age(rotation.observedAt, now) / 1000),
      reason: rotation.reason,
      foreign: rotation.foreign,
    }),
    due,
    pending,
  };
}

function age(at: string, now: Date): number {
  return Math.max(now.getTime() - Date.parse(at), 0);
}

function describeTenant({ domain, rotation, due, pending }: RecordedTenant, now: Date): string {
  const lines = [`### Signing keys of ${codeInMarkdown(domain)}`];
  if (rotation !== undefined) {
    const { currentKey, nextKey, generation, reason, foreign, observedAt } = rotation;
    const since = currentKey.since === undefined ? "" : ` since ${currentKey.since}`;
    lines.push(
      `Generation ${generation}${reason === undefined ? "" : ` (${inMarkdown(reason)})`}: current key ${codeInMarkdown(currentKey.kid)}${since}${nextKey === undefined ? "" : `, next ${codeInMarkdown(nextKey.kid)}`}.`,
      `The ring as recorded: last seen to change ${inWords(age(observedAt, now))} ago, at ${observedAt}.`,
      ...(foreign.length > 0
        ? [`Retired by somebody else and valid still: ${foreign.map(codeInMarkdown).join(", ")}.`]
        : []),
    );
  }
  lines.push(
    ...due.map(
      ({ kid, revokeDueAt }) => `- ${codeInMarkdown(kid)} is to be revoked ${whenDue(revokeDueAt, now)}.`,
    ),
    ...pending.map(
      ({ step, kid, since }) =>
        `- Not finished: ${inMarkdown(step)} of ${codeInMarkdown(kid)}, since ${since}.`,
    ),
  );
  return lines.join("\n\n");
}

function whenDue(due: string | undefined, now: Date): string {
  if (due === undefined) return "by the next update";
  const left = Date.parse(due) - now.getTime();
  return left > 0
    ? `from ${due} on (in ${inWords(left)})`
    : `by the next update: it has been due since ${due}`;
}

/** What an outcome is for the reader; `begun` is that of a run that ended at it. */
const OUTCOMES: Readonly<Record<AuditReceipt["outcome"], string>> = {
  begun: "no answer on record",
  done: "done",
  failed: "failed",
  unknown: "outcome unknown",
};

function describeAttempts(attempts: readonly AuditReceipt[]): string {
  return [
    "### What this run attempted",
    tableInMarkdown(
      ["what", "key", "outcome", "when", "who", "why"],
      attempts.map(({ action, kid, outcome, code, at, by, commit, run, reason }) => [
        action,
        kid === undefined ? "" : codeInMarkdown(kid),
        code === undefined ? OUTCOMES[outcome] : `${OUTCOMES[outcome]} (${codeInMarkdown(code)})`,
        at,
        [
          linkInMarkdown(by, run),
          ...(commit === undefined ? [] : [codeInMarkdown(commit.slice(0, 12))]),
        ].join(" at "),
        inMarkdown(reason ?? ""),
      ]),
    ),
  ].join("\n\n");
}
