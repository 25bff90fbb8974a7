import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { linkDependencies } from "../support/project";
import { examples } from "./readme";

/**
 * Puts the policy pack of the examples into a folder, and what starts it into another, which is to be on PATH.
 * A language host that is built with Go is too old to start packs of its own runtime; the engine starts those of an
 * unknown one by the name `pulumi-analyzer-policy-RUNTIME`. Nothing else differs: engine and pack are the real ones.
 */
export function policyPack(pack: string, bin: string): void {
  cpSync(path.join(examples, "policy"), pack, { recursive: true });
  linkDependencies(pack);
  const file = path.join(pack, "PulumiPolicy.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("runtime: nodejs", "runtime: offline"));
  const program = `const path = require.resolve("@pulumi/pulumi/cmd/run-policy-pack", { paths: [process.cwd()] });
process.argv.splice(1, 1, path);
require(path);
`;
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "pulumi-analyzer-policy-offline"), `#!/usr/bin/env node\n${program}`, {
    mode: 0o755,
  });
}
