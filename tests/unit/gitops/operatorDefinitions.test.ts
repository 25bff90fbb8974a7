import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type AnySchemaObject } from "ajv";
import { parse } from "yaml";
import { operatorStacks } from "./files";

/**
 * The operator's own definitions, `deploy/crds` of its repository. No package registry has them, so jest.config.js leaves
 * this file out unless they are named.
 */
const folder = process.env["PULUMI_OPERATOR_CRDS"] ?? "";

test.each(operatorStacks().map((stack) => [stack.metadata.namespace, stack] as const))(
  "the Stack in %s is what the operator's own definition allows, with nothing that it doesn't know",
  (_, stack) => {
    const definition = parse(readFileSync(path.join(folder, "pulumi.com_stacks.yaml"), "utf8")) as {
      spec: { versions: { name: string; schema: { openAPIV3Schema: AnySchemaObject } }[] };
    };
    const version = definition.spec.versions.find(({ name }) => stack.apiVersion === `pulumi.com/${name}`);
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
    const validate = ajv.compile(closed(version?.schema.openAPIV3Schema) as AnySchemaObject);
    expect([validate(stack), validate.errors]).toEqual([true, null]);
    expect(validate({ ...stack, spec: { ...stack.spec, repodir: "misspelt" } })).toBe(false);
  },
);

/** The cluster would drop a field that it doesn't know without a word. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.entries(schema).map(
    ([key, value]: [string, unknown]) => [key, closed(value)] as const,
  );
  const of: Record<string, unknown> = Object.fromEntries(parts);
  const isClosed = of["type"] === "object" && "properties" in of && of["additionalProperties"] === undefined;
  return isClosed && of["x-kubernetes-preserve-unknown-fields"] !== true
    ? { ...of, additionalProperties: false }
    : of;
}
