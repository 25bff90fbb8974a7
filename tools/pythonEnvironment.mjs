/**
 * `node tools/pythonEnvironment.mjs REQUIREMENTS`: prints the folder of a virtual environment of `python3` that holds
 * what the file lists. It is made once and kept in the cache, where every checkout finds it.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./engine/cache.mjs";
import { withLock } from "./engine/lock.mjs";
import { lastLines, run } from "./engine/run.mjs";

/** Written last, so that an environment that holds it is complete. */
const COMPLETE_FILE = ".complete";

/** @type {import("./engine/run.mjs").Log} */
const log = (line) => console.error(`python: ${line}`);

/** @param {string} requirements a file as `pip` reads it */
async function environmentWith(requirements) {
  const python = await mustRun("python3", ["-c", "import sys; print(sys.executable, sys.version)"]);
  const hash = createHash("sha256")
    .update(`${python}\0${await readFile(requirements, "utf8")}`)
    .digest("hex");
  const folder = join(cacheFolder(process.env), "python", hash.slice(0, 16));
  const complete = join(folder, COMPLETE_FILE);
  if (existsSync(complete)) return folder;
  const label = "waiting for another process that is making the Python environment";
  await withLock(`${folder}.lock`, { label, log }, async () => {
    if (existsSync(complete)) return;
    await mustRun("python3", ["-m", "venv", "--clear", folder], "making a Python environment");
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    const own = join(folder, "bin", "python");
    await mustRun(own, [...pip, "--prefer-binary", "-r", requirements], "installing Pulumi's Python SDK");
    await writeFile(complete, "");
  });
  return folder;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [label]
 */
async function mustRun(command, args, label) {
  const finished = await run(command, args, { label, log });
  if (finished.code === 0) return finished.stdout;
  throw new Error(`${command} ${args.join(" ")} failed:\n${lastLines(finished)}`);
}

try {
  console.log(await environmentWith(process.argv[2] ?? ""));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
