import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type AnySchemaObject } from "ajv";
import { parse, parseAllDocuments } from "yaml";
import { yamlFiles } from "./files";

interface Reference {
  readonly type: string;
  readonly secret?: { readonly name: string; readonly key: string };
  readonly literal?: { readonly value: string };
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly envRefs: Readonly<Record<string, Reference>>;
  };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
}

const resources = yamlFiles()
  .filter(({ name }) => name.startsWith("kubernetes-operator/"))
  .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as Resource));
const stacks = resources.filter(({ kind }) => kind === "Stack");
const [rotation, revocation] = ["signing-keys", "signing-keys-revocation"].map((namespace) =>
  stacks.find(({ metadata }) => metadata.namespace === namespace),
);

test("one Stack rotates and another revokes, in namespaces of their own", () => {
  expect(stacks).toHaveLength(2);
  expect(rotation?.spec).toMatchObject({ stack: "acme/signing-keys/production", repoDir: "signing-keys" });
  expect(revocation?.spec).toMatchObject({
    stack: "acme/signing-keys-revocation/production",
    repoDir: "signing-keys-revocation",
  });
});

test("every namespace and service account that is named is there, and may be asked who it is", () => {
  const names = (kind: string): string[] =>
    resources
      .filter((one) => one.kind === kind)
      .map(({ metadata: { namespace = "", name } }) => `${namespace}/${name}`);
  for (const { metadata, spec } of stacks) {
    const { namespace = "" } = metadata;
    expect(names("Namespace")).toContain(`/${namespace}`);
    expect(names("ServiceAccount")).toContain(`${namespace}/${String(spec["serviceAccountName"])}`);
  }
  const bound = resources.flatMap(({ subjects = [] }) =>
    subjects.map(({ namespace, name }) => `${namespace}/${name}`),
  );
  expect(bound.sort()).toEqual(names("ServiceAccount").sort());
});

test("both follow main, resync without an edit, and lose no record", () => {
  for (const { spec } of stacks) {
    expect(spec).toMatchObject({
      branch: "main",
      continueResyncOnCommitMatch: true,
      resyncFrequencySeconds: 3600,
      retryOnUpdateConflict: true,
      destroyOnFinalize: false,
      useLocalStackOnly: true,
    });
    expect(spec).not.toHaveProperty("commit");
  }
  expect([rotation?.spec["refresh"], revocation?.spec["refresh"]]).toEqual([true, false]);
});

test("credentials come from Secrets by way of the environment alone", () => {
  for (const { spec } of stacks) {
    const { AUTH0_DOMAIN, ...secret } = spec.envRefs;
    expect(AUTH0_DOMAIN?.type).toBe("Literal");
    expect(Object.keys(secret)).toEqual([
      "PULUMI_ACCESS_TOKEN",
      "AUTH0_CLIENT_ID",
      "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
    ]);
    for (const { type, secret: reference } of Object.values(secret)) {
      expect(type).toBe("Secret");
      expect(reference).toEqual({ name: expect.any(String) as string, key: expect.any(String) as string });
    }
    for (const other of ["config", "secretsRef", "secrets", "environment"])
      expect(spec).not.toHaveProperty(other);
  }
});

const OPERATOR = "github.com/pulumi/pulumi-kubernetes-operator/v2@v2.9.0";

/** The operator's own definitions, from its Go module or, where no proxy serves that, from the folder named. */
function definitions(): string | undefined {
  const named = process.env["PULUMI_OPERATOR_CRDS"];
  if (named !== undefined) return named;
  const { stdout } = spawnSync("go", ["mod", "download", "-json", OPERATOR], {
    encoding: "utf8",
    timeout: 60_000,
  });
  const { Dir } = (stdout ? JSON.parse(stdout) : {}) as { Dir?: string };
  return Dir && path.join(Dir, "deploy/crds");
}

const folder = definitions();
const whereTheyAre = folder !== undefined && existsSync(folder) ? test : test.skip;

whereTheyAre.each(stacks.map((stack) => [stack.metadata.namespace, stack] as const))(
  "the Stack in %s is what the operator's own definition allows, with nothing that it doesn't know",
  (_, stack) => {
    const definition = parse(readFileSync(path.join(folder ?? "", "pulumi.com_stacks.yaml"), "utf8")) as {
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
