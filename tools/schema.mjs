/**
 * `npm run schema [-- --check]`: writes `schema.json`, from which Pulumi makes the SDK of each language, out of the
 * types of the sources and their docstrings. With `--check` it only compares, and exits with 1 where they differ.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = "auth0-signing-keys";

/**
 * The sources' types, named by their file and name. A property or a resource without a docstring of its own has the
 * first that one of the later types gives it.
 *
 * @typedef {`${string}#${string}`} Source
 * @type {Record<string, {inputs: Source, outputs: Source, docs: Source[], isComponent?: boolean}>}
 */
const RESOURCES = {
  SigningKeyRotation: {
    inputs: "signingKeyRotation#SigningKeyRotationArgs",
    outputs: "signingKeyRotation#SigningKeyRotation",
    docs: [],
    isComponent: true,
  },
  SigningKeyRotationIntent: {
    inputs: "signingKeyRotation#SigningKeyRotationArgs",
    outputs: "lifecycle/intent#IntentOutputs",
    docs: ["signingKeyRotationIntent#SigningKeyRotationIntent"],
  },
  SigningKeyRing: {
    inputs: "signingKeyRotation#SigningKeyRingArgs",
    outputs: "lifecycle/state#RotationOutputs",
    docs: ["lifecycle/rotation#RotationLifecycle", "signingKeyRotation#SigningKeyRotation"],
  },
  SigningKeyRevocation: {
    inputs: "signingKeyRevocation#SigningKeyRevocationArgs",
    outputs: "lifecycle/revocation#RevocationOutputs",
    docs: ["signingKeyRevocation#SigningKeyRevocation"],
  },
};
const FUNCTIONS = { getSigningKeys: /** @type {Source} */ ("getSigningKeys#getSigningKeys") };
/**
 * What a rotation puts out and a revocation takes in, a type each in the sources: to other languages it is one, of which
 * that is required which both require. In Go a program would have to make the one out of the other, key by key.
 */
const HANDED_ON = {
  names: ["RetiredKey", "ListedKey"],
  description: /** @type {Source} */ ("lifecycle/state#RetiredKey"),
  properties: /** @type {Source} */ ("lifecycle/revocationInputs#ListedKey"),
};
const CONFIGURATION = /** @type {Source} */ ("tenantArgs#TenantArgs");
const SECRETS = /** @type {Source} */ ("tenant/credentials#SECRET_FIELDS");

/**
 * The generators' settings. SDKs are made on users' machines (`pulumi package add`), so these names are published
 * nowhere; the npm package `pulumi-auth0-signing-keys` is the one whose resources need no plugin.
 */
const LANGUAGE = {
  nodejs: { packageName: "pulumi-auth0-signing-keys-sdk", respectSchemaVersion: true },
  python: {
    packageName: "pulumi_auth0_signing_keys",
    pyproject: { enabled: true },
    respectSchemaVersion: true,
  },
  go: {
    importBasePath: "pulumi-auth0-signing-keys/sdk/go/auth0signingkeys",
    generateResourceContainerTypes: true,
    respectSchemaVersion: true,
  },
  csharp: { namespaces: { [PACKAGE]: "Auth0SigningKeys" }, respectSchemaVersion: true },
  java: { packages: { [PACKAGE]: "auth0signingkeys" }, buildFiles: "gradle" },
};

/**
 * @typedef {{type?: string, items?: Spec, $ref?: string}} Spec
 * @typedef {Spec & {description: string, secret?: true}} Property
 * @typedef {{properties: Record<string, Property>, required: string[]}} Shape
 */

const { config } = ts.readConfigFile(`${root}tsconfig.json`, (file) => ts.sys.readFile(file));
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();
/** @type {Map<string, Shape & {type: "object", description: string}>} */
const types = new Map();

/** @param {Source} source */
function find(source) {
  const [file, name] = source.split("#");
  const parsed = program.getSourceFile(`${root}src/${file}.ts`);
  const inScope = parsed ? checker.getSymbolsInScope(parsed, ts.SymbolFlags.Type | ts.SymbolFlags.Value) : [];
  const symbol = inScope.find((candidate) => candidate.name === name);
  if (!symbol) throw new Error(`${source}: there is no such declaration`);
  return checker.getExportSymbolOfSymbol(symbol);
}

/** @param {Source} source */
function typeOf(source) {
  const symbol = find(source);
  return symbol.flags & (ts.SymbolFlags.Value & ~ts.SymbolFlags.Class)
    ? checker.getTypeOfSymbol(symbol)
    : checker.getDeclaredTypeOfSymbol(symbol);
}

const secretFields = checker
  .getTypeArguments(/** @type {ts.TypeReference} */ (typeOf(SECRETS)))
  .map((field) => /** @type {ts.StringLiteralType} */ (field).value);

/** The first docstring of several, its lines joined. @type {(what: string, symbols: (ts.Symbol | undefined)[]) => string} */
function describe(what, symbols) {
  for (const symbol of symbols) {
    const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker));
    if (text !== "") return text.replace(/(?<!\n)\n(?!\n)/g, " ");
  }
  throw new Error(`${what} has no docstring`);
}

/** @param {ts.Symbol | undefined} symbol */
function isFromDependency(symbol) {
  const [declaration] = symbol?.declarations ?? [];
  return declaration !== undefined && declaration.getSourceFile().fileName.includes("/node_modules/");
}

/**
 * The types that a value may have, without what is Pulumi's own: `Input<T>`, `Output<T>` and promises are T, and a
 * resource, which other languages don't take as an input, is left out.
 *
 * @type {(type: ts.Type) => ts.Type[]}
 */
function alternatives(type) {
  if (type.isUnion()) return type.types.flatMap(alternatives);
  const wrapper = (type.isIntersection() ? type.types : [type]).find(
    ({ symbol }) => isFromDependency(symbol) && ["Promise", "OutputInstance"].includes(symbol.name),
  );
  const [wrapped] = wrapper ? checker.getTypeArguments(/** @type {ts.TypeReference} */ (wrapper)) : [];
  if (wrapped) return alternatives(wrapped);
  return type.getProperty("urn") ? [] : [type];
}

/** @param {ts.Type} type */
const isUndefined = ({ flags }) => (flags & ts.TypeFlags.Undefined) !== 0;

/**
 * A string or an object is an object to other languages: in a union, Python's SDK would leave names as Python has them.
 *
 * @type {(what: string, type: ts.Type) => Spec}
 */
function specOf(what, type) {
  const present = alternatives(type).filter((one) => !isUndefined(one));
  const objects = present.filter(({ flags }) => !(flags & ts.TypeFlags.StringLike));
  const specs = (objects.length > 0 ? objects : present).map((one) => oneSpec(what, one));
  if (specs[0] && specs.every((spec) => isDeepStrictEqual(spec, specs[0]))) return specs[0];
  throw new Error(`${what} has a type that no schema has: ${checker.typeToString(type)}`);
}

/** @type {(what: string, type: ts.Type) => Spec | undefined} */
function oneSpec(what, type) {
  if (type.flags & ts.TypeFlags.StringLike) return { type: "string" };
  if (type.flags & ts.TypeFlags.BooleanLike) return { type: "boolean" };
  // Every number here is a whole one: generations, statuses, seconds.
  if (type.flags & ts.TypeFlags.NumberLike) return { type: "integer" };
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(/** @type {ts.TypeReference} */ (type));
    return item && { type: "array", items: specOf(`an item of ${what}`, item) };
  }
  if (type.flags & ts.TypeFlags.Object || type.isIntersection()) return { $ref: reference(what, type) };
  return undefined;
}

/** A named type; `Partial<T>` and the like go by T's name. @type {(what: string, type: ts.Type) => string} */
function reference(what, type) {
  const [argument] = type.aliasTypeArguments ?? [];
  const named = isFromDependency(type.aliasSymbol) && argument ? argument : type;
  const own = named.aliasSymbol ?? named.symbol;
  const isHandedOn = HANDED_ON.names.includes(own.name);
  const symbol = isHandedOn ? find(HANDED_ON.description) : own;
  const name = symbol.name.replace(/(Args|Fields)$/, "");
  const token = `${PACKAGE}:index:${name}`;
  const shape = shapeOf(name, isHandedOn ? typeOf(HANDED_ON.properties) : type);
  const known = types.get(token);
  if (known === undefined)
    types.set(token, { type: "object", description: describe(name, [symbol]), ...shape });
  else if (!isDeepStrictEqual({ ...known, ...shape }, known))
    throw new Error(`${what}: another type is called ${name}`);
  return `#/types/${token}`;
}

/** @type {(what: string, type: ts.Type, docs?: readonly ts.Type[]) => Shape} */
function shapeOf(what, type, docs = []) {
  /** @type {Shape} */
  const shape = { properties: {}, required: [] };
  for (const symbol of checker.getPropertiesOfType(type)) {
    const { name } = symbol;
    if (isFromDependency(symbol)) continue;
    const path = `${what}.${name}`;
    const valueType = checker.getTypeOfSymbol(symbol);
    const spec = specOf(path, valueType);
    const description = describe(path, [symbol, ...docs.map((other) => other.getProperty(name))]);
    shape.properties[name] = { ...spec, description, ...(isSecret(name, spec) && { secret: true }) };
    const isOptional = symbol.flags & ts.SymbolFlags.Optional || alternatives(valueType).some(isUndefined);
    if (!isOptional) shape.required.push(name);
  }
  return shape;
}

/**
 * Generators heed the mark of an input, and of nothing inside it: so an object that holds a secret is one.
 *
 * @type {(name: string, spec: Spec) => boolean}
 */
function isSecret(name, { $ref = "" }) {
  const held = types.get($ref.replace("#/types/", ""))?.properties ?? {};
  return secretFields.includes(name) || Object.values(held).some(({ secret }) => secret);
}

/** @param {[string, typeof RESOURCES[string]]} resource */
function resourceOf([name, { inputs, outputs, docs, isComponent }]) {
  const input = shapeOf(name, typeOf(inputs));
  const output = shapeOf(name, typeOf(outputs), [...docs, inputs].map(typeOf));
  const resource = {
    description: describe(name, [...docs, outputs].map(find)),
    ...(isComponent && { isComponent }),
    inputProperties: input.properties,
    requiredInputs: input.required,
    ...output,
  };
  return [`${PACKAGE}:index:${name}`, resource];
}

/** @param {[string, Source]} functionSource */
function functionOf([name, source]) {
  const symbol = find(source);
  const [signature] = checker.getTypeOfSymbol(symbol).getCallSignatures();
  const [parameter] = signature?.parameters ?? [];
  const [answer] = checker.getTypeArguments(/** @type {ts.TypeReference} */ (signature?.getReturnType()));
  if (!parameter || !answer)
    throw new Error(`${name} is no function of one argument that promises something`);
  const inputs = shapeOf(name, checker.getNonNullableType(checker.getTypeOfSymbol(parameter)));
  const outputs = shapeOf(name, answer);
  return [`${PACKAGE}:index:${name}`, { description: describe(name, [symbol]), inputs, outputs }];
}

async function generate() {
  const { description, keywords, license } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  const { properties } = shapeOf("the configuration", typeOf(CONFIGURATION));
  return {
    name: PACKAGE,
    displayName: "Auth0 signing keys",
    // The SDK that is made on a user's machine is a whole package: for Go, it has a go.mod.
    meta: { supportPack: true },
    description,
    keywords,
    license,
    config: { variables: properties },
    provider: {
      description: describe("the configuration", [find(CONFIGURATION)]),
      inputProperties: properties,
    },
    resources: Object.fromEntries(Object.entries(RESOURCES).map(resourceOf)),
    functions: Object.fromEntries(Object.entries(FUNCTIONS).map(functionOf)),
    types: Object.fromEntries([...types].sort(([one], [other]) => (one < other ? -1 : 1))),
    language: LANGUAGE,
  };
}

/** Where two values differ. @type {(one: unknown, other: unknown, path: string) => string[]} */
function differences(one, other, path) {
  if (isDeepStrictEqual(one, other)) return [];
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return [path];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differences(Reflect.get(one, key), Reflect.get(other, key), `${path}/${key}`),
  );
}

const file = `${root}schema.json`;
const schema = await generate();
if (process.argv.includes("--check")) {
  const differing = differences(JSON.parse(await readFile(file, "utf8")), schema, "schema.json");
  for (const path of differing)
    console.error(`schema: ${path} is not what the sources say; run npm run schema`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else await writeFile(file, `${JSON.stringify(schema, undefined, 2)}\n`);
