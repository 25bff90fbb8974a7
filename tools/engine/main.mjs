import { parseArgs } from "node:util";
import { EngineNotFound, findEngine } from "./find.mjs";
import { findLanguageHosts } from "./languageHosts.mjs";

const HELP = `Usage: npm run --silent engine -- [--languages] [--path | --json]

Finds the Pulumi engine that the tests and the demo use: on PATH, in the cache,
by the official download, or by building it with Go; whichever works first.
Progress goes to standard error.

  (no flag)    where each binary came from, and its version
  --path       only the folder that holds the binaries:
               PATH="$(npm run --silent engine -- --path):$PATH" pulumi version
  --json       all of it, for machines
  --languages  what programs in YAML, Python and Go need, too: it is found beside
               the engine or on PATH, or built into the cache

Environment:
  PULUMI_AUTH0_SIGNING_KEYS_CACHE       where the engine is kept
                                        (else the user's cache folder)
  PULUMI_AUTH0_SIGNING_KEYS_ENGINE_URL  a mirror of https://get.pulumi.com/releases/sdk
`;

/** @type {import("./run.mjs").Log} */
const log = (line) => console.error(`engine: ${line}`);

/** @param {string[]} args */
async function main(args) {
  const flags = readFlags(args);
  if (typeof flags === "string") {
    console.error(`${flags}\n\n${HELP}`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const engine = await findEngine({ log });
    const hosts = flags.languages ? await findLanguageHosts(engine, { log }) : { found: [], missing: [] };
    const binaries = [...engine.binaries, ...hosts.found];
    if (flags.path) console.log(engine.dir);
    else if (flags.json) console.log(JSON.stringify({ ...engine, binaries }, undefined, 2));
    else for (const binary of binaries) console.log(describe(binary));
    for (const { name, reason } of hosts.missing) log(`no ${name}: ${reason}`);
    return hosts.missing.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof EngineNotFound)) throw error;
    console.error(error.message);
    return 1;
  }
}

/** @param {string[]} args */
function readFlags(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        languages: { type: "boolean" },
        path: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values.path && values.json ? "--path and --json exclude each other" : values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param {import("./find.mjs").EngineBinary} binary */
function describe({ name, path, version, from }) {
  return `${name} ${version ?? "(version unknown)"}\n  ${path}\n  from ${from}`;
}

process.exitCode = await main(process.argv.slice(2));
