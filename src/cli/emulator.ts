import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";

const PACKAGE = "auth0-signing-keys-emulator";

/**
 * Goes on as the emulator, in this very process, so that its signals and its exit code are the emulator's.
 * @param flags as they were given
 */
export async function emulator(flags: readonly string[]): Promise<void> {
  const main = findEmulator();
  process.argv = [process.execPath, main, ...flags];
  await import(pathToFileURL(main).href);
}

/** The emulator's main file, installed beside the program that is worked on or beside this package. */
function findEmulator(): string {
  const manifest = [path.join(process.cwd(), "x.js"), __filename].flatMap((from) => {
    try {
      return createRequire(from).resolve(`${PACKAGE}/package.json`);
    } catch {
      return [];
    }
  })[0];
  if (manifest === undefined) {
    throw new Error(
      `the emulator is a package of its own: npx ${PACKAGE}, or npm install --save-dev ${PACKAGE}`,
    );
  }
  const { bin } = v.parse(
    v.object({ bin: v.object({ [PACKAGE]: v.string() }) }),
    JSON.parse(readFileSync(manifest, "utf8")),
  );
  return path.join(path.dirname(manifest), bin[PACKAGE]);
}
