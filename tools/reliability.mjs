/** `npm run reliability -- LOG…`: takes the figures out of what `npm test` and `npm run campaign` printed into docs/reliability.md. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("../docs/reliability.md", import.meta.url));
const TABLE = /(?<=<!-- figures -->\n\n)[\s\S]*?(?=\n<!-- end of figures -->)/;

const USAGE = `Usage: npm run reliability -- LOG...

The logs hold what these have printed on both streams:
  npm test
  npm run campaign -- --json
`;

const files = process.argv.slice(2);
if (files.length === 0 || files.includes("--help")) {
  process.stdout.write(USAGE);
  process.exit(files.length === 0 ? 2 : 0);
}
const logs = await Promise.all(files.map(read));
const text = logs.join("\n");

/** @param {string} file */
async function read(file) {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    return stop(`${file} can't be read (${/** @type {NodeJS.ErrnoException} */ (error).code})`);
  }
}

/**
 * @param {string} why
 * @returns {never}
 */
function stop(why) {
  console.error(`${why}; docs/reliability.md is unchanged\n\n${USAGE}`);
  process.exit(1);
}

/**
 * The last of what the logs say there.
 * @param {RegExp} pattern its groups are the figures
 * @returns {string[]}
 */
function last(pattern) {
  const found = [...text.matchAll(new RegExp(pattern, "gm"))].at(-1);
  if (found === undefined) return stop(`the logs have no line ${pattern.source}`);
  return found.slice(1);
}

/** @param {string} name */
const figure = (name) => last(new RegExp(`^figure: ${name} (\\d+)$`))[0] ?? "";

const [seed = ""] = last(/^seed (\d+)/);
/** @type {Record<string, number>} */
const campaign = JSON.parse(last(/^(\{"kills".*\})$/)[0] ?? "");
const [secrets, megabytes, found] = last(/^figure: secrets searched (\d+) in (\S+) MB, found (\d+)$/);
const [passed, failed] = last(/^(\d+) passed, (\d+) failed$/);

const ROWS = [
  [
    "faults tried, each at every request of every kind of update",
    figure("faults"),
    "npm test -- tests/integration/faults",
  ],
  [
    "kills of the real engine survived",
    campaign["kills"],
    `npm run campaign -- --kills ${campaign["kills"]} --seed ${seed}`,
  ],
  [
    "… generations carried out, by as many rotations",
    `${campaign["generations"]}, ${campaign["rotations"]}`,
    "the same",
  ],
  ["random histories run", figure("histories-run"), "npm test -- tests/histories"],
  ["… updates in them", figure("histories-updates"), "the same"],
  ["… kills in them, with a write on its way or not", figure("histories-kills"), "the same"],
  ["… rotations and revocations by somebody else in them", figure("histories-writes-by-others"), "the same"],
  [
    "command sequences compared with the model",
    figure("model-sequences"),
    "npm test -- tests/integration/model",
  ],
  ["inputs fuzzed", figure("inputs-fuzzed"), "npm test -- tests/fuzz"],
  ["**generations rotated twice**", `**${campaign["doubleRotations"]}**`, "all of the above"],
  ["**keys revoked that should not have been**", `**${campaign["wrongRevocations"]}**`, "all of the above"],
  ["**retired keys forgotten**", `**${campaign["lostRecords"]}**`, "all of the above"],
  [
    `**secrets found**, of ${secrets} used, in ${megabytes} MB printed and stored`,
    `**${Number(found) + (campaign["secretsFound"] ?? 0)}**`,
    "npm test",
  ],
  ["tests and checks, passed and failed", `${passed}, ${failed}`, "npm test"],
];

const table = [
  "| what | figure | reproduced by |",
  "|---|---|---|",
  ...ROWS.map(([what, value, command]) => {
    const isCommand = String(command).startsWith("npm ");
    return `| ${what} | ${value} | ${isCommand ? `\`${command}\`` : command} |`;
  }),
  "",
].join("\n");

await writeFile(
  PAGE,
  (await readFile(PAGE, "utf8")).replace(TABLE, () => table),
);
