import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The letters of tokens, of client secrets and of PEM bodies; a text is cut into words of them. */
const WORD = /[\w+/=-]{16,}/g;
/** By how many letters a secret is looked up; no shorter one is a word of its own. */
const BEGINNING = 16;

/** What must stand nowhere, whether anybody knows its value or not. */
const PATTERNS = [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/, /-----BEGIN [A-Z ]*PRIVATE KEY-----/];

/**
 * @typedef {object} SearchResult
 * @property {number} searched how many different secrets and tokens
 * @property {number} megabytes of how much text
 * @property {string[]} found the names of the files that hold one
 */

/**
 * Searches all files in `FOLDER/traces` for each secret and token that the files in `FOLDER/secrets` list, for each
 * part of a token by itself, and for whatever looks like a token or a private key.
 *
 * @param {string} folder
 * @returns {Promise<SearchResult>}
 */
export async function searchForSecrets(folder) {
  const secrets = await usedSecrets(join(folder, "secrets"));
  const holdsSecret = secretFinder([...secrets].flatMap(partsOf));
  let bytes = 0;
  /** @type {string[]} */
  const found = [];
  for (const name of await filesIn(join(folder, "traces"))) {
    const content = await readFile(join(folder, "traces", name));
    bytes += content.length;
    const text = content.toString("latin1");
    if (holdsSecret(text) || PATTERNS.some((pattern) => pattern.test(text))) found.push(name);
  }
  return { searched: secrets.size, megabytes: Math.round(bytes / 1e5) / 10, found };
}

/** @param {string} folder */
async function usedSecrets(folder) {
  /** @type {Set<string>} */
  const secrets = new Set();
  for (const name of await filesIn(folder)) {
    for (const secret of JSON.parse(await readFile(join(folder, name), "utf8"))) secrets.add(secret);
  }
  return secrets;
}

/**
 * Of a token the claims and the signature; its header is no secret. Of a PEM each line.
 *
 * @param {string} secret
 * @returns {string[]}
 */
function partsOf(secret) {
  if (/^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(secret)) return secret.split(".").slice(1);
  return secret.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
}

/**
 * The same words come in text after text (a state holds the certificates of all states before it), so each is looked
 * at once: thousands of secrets take no longer than one.
 *
 * @param {string[]} secrets
 * @returns {(text: string) => boolean}
 */
function secretFinder(secrets) {
  const isWord = (/** @type {string} */ secret) => secret.match(WORD)?.[0] === secret;
  const others = secrets.filter((secret) => !isWord(secret));
  /** @type {Map<string, string[]>} */
  const byBeginning = new Map();
  for (const secret of secrets.filter(isWord)) {
    const beginning = secret.slice(0, BEGINNING);
    byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), secret]);
  }
  /** @type {Map<string, boolean>} */
  const known = new Map();
  /** @param {string} word */
  const isFound = (word) => {
    for (let at = 0; at <= word.length - BEGINNING; at += 1) {
      const candidates = byBeginning.get(word.slice(at, at + BEGINNING));
      if (candidates?.some((secret) => word.startsWith(secret, at))) return true;
    }
    return false;
  };
  return (text) => {
    let found = others.some((secret) => text.includes(secret));
    for (const [word] of text.matchAll(WORD)) {
      let verdict = known.get(word);
      if (verdict === undefined) known.set(word, (verdict = isFound(word)));
      found ||= verdict;
    }
    return found;
  };
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>} sorted; none if there is no such folder
 */
async function filesIn(folder) {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
