import { oneLine } from "../tenant/oneLine";
import { redactor, type Redact } from "../tenant/redact";
import { ENVIRONMENT_VARIABLES, SECRET_FIELDS } from "../tenant/credentials";

/**
 * The rules of output, for every command:
 * - Standard output holds the result and nothing else: words for people or, with `--json`, one line of JSON. A command
 *   that is refused or fails leaves it empty; a check that fails is a result.
 * - Standard error holds progress, questions and errors. An error is one line, `auth0-signing-keys: …`, without a stack
 *   trace.
 * - No secret and no token is on either, and no control character that Auth0's answers may bring along.
 * - The exit code is one of these.
 */
export const EXIT = {
  /** Done, or everything is fine. */
  done: 0,
  /** Refused or failed, or a check failed. */
  failed: 1,
  /** The command line is wrong; nothing was asked of anybody. */
  usage: 2,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

export const PROGRAM = "auth0-signing-keys";

/** Ends a command that has said itself all there is to say. */
export class Ended extends Error {
  constructor(readonly exitCode: (typeof EXIT)[keyof typeof EXIT]) {
    super();
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a command's words go. */
export class Output {
  private readonly redact: Redact;

  constructor(
    private readonly streams: {
      readonly stdout: NodeJS.WritableStream;
      readonly stderr: NodeJS.WritableStream;
    },
    private readonly json: boolean,
    environment: Environment,
  ) {
    this.redact = redactor(SECRET_FIELDS.map((field) => environment[ENVIRONMENT_VARIABLES[field]] ?? ""));
  }

  /** The one result, for people and for programs. */
  result(words: string, value: object): void {
    this.streams.stdout.write(`${this.json ? JSON.stringify(value) : eachLine(words, oneLine)}\n`);
  }

  /** Progress, in one line or more. */
  say(words: string): void {
    this.streams.stderr.write(`${eachLine(words, this.redact)}\n`);
  }

  fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    for (const line of message.split("\n")) this.say(`${PROGRAM}: ${line}`);
  }
}

function eachLine(words: string, change: (line: string) => string): string {
  return words.split("\n").map(change).join("\n");
}
