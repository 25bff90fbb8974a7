import type { Struct as StructMessage } from "google-protobuf/google/protobuf/struct_pb";
import { UNKNOWN, type PropertyBag } from "../lifecycle/inputs";
import { SECRET_FIELDS } from "../tenant/credentials";
import { Struct } from "./grpc";

/** How the engine marks special values, and a secret among them. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** How the engine writes what is not known, by what it would be: truth value, number, array, object. */
const OTHER_UNKNOWNS = new Set<unknown>([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Properties as the engine sends them: secrets in the clear, with the names of those that hold any, and of a tenant's fields. */
export interface Received {
  readonly properties: PropertyBag;
  readonly secret: ReadonlySet<string>;
}

export function received(struct: StructMessage | undefined): Received {
  const raw = fromStruct(struct);
  const secret = new Set([
    ...Object.keys(raw).filter((name) => name !== "tenant" && holdsSecret(raw[name])),
    ...secretFields(raw["tenant"]).map((field) => `tenant.${field}`),
  ]);
  return { properties: plain(raw) as PropertyBag, secret };
}

/** A null is no value, as a language writes that has nothing else for it. */
function plain(value: unknown): unknown {
  if (OTHER_UNKNOWNS.has(value)) return UNKNOWN;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (isSecret(value)) return plain(value.value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, plain(inner)]),
  );
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isSecret(value) || Object.values(value).some(holdsSecret);
}

function isSecret(value: object): value is { value: unknown } {
  return (value as PropertyBag)[SIGNATURE] === SECRET;
}

/** A value that the engine is to keep encrypted. */
function secretValue(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

/** Properties for the engine: what came in as a secret goes out as one, and so do a tenant's secrets, however they came. */
export function toSend(properties: PropertyBag, secret: ReadonlySet<string> = new Set()): StructMessage {
  const marked = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (name === "tenant") return [name, withSecretFields(value, secret)] as const;
      return [name, secret.has(name) ? secretValue(value) : value] as const;
    });
  return toStruct(Object.fromEntries(marked));
}

/** Properties as they are sent, special values among them. Holds no `undefined`, which can't be sent. */
export function toStruct(properties: PropertyBag): StructMessage {
  const values = JSON.parse(JSON.stringify(properties)) as Parameters<typeof Struct.fromJavaScript>[0];
  return Struct.fromJavaScript(values);
}

/** The same as they were sent. */
export function fromStruct(struct: StructMessage | undefined): PropertyBag {
  return struct?.toJavaScript() ?? {};
}

/** The fields of a tenant that are secret, all of them if it is one as a whole. */
function secretFields(tenant: unknown): string[] {
  if (typeof tenant !== "object" || tenant === null) return [];
  if (isSecret(tenant)) return Object.keys(Object(tenant.value) as object);
  return Object.entries(tenant).flatMap(([field, value]) => (holdsSecret(value) ? [field] : []));
}

function withSecretFields(tenant: unknown, secret: ReadonlySet<string>): unknown {
  if (typeof tenant !== "object" || tenant === null) return tenant;
  const always: readonly string[] = SECRET_FIELDS;
  return Object.fromEntries(
    Object.entries(tenant).map(([field, value]: [string, unknown]) => [
      field,
      always.includes(field) || secret.has(`tenant.${field}`) ? secretValue(value) : value,
    ]),
  );
}
