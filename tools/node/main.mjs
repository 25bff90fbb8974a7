/** Prints, as JSON, the folder of each version of Node that the tests run the package on: {"20.19.0":"…/bin"}. */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../engine/cache.mjs";
import { withLock } from "../engine/lock.mjs";
import { lastLines, run } from "../engine/run.mjs";

/** @type {import("../engine/run.mjs").Log} */
const log = (line) => console.error(`node: ${line}`);

const FILES = ["package.json", "package-lock.json"];
/** @param {string} name */
const own = (name) => fileURLToPath(new URL(name, import.meta.url));
const lockFile = await readFile(own("package-lock.json"), "utf8");

const digest = createHash("sha256").update(lockFile).digest("hex").slice(0, 12);
const folder = join(cacheFolder(process.env), "node", digest);
await withLock(
  `${folder}.lock`,
  { label: "waiting for another process that is getting Node", log },
  async () => {
    if (!(await stat(folder).catch(() => undefined))) await install();
  },
);

/** Outside the checkout, as the engine: some hundred megabytes that no user and no other test needs. */
async function install() {
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    for (const name of FILES) await cp(own(name), join(draft, name));
    const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    const finished = await run("npm", ["ci", ...flags], { cwd: draft, label: "getting Node", log });
    if (finished.code !== 0) throw new Error(`getting Node: npm ci failed:\n${lastLines(finished)}`);
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** @type {Record<string, {version?: string}>} */
const packages = JSON.parse(lockFile).packages;
const versions = Object.entries(packages).flatMap(([location, { version }]) =>
  version === undefined ? [] : [[version, join(folder, location, "bin")]],
);
console.log(JSON.stringify(Object.fromEntries(versions)));
