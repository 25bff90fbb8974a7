import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkout } from "./project";

const VARIABLE = "SIGNING_KEYS_ADAPTER";

/**
 * Lets all tests of this file meet the provider plugin instead of dynamic resources: what is written down once holds for
 * both. Jest gives each file an environment of its own.
 */
export function usePlugin(): void {
  process.env[VARIABLE] = "plugin";
}

export function isPlugin(): boolean {
  return process.env[VARIABLE] === "plugin";
}

let folder: string | undefined;

/** A folder for PATH, in which the engine finds the plugin as if it were installed. */
export function pluginFolder(): string {
  if (folder !== undefined) return folder;
  folder = mkdtempSync(path.join(tmpdir(), "signing-keys-plugin-"));
  const main = path.join(checkout, "dist/plugin/main.js");
  const script = `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`;
  writeFileSync(path.join(folder, "pulumi-resource-auth0-signing-keys"), script, { mode: 0o755 });
  return folder;
}
