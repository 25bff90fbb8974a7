import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkout } from "../support/project";
import type { TestTenant } from "./tenants";

/**
 * To be called once in a file of tests.
 * @returns the environment of somebody who has installed `auth0-signing-keys`, with a tenant's credentials in it
 */
export function installedCommand(): (tenant: TestTenant) => Readonly<Record<string, string>> {
  /** Where a global installation would put the command. */
  const bin = mkdtempSync(path.join(tmpdir(), "signing-keys-bin-"));
  beforeAll(() => {
    const main = path.join(checkout, "dist/cli/main.js");
    const script = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
    writeFileSync(path.join(bin, "auth0-signing-keys"), script, { mode: 0o755 });
  });
  afterAll(() => {
    rmSync(bin, { recursive: true });
  });
  return (tenant) => ({
    ...tenant.env,
    PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}`,
    CURL_CA_BUNDLE: tenant.caFile,
  });
}
