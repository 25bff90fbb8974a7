import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkout } from "../support/project";

const read = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(checkout, file), "utf8")) as Record<string, unknown>;

/** The schema as the plugin answers with it. */
export function pluginSchema(): Record<string, unknown> {
  return { ...read("schema.json"), version: read("package.json")["version"] };
}

/**
 * Writes SDKs, each into a folder of its language's name, with the engine's own generators. A schema that isn't as
 * Pulumi's metaschema has it is refused.
 */
export function generateSdks(schema: object, folder: string, ...languages: string[]): void {
  const file = path.join(folder, "schema.json");
  writeFileSync(file, JSON.stringify(schema));
  run("go", ["run", "-mod=readonly", ".", file, folder, ...languages], path.join(checkout, "tools/sdkgen"), {
    GOWORK: "off",
  });
}

/** What a program prints; it must succeed. */
export function run(
  program: string,
  args: string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status !== 0)
    throw new Error(`${[program, ...args].join(" ")}: ${String(status)}\n${stdout}\n${stderr}`);
  return stdout;
}
