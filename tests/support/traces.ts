import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** `tools/test.mjs` names a folder here and searches it in the end; without it nothing is kept. */
const TRACES_VARIABLE = "SUITE_TRACES";

/** Keeps what a part of the suite has printed or stored. */
export function keepTrace(of: string, text: string): void {
  if (text.trim() !== "") keep("traces", `${of}.txt`, text);
}

/** Keeps secrets and tokens that were in use, which no trace may hold. */
export function keepUsedSecrets(secrets: readonly string[]): void {
  if (secrets.length > 0) keep("secrets", "json", JSON.stringify(secrets));
}

export function tracesAreKept(): boolean {
  return folder() !== undefined;
}

function keep(kind: "traces" | "secrets", name: string, text: string): void {
  const root = folder();
  if (root === undefined) return;
  const kept = path.join(root, kind);
  mkdirSync(kept, { recursive: true });
  writeFileSync(path.join(kept, `${testFile()}.${randomUUID()}.${name}`), text, { mode: 0o600 });
}

/** Where to look when something is found. */
function testFile(): string {
  return path.basename(expect.getState().testPath ?? "", ".test.ts");
}

function folder(): string | undefined {
  return process.env[TRACES_VARIABLE];
}
