/**
 * `npm run campaign`: whatever set-up is missing, then the real engine is killed again and again, and the emulator's
 * journal tells whether every generation was rotated once. The campaign itself is TypeScript, in tests/campaign.
 */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { delimiter } from "node:path";
import { parseArgs } from "node:util";
import { EngineNotFound } from "./engine/find.mjs";
import { setup, SetupFailed } from "./setup.mjs";

const DEFAULT_KILLS = 300;
const HELP = `Usage: npm run campaign -- [--kills N] [--seed S] [--workers W] [--json]

Updates stacks of a real Pulumi engine against emulated tenants, through random edits, and ends the engine with SIGKILL
at random moments, during recoveries too. After each recovery the tenant's journal is compared with the state: one
rotation a generation, no key revoked that should not be, none forgotten, and no secret left anywhere.

  --kills N    how many runs are to be killed, at least (default ${DEFAULT_KILLS})
  --seed S     a whole number up to 2147483647; the same seed makes the same edits, faults and moments, as far as time
               repeats itself: how fast the machine is decides what a moment meets (default: random; always said)
  --workers W  how many stacks at a time (default: one a processor, 4 at most)
  --json       end with one line on standard output:
               {"kills","generations","rotations","doubleRotations","wrongRevocations","lostRecords","secretsFound"}
  --help       this text

What goes on is said on standard error. Exit code 0 only if every kill was reached and nothing was found.
`;

const LARGEST_SEED = 2 ** 31 - 1;
const MOST_WORKERS = 64;

/** A flag that is not what it should be. */
class WrongFlag extends Error {}

/** @param {string[]} args */
function readFlags(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        kills: { type: "string" },
        seed: { type: "string" },
        workers: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return {
      kills: wholeNumber("--kills", values.kills, { least: 1, most: 100_000 }) ?? DEFAULT_KILLS,
      seed: wholeNumber("--seed", values.seed, { least: 0, most: LARGEST_SEED }) ?? randomInt(LARGEST_SEED),
      workers:
        wholeNumber("--workers", values.workers, { least: 1, most: MOST_WORKERS }) ??
        Math.min(availableParallelism(), 4),
      json: values.json === true,
      help: values.help === true,
    };
  } catch (error) {
    throw new WrongFlag(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} flag
 * @param {string | undefined} given
 * @param {{least: number, most: number}} range
 */
function wholeNumber(flag, given, { least, most }) {
  if (given === undefined) return undefined;
  const number = Number(given);
  if (/^\d+$/.test(given) && number >= least && number <= most) return number;
  throw new WrongFlag(`${flag} ${given}: must be a whole number from ${least} to ${most}`);
}

/** Loads TypeScript as Jest does for the tests, which share this code. */
function loadCampaign() {
  const load = createRequire(import.meta.url);
  const { transformSync } = load("@swc/core");
  const [[, options]] = Object.values(load("../jest.config.js").transform);
  load.extensions[".ts"] = (module, file) => {
    const { code } = transformSync(readFileSync(file, "utf8"), { ...options, filename: file, swcrc: false });
    // Node's types leave out what every compiler hook calls.
    Object(module)._compile(code, file);
  };
  return load("../tests/campaign/campaign.ts");
}

/** @param {string[]} args */
async function main(args) {
  const { help, json, ...options } = readFlags(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  /** @param {string} line */
  const say = (line) => console.error(line);
  const { engine } = await setup({ log: (line) => say(`set-up: ${line}`) });
  process.env["PATH"] = `${engine?.dir}${delimiter}${process.env["PATH"] ?? ""}`;
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const { runCampaign } = loadCampaign();
  const start = Date.now();
  say(`seed ${options.seed}, ${options.kills} kills, ${options.workers} at a time`);
  const { figures, faults, summary } = await runCampaign({ ...options, say });
  const seconds = Math.round((Date.now() - start) / 1000);
  const text = `seed ${options.seed}, ${seconds} s\n${summary}`;
  if (json) {
    say(text);
    console.log(JSON.stringify(figures));
  } else console.log(text);
  return faults.length === 0 && figures.kills >= options.kills ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof WrongFlag) {
    console.error(`${error.message}\n\n${HELP}`);
    process.exitCode = 2;
  } else if (error instanceof SetupFailed || error instanceof EngineNotFound) {
    console.error(`campaign: ${error.message}`);
    process.exitCode = 1;
  } else throw error;
}
