import { generateKeyPairSync } from "node:crypto";
import { jwksPath } from "./publicRoutes.js";
import { signingKeysPath } from "./signingKeyRoutes.js";

type Json = Record<string, unknown>;

/** What is made of the list of signing keys, and of the keys in the JWKS; an answer without an entry is left alone. */
interface Rewriting {
  readonly list?: (keys: readonly Json[]) => unknown;
  readonly jwks?: (keys: readonly Json[]) => unknown;
}

/** Answers that are well-formed JSON and yet not what Auth0 documents, or not what a client hopes for. */
const rewritings = {
  "second-current": { list: withSecondCurrent },
  "no-next": { list: (keys) => keys.filter(({ next }) => next !== true) },
  "revoked-cut-off": { list: (keys) => keys.filter(({ revoked }) => revoked !== true) },
  "flags-as-text": {
    list: (keys) => keys.map((key) => mapValues(key, (value) => (value === true ? "true" : value))),
  },
  "foreign-keys": { jwks: (keys) => [foreignKey(), ...keys] },
  "numeric-kids": { list: numberKids, jwks: numberKids },
  "keys-as-object": { list: byKid, jwks: byKid },
} satisfies Record<string, Rewriting>;

export type RewritingName = keyof typeof rewritings;

export const rewritingNames = Object.keys(rewritings) as [RewritingName, ...RewritingName[]];

/** Whether a rewriting knows what to make of the answer to a request. */
export function rewrites(
  name: RewritingName,
  { method, path }: { readonly method: string; readonly path: string },
): boolean {
  const { list, jwks }: Rewriting = rewritings[name];
  return method === "GET" && ((path === signingKeysPath && !!list) || (path === jwksPath && !!jwks));
}

/** @param payload the JSON of a list of signing keys, or of a JWKS */
export function rewrite(name: RewritingName, payload: unknown): string {
  const { list, jwks }: Rewriting = rewritings[name];
  const answer = JSON.parse(String(payload)) as Json[] | { readonly keys: Json[] };
  const rewritten = Array.isArray(answer) ? list?.(answer) : { ...answer, keys: jwks?.(answer.keys) };
  return JSON.stringify(rewritten);
}

/** The key that retired last is still said to be current; before any rotation it is the next key. */
function withSecondCurrent(keys: readonly Json[]): Json[] {
  const second =
    keys.find(({ previous, revoked }) => previous === true && revoked !== true) ??
    keys.find(({ next }) => next === true);
  return keys.map((key) => (key === second ? { ...key, current: true } : key));
}

function numberKids(keys: readonly Json[]): Json[] {
  return keys.map((key, index) => ({ ...key, kid: index }));
}

function byKid(keys: readonly Json[]): Json {
  return Object.fromEntries(keys.map((key) => [String(key["kid"]), key]));
}

function mapValues(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

let foreign: Json | undefined;

/** A custom signing key, as it were, that no list of the tenant's own keys shows. */
function foreignKey(): Json {
  foreign ??= {
    ...generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" }),
    alg: "RS256",
    use: "sig",
    kid: "custom-signing-key",
  };
  return foreign;
}
