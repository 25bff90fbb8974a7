import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";

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

interface Reference {
  readonly type: string;
  readonly secret?: { readonly name: string; readonly key: string };
  readonly literal?: { readonly value: string };
}

export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly envRefs: Readonly<Record<string, Reference>>;
  };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
}

/** What the example gives to a cluster. */
export function operatorResources(): Resource[] {
  return yamlFiles()
    .filter(({ name }) => name.startsWith("kubernetes-operator/"))
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as Resource));
}

export function operatorStacks(): Resource[] {
  return operatorResources().filter(({ kind }) => kind === "Stack");
}
