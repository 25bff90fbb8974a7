import { parseArgs } from "node:util";
import { EngineNotFound, findEngine } from "./find.mjs";

const HELP = `Usage: npm run --silent engine -- [--path | --json]

Finds the Pulumi engine that the tests and the demo use: on PATH, in the cache,
by the official download, or by building it with Go; whichever works first.
Progress goes to standard error.

  (no flag)  where each binary came from, and its version
  --path     only the folder that holds the binaries:
             PATH="$(npm run --silent engine -- --path):$PATH" pulumi version
  --json     all of it, for machines

Environment:
  PULUMI_AUTH0_SIGNING_KEYS_CACHE       where the engine is kept
                                        (else the user's cache folder)
  PULUMI_AUTH0_SIGNING_KEYS_ENGINE_URL  a mirror of https://get.pulumi.com/releases/sdk
`;

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
    const engine = await findEngine({ log: (line) => console.error(`engine: ${line}`) });
    if (flags.path) console.log(engine.dir);
    else if (flags.json) console.log(JSON.stringify(engine, undefined, 2));
    else for (const binary of engine.binaries) console.log(describe(binary));
    return 0;
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
