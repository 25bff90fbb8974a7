import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const checkout = path.join(__dirname, "../../..");

/** What a program that has ended left. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own for a test, with programs that stand in for the machine's. */
export class Sandbox {
  readonly folder = mkdtempSync(path.join(tmpdir(), "tools-test-"));

  /** An empty folder, or one with links to programs of this machine. */
  directory(name: string, links: readonly string[] = []): string {
    const directory = path.join(this.folder, name);
    mkdirSync(directory, { recursive: true });
    for (const link of links) symlinkSync(link, path.join(directory, path.basename(link)));
    return directory;
  }

  /** An executable shell script. */
  script(directory: string, name: string, body: string): string {
    const file = path.join(this.directory(directory), name);
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  /** Scripts that look like an engine of this version; returns their folder. */
  engine(directory: string, version: string): string {
    this.script(directory, "pulumi", `echo ${version}`);
    this.script(directory, "pulumi-language-nodejs", "");
    this.script(directory, "pulumi-resource-pulumi-nodejs", "");
    return path.join(this.folder, directory);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a script with this Node, and with no other environment than the given one. */
export function runNode(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
