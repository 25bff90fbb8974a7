import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findFaults, type Fault } from "../../../src/lifecycle/inputs";
import { findRevocationFaults } from "../../../src/lifecycle/revocationInputs";
import { SECRET_FIELDS } from "../../../src/tenant/credentials";
import schema from "../../../schema.json";
import { checkout } from "../../support/project";

jest.setTimeout(60_000);

const folder = mkdtempSync(path.join(tmpdir(), "signing-keys-schema-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the generator of a checkout. */
function generator(root: string, ...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [path.join(root, "tools/schema.mjs"), ...args], { encoding: "utf8" });
}

test("schema.json is what the sources of today say", () => {
  expect(generator(checkout, "--check")).toMatchObject({ status: 0, stderr: "" });
});

test("an input that the sources gain is missed in schema.json, and is there once that is written anew", () => {
  for (const name of ["src", "tools/schema.mjs", "package.json", "tsconfig.json", "schema.json"])
    cpSync(path.join(checkout, name), path.join(folder, name), { recursive: true });
  symlinkSync(path.join(checkout, "node_modules"), path.join(folder, "node_modules"));
  const file = path.join(folder, "src/signingKeyRevocation.ts");
  const gain =
    "export interface SigningKeyRevocationArgs {\n  /** Who is\n   * asked. */\n  askedOf?: string[];";
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("export interface SigningKeyRevocationArgs {", gain),
  );
  const check = generator(folder, "--check");
  const token = "auth0-signing-keys:index:SigningKeyRevocation";
  expect(check.status).toBe(1);
  expect(check.stderr).toBe(
    `schema: schema.json/resources/${token}/inputProperties/askedOf is not what the sources say; run npm run schema\n`,
  );
  expect(generator(folder).status).toBe(0);
  const written = JSON.parse(readFileSync(path.join(folder, "schema.json"), "utf8")) as typeof schema;
  expect(written.resources[token].inputProperties).toEqual({
    ...schema.resources[token].inputProperties,
    askedOf: { type: "array", items: { type: "string" }, description: "Who is asked." },
  });
  expect(written.resources[token].requiredInputs).toEqual(["retired"]);
});

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const sources = { config: () => undefined, environment: {} };
type Find = (news: Readonly<Record<string, unknown>>) => Fault[];
const finds: Record<"intent" | "ring" | "revocation", Find> = {
  intent: (news) => findFaults("intent", {}, news, sources),
  ring: (news) => findFaults("rotation", {}, news, sources),
  revocation: (news) => findRevocationFaults(news, sources),
};

/** What the lifecycle says is allowed in place of a property that there isn't. */
function allowed(faults: Fault[], property: string): string[] {
  const reason = faults.find((fault) => fault.property === property)?.reason ?? "";
  return (/; allowed: (.*)$/.exec(reason)?.[1] ?? "").split(", ").sort();
}

const { resources, types } = schema;
const INTERNAL = "baselines";

test.each([
  ["SigningKeyRotation", "intent"],
  ["SigningKeyRotationIntent", "intent"],
  ["SigningKeyRing", "ring"],
  ["SigningKeyRevocation", "revocation"],
] as const)("%s takes the inputs that the lifecycle of the %s does, and requires the same", (name, which) => {
  const find = finds[which];
  const { inputProperties, requiredInputs } = resources[`auth0-signing-keys:index:${name}`];
  const isAccepted = (property: string) =>
    !find({ [property]: UNKNOWN }).some((fault) => fault.property === property);
  const writable = allowed(find({ nonsense: 1 }), "nonsense").filter(isAccepted);
  const inputs = Object.keys(inputProperties).sort();
  expect(inputs.filter((property) => property !== INTERNAL)).toEqual(writable);
  expect(inputs.filter((property) => !isAccepted(property))).toEqual([]);
  const missing = find({}).flatMap(({ property, reason }) =>
    reason.startsWith("missing") ? [property] : [],
  );
  expect(requiredInputs).toEqual(missing);
});

test("the fields of a tenant, and which are secret, are those of the credentials; so is the configuration", () => {
  const { properties } = types["auth0-signing-keys:index:Tenant"];
  const fields = allowed(finds.intent({ tenant: { nonsense: "1" } }), "tenant.nonsense");
  expect(Object.keys(properties).sort()).toEqual(fields);
  const secret = Object.entries(properties).flatMap(([name, field]) => ("secret" in field ? [name] : []));
  expect(secret.sort()).toEqual([...SECRET_FIELDS].sort());
  expect(schema.config.variables).toEqual(properties);
  expect(schema.provider.inputProperties).toEqual(properties);
});

test("credentials are secret wherever a resource takes or keeps them", () => {
  for (const resource of Object.values(resources)) {
    expect(resource.inputProperties.tenant).toMatchObject({ secret: true });
    if ("tenant" in resource.properties) expect(resource.properties.tenant.secret).toBe(true);
  }
});

const date = "2026-03-10T12:00:00Z";
test.each<["RevokeNow" | "Canary" | "RetiredKey", (value: object) => Fault[], object]>([
  ["RevokeNow", (revokeNow) => finds.intent({ generation: 0, revokeNow }), { kid: "a", reason: "b" }],
  [
    "Canary",
    (canary) => finds.revocation({ retired: [], canaries: [canary] }),
    { audience: "a", url: "https://b", expectedStatus: 204, timeout: "1m" },
  ],
  [
    "RetiredKey",
    (key) => finds.revocation({ retired: [key] }),
    { kid: "a", generation: 1, retiredAt: date, revokeDueAt: date, revokedAt: date, derivedFrom: {} },
  ],
])("the lifecycle takes each field of a %s and no other", (name, find, value) => {
  const { properties, required } = types[`auth0-signing-keys:index:${name}`];
  const isTaken = (given: object) => find(given).every((fault) => fault.property === "tenant");
  expect(Object.keys(properties).sort()).toEqual(Object.keys(value).sort());
  expect(isTaken(value)).toBe(true);
  expect(isTaken({ ...value, nonsense: "1" })).toBe(false);
  const withoutOne = Object.keys(value).filter(
    (field) => !isTaken(Object.fromEntries(Object.entries(value).filter(([key]) => key !== field))),
  );
  expect(withoutOne).toEqual(required);
});
