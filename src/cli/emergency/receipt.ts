import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import * as v from "valibot";
import { SigningKeyError } from "../../errors";

export type Compromised = "current" | "both";

const receiptSchema = v.pipe(
  v.strictObject({
    version: v.literal(1),
    tenant: v.string(),
    compromised: v.picklist(["current", "both"]),
    reason: v.string(),
    startedAt: v.string(),
    finishedAt: v.exactOptional(v.string()),
    /** The compromised keys, in the order in which they are retired. */
    keys: v.array(
      v.strictObject({
        kid: v.pipe(v.string(), v.minLength(1)),
        rotatedAt: v.exactOptional(v.string()),
        revokedAt: v.exactOptional(v.string()),
      }),
    ),
    currentKid: v.exactOptional(v.string()),
    nextKid: v.exactOptional(v.string()),
  }),
  v.check(({ compromised, keys }) => keys.length === (compromised === "both" ? 2 : 1)),
);

/**
 * What an emergency is to do and has done; no secret is in it. Times are the tenant's. It is written before the first
 * write to Auth0 and after each step: whoever finds it knows which keys were meant, and never takes their successors for them.
 */
export type Receipt = v.InferOutput<typeof receiptSchema>;

export function defaultReceiptFile(domain: string): string {
  // A port's colon has no place in a file name on Windows.
  return `./auth0-emergency-${domain.replace(":", "-")}.json`;
}

/**
 * @returns `undefined` if there is none
 * @throws SigningKeyError `receipt_unusable` if it can't be read or is none of ours
 */
export function readReceipt(file: string): Receipt | undefined {
  const unreadable = (observation: string): SigningKeyError =>
    new SigningKeyError("receipt_unusable", {
      attempt: `reading the receipt ${file}`,
      observation,
      remedy:
        "nothing was done; look at it, then move it away or name another file with --receipt, and name the compromised keys with --kid",
    });
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    throw unreadable(`it can't be read (${code})`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw unreadable("it is not JSON");
  }
  const parsed = v.safeParse(receiptSchema, content);
  if (parsed.success) return parsed.output;
  throw unreadable(`it is not a receipt of this command (${v.getDotPath(parsed.issues[0]) ?? "the whole"})`);
}

/**
 * Writes the receipt of an emergency that begins.
 * @throws SigningKeyError `receipt_unusable` if it can't be written, or if another run has begun in the meantime
 */
export function beginReceipt(file: string, receipt: Receipt): void {
  // A link fails where the file exists, which a renaming would replace.
  write(file, receipt, linkSync);
}

/**
 * Replaces the receipt as a whole: whoever reads it finds the old one or the new. What another run of the same emergency
 * has written down since stays.
 */
export function saveReceipt(file: string, receipt: Receipt): void {
  write(file, mergeReceipts(savedBefore(file), receipt), renameSync);
}

/** @returns `undefined` if there is none that can be read: it is about to be replaced by one that can */
function savedBefore(file: string): Receipt | undefined {
  try {
    return readReceipt(file);
  } catch (error) {
    if (error instanceof SigningKeyError) return undefined;
    throw error;
  }
}

/** A date that was written down once stays; a run that ends later may know less than one that has finished. */
function mergeReceipts(saved: Receipt | undefined, receipt: Receipt): Receipt {
  if (saved?.startedAt !== receipt.startedAt) return receipt;
  const keys = receipt.keys.map((key) => ({ ...key, ...saved.keys.find(({ kid }) => kid === key.kid) }));
  return saved.finishedAt === undefined ? { ...receipt, keys } : saved;
}

function write(file: string, receipt: Receipt, place: (from: string, to: string) => void): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(descriptor, `${JSON.stringify(receipt, undefined, 2)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    place(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw begunMeanwhile(file);
    throw new SigningKeyError("receipt_unusable", {
      attempt: `writing the receipt ${file}`,
      observation: `it can't be written (${systemCode(error)})`,
      remedy: "nothing was done; name a file that can be written with --receipt",
      cause: error,
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function begunMeanwhile(file: string): SigningKeyError {
  return new SigningKeyError("receipt_unusable", {
    attempt: `writing the receipt ${file}`,
    observation: "another run has begun with it a moment ago",
    remedy:
      "this one has done nothing; once the other has ended, run the same command again: it goes on from that receipt, or says that all is done",
  });
}

/** A renaming outlives a power failure only once its folder is stored; Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown error";
}
