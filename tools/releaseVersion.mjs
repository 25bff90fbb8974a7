/** `npm run release:version`: what the changesets say becomes the versions of both packages, their changelogs, and what the plugin's folder and the examples ask for. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./engine/run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const changeset = join(root, "node_modules", "@changesets", "cli", "bin.js");

const { code } = await run(process.execPath, [changeset, "version"], { cwd: root, show: true });
if (code === 0) await updateExamples();
process.exitCode = code;

async function updateExamples() {
  const { name, version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const examples = await readdir(join(root, "examples"), { recursive: true });
  for (const path of ["plugin/package.json", ...examples.map((example) => join("examples", example))]) {
    if (!/[\\/]package\.json$/.test(path) || path.includes("node_modules")) continue;
    const file = join(root, path);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(new RegExp(`("${name}": )"\\^[^"]*"`), `$1"^${version}"`));
  }
}
