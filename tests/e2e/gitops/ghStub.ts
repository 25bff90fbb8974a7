import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What GitHub would answer. */
export interface GithubAnswers {
  /** Answers of `gh api`, by the path asked for. */
  readonly api: Readonly<Record<string, unknown>>;
  /** What `gh run download` finds: files by name, of the run and artifact `RUN ARTIFACT`. */
  readonly artifacts: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Puts a `gh` into a folder that is to be on PATH. It fails where it has no answer, as `gh` does with a 404, and leaves the
 * last request that would write beside it, in `gh.sent`.
 */
export function stubGh(bin: string, answers: GithubAnswers): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "gh.json"), JSON.stringify(answers));
  writeFileSync(path.join(bin, "gh"), `#!/usr/bin/env node\n${program}`, { mode: 0o755 });
}

const program = `
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { api, artifacts } = JSON.parse(readFileSync(path.join(__dirname, "gh.json"), "utf8"));
const args = process.argv.slice(2);
const option = (name) => args[args.indexOf(name) + 1];
if (process.env.GH_TOKEN === undefined) fail("set GH_TOKEN");
if (args[0] === "api") {
  const method = args.includes("--method") ? option("--method") : "GET";
  const wanted = args.find((arg) => arg.startsWith("repos/"));
  const field = args.includes("--field") ? readFileSync(option("--field").replace("body=@", ""), "utf8") : undefined;
  if (method !== "GET") writeFileSync(path.join(__dirname, "gh.sent"), JSON.stringify({ method, path: wanted, body: field }));
  else if (wanted in api) process.stdout.write(args.includes("--jq") ? at(api[wanted], option("--jq")) : JSON.stringify(api[wanted]));
  else fail("HTTP 404: " + wanted);
} else if (args[0] === "run" && args[1] === "download") {
  const files = artifacts[args[2] + " " + option("--name")];
  if (files === undefined) fail("no artifact matches any of the names or patterns provided");
  mkdirSync(option("--dir"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(option("--dir"), name), text);
} else fail("unknown command " + args.join(" "));
function at(value, path) {
  return path.match(/\\w+/g).reduce((inner, name) => inner[name], value);
}
function fail(message) {
  console.error(message);
  process.exit(1);
}
`;
