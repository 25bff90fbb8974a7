import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import * as v from "valibot";
import { auditReceiptSchema, type AuditReceipt } from "../../audit/receipt";
import { SigningKeyError } from "../../errors";

/**
 * The receipts in a file, or in every `.jsonl` file of a folder and what is in it.
 * @throws SigningKeyError `receipt_unusable`, with every line that is none
 */
export function readReceipts(place: string): AuditReceipt[] {
  const attempt = `reading the receipts in ${place}`;
  try {
    const files = statSync(place).isDirectory()
      ? readdirSync(place, { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith(".jsonl"))
          .sort()
          .map((name) => path.join(place, name))
      : [place];
    if (files.length === 0) throw unusable(attempt, "there is no .jsonl file in it");
    const read = files.flatMap(linesOf);
    const faults = read.flatMap(({ fault }) => fault ?? []);
    if (faults.length === 0) return read.flatMap(({ receipt }) => receipt ?? []);
    throw unusable(attempt, `${faults.join(", ")}: no receipt of a version that this command knows`);
  } catch (error) {
    if (error instanceof SigningKeyError) throw error;
    throw unusable(attempt, error instanceof Error ? error.message : String(error));
  }
}

function linesOf(file: string): { receipt?: AuditReceipt; fault?: string }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line, index) => ({ line, where: `${path.basename(file)} line ${index + 1}` }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, where }) => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), auditReceiptSchema), line);
      return parsed.success ? { receipt: parsed.output } : { fault: where };
    });
}

function unusable(attempt: string, observation: string): SigningKeyError {
  return new SigningKeyError("receipt_unusable", {
    attempt,
    observation,
    remedy:
      "correct what was given, and take lines out that a killed run or a full disk has left unfinished; nothing was asked of Auth0",
  });
}
