import { randomUUID } from "node:crypto";
import { appendFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../clock";
import { OutcomeUnknownError, SigningKeyError } from "../errors";
import { redactor } from "../tenant/redact";
import { actorOf } from "./actor";
import type { AuditReceipt, Subject } from "./receipt";

/** Each receipt becomes a line of this file. */
export const FILE_VARIABLE = "AUTH0_SIGNING_KEYS_AUDIT_FILE";
/** Each receipt is POSTed here. */
const URL_VARIABLE = "AUTH0_SIGNING_KEYS_AUDIT_URL";
/** The bearer token of those requests. */
const TOKEN_VARIABLE = "AUTH0_SIGNING_KEYS_AUDIT_TOKEN";

const POST_TIMEOUT = 5_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Receipts of what was attempted, wherever the user wants them: nowhere by default. One that can't be delivered is said
 * and stops nothing, for a revocation in an emergency must not wait for a log; `audit` finds what has no receipt.
 */
export class AuditTrail {
  private readonly file: string;
  private readonly url: string;
  private readonly token: string;
  private readonly redact;

  /** @param say shows a line to whoever runs it */
  constructor(
    private readonly environment: Environment,
    private readonly clock: Clock,
    private readonly say: (line: string) => void,
  ) {
    this.file = environment[FILE_VARIABLE] ?? "";
    this.url = environment[URL_VARIABLE] ?? "";
    this.token = environment[TOKEN_VARIABLE] ?? "";
    this.redact = redactor([this.token, this.url]);
  }

  /**
   * Makes sure, before anything is written to Auth0, that the settings can be meant.
   * @throws SigningKeyError `invalid_input`
   */
  assertUsable(): void {
    const faults = [
      ...(this.file === "" || path.isAbsolute(this.file)
        ? []
        : [
            `${FILE_VARIABLE} is no absolute path: give the whole path, for the engine works in another folder`,
          ]),
      // A pipe that nobody reads would hold a write up for ever.
      ...(this.file !== "" && statSync(this.file, { throwIfNoEntry: false })?.isFile() === false
        ? [`${FILE_VARIABLE} names something that is no file`]
        : []),
      ...(this.url === "" || isHttps(this.url)
        ? []
        : [`${URL_VARIABLE} is no https URL without a user and password in it`]),
    ];
    if (faults.length === 0) return;
    throw new SigningKeyError("invalid_input", {
      attempt: "reading where receipts go",
      observation: faults.join("; "),
      remedy: "correct it, or unset it; nothing was changed",
    });
  }

  /** Makes one write, with a receipt before it and one of what came of it. */
  async attempt<T>(subject: Subject, write: () => Promise<T>): Promise<T> {
    if (!this.isKept) return write();
    const attempt = randomUUID();
    // Not waited for: between the last look at the ring and the write nothing may take time.
    const begun = this.keep({ attempt, ...subject, outcome: "begun" });
    try {
      const result = await write();
      await this.keep({ attempt, ...subject, outcome: "done" });
      return result;
    } catch (error) {
      await this.keep({ attempt, ...subject, ...failure(error) });
      throw error;
    } finally {
      await begun;
    }
  }

  /** Lets an update fail, with a receipt of it. */
  async failing<T>(subject: Omit<Subject, "action">, update: () => Promise<T>): Promise<T> {
    try {
      return await update();
    } catch (error) {
      if (this.isKept)
        await this.keep({ attempt: randomUUID(), ...subject, action: "update", ...failure(error) });
      throw error;
    }
  }

  private get isKept(): boolean {
    return this.file !== "" || this.url !== "";
  }

  private async keep(what: Omit<AuditReceipt, "version" | "at" | "by" | "commit" | "run">): Promise<void> {
    const at = this.clock.now().toISOString();
    const receipt: AuditReceipt = { version: 1, at, ...what, ...actorOf(this.environment) };
    const line = JSON.stringify(receipt);
    const append = (): void => {
      appendFileSync(this.file, `${line}\n`, { mode: 0o600 });
    };
    await Promise.all([
      this.file !== "" && this.deliver(this.file, append),
      // The path of a webhook is a secret.
      this.url !== "" && this.deliver(new URL(this.url).origin, () => this.post(line)),
    ]);
  }

  private async deliver(sink: string, send: () => void | Promise<void>): Promise<void> {
    try {
      await send();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = this.redact(cause instanceof Error ? cause.message : String(cause));
      this.say(`the receipt can't be delivered to ${sink} (${why}); it goes on all the same`);
    }
  }

  private async post(line: string): Promise<void> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.token !== "" && { authorization: `Bearer ${this.token}` }),
      },
      body: line,
      redirect: "error",
      signal: AbortSignal.timeout(POST_TIMEOUT),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  }
}

function failure(thrown: unknown): Pick<AuditReceipt, "outcome" | "code" | "message"> {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // What the engine is to record of a failed update is wrapped round the failure.
  const error = thrown instanceof Error && !(thrown instanceof SigningKeyError) ? thrown.cause : thrown;
  if (!(error instanceof SigningKeyError)) return { outcome: "failed", message };
  return { outcome: error instanceof OutcomeUnknownError ? "unknown" : "failed", code: error.code, message };
}

function isHttps(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === "https:" && username === "" && password === "";
}
