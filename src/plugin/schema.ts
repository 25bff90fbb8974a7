import { readFileSync } from "node:fs";
import path from "node:path";
import { packageVersion } from "../packageVersion";

const root = path.join(__dirname, "../..");

interface Schema {
  readonly resources: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
}

/** The package schema, from which Pulumi makes an SDK for each language. */
export function packageSchema(): string {
  return JSON.stringify({ ...readSchema(), version: packageVersion() });
}

/** The names of what a resource puts out. */
export function outputNames(type: string): string[] {
  return Object.keys(readSchema().resources[type]?.properties ?? {});
}

function readSchema(): Schema {
  return JSON.parse(readFileSync(path.join(root, "schema.json"), "utf8")) as Schema;
}
