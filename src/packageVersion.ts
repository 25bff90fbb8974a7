import { readFileSync } from "node:fs";
import path from "node:path";
import * as v from "valibot";

/** This package's version. */
export function packageVersion(): string {
  const manifest = readFileSync(path.join(__dirname, "../package.json"), "utf8");
  return v.parse(v.object({ version: v.string() }), JSON.parse(manifest)).version;
}
