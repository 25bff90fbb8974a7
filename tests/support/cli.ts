import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const main = path.join(__dirname, "../../dist/cli/main.js");
/** No run of these tests takes longer; one that does hangs. */
const runDeadlineMs = 60_000;

/** What a run of `auth0-signing-keys` came to. */
export interface CliRun {
  /** The exit code, or the signal that ended it. */
  readonly outcome: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly ended: Promise<CliRun>;
  /** Its standard input. */
  readonly input: Writable;
  signal(name: NodeJS.Signals): void;
  /** Nobody reads what it prints from now on. */
  closeOutput(): void;
}

/** Somebody's machine: a folder of its own and an environment, in which the built command is run. */
export class Machine {
  readonly folder = mkdtempSync(path.join(tmpdir(), "signing-keys-cli-"));
  private readonly said: string[] = [];

  constructor(private readonly env: Readonly<Record<string, string>>) {}

  /** @param env on top of the machine's own; an empty text takes a variable away */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, hasInput = false): RunningCli {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"] ?? "", ...this.env, ...env },
    });
    if (!hasInput) child.stdin.end();
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<CliRun>((resolve, reject) => {
      const deadline = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`${args.join(" ")} did not end:\n${stdout}${stderr}`));
      }, runDeadlineMs);
      child.once("error", reject);
      child.once("close", (code, signal) => {
        clearTimeout(deadline);
        this.said.push(stdout, stderr);
        resolve({ outcome: code ?? signal ?? 0, stdout, stderr });
      });
    });
    return {
      ended,
      input: child.stdin,
      signal: (name) => {
        child.kill(name);
      },
      closeOutput: () => {
        child.stdout.destroy();
      },
    };
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
    return this.start(args, env).ended;
  }

  /** Run in a pipe, by which it is given this after a while. */
  async runAfter(input: string, args: readonly string[]): Promise<CliRun> {
    const run = this.start(args, {}, true);
    await sleep(1_000);
    run.input.end(input);
    return run.ended;
  }

  files(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.relative(this.folder, path.join(parentPath, name)));
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), "utf8");
  }

  /** All that the command has said and written here. */
  traces(): string {
    return [...this.said, ...this.files().map((file) => this.read(file))].join("\n");
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
