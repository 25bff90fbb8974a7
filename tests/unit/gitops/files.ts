import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const root = path.join(__dirname, "../../..");
export const example = path.join(root, "examples/gitops");

export interface Manifest {
  /** From the example's folder on. */
  readonly name: string;
  readonly text: string;
}

/** Every YAML file of the example. */
export function yamlFiles(): Manifest[] {
  return readdirSync(example, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name) && !name.includes("node_modules"))
    .sort()
    .map((name) => ({ name, text: readFileSync(path.join(example, name), "utf8") }));
}
