import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isPlugin } from "./adapter";

export const checkout = path.join(__dirname, "../..");

/** A project whose program is `index.js`, or, for the plugin, its settings in YAML themselves. */
export function programProject(folder: string): void {
  if (isPlugin()) {
    writeFileSync(path.join(folder, "Pulumi.yaml"), "name: e2e\nruntime: yaml\n");
    return;
  }
  writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    "name: e2e\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n",
  );
  writeFileSync(path.join(folder, "package.json"), '{ "name": "e2e", "private": true }\n');
  linkDependencies(folder);
}

/** Lets a project find this package and what it needs beside it as if they were installed. */
export function linkDependencies(folder: string): void {
  mkdirSync(path.join(folder, "node_modules"));
  symlinkSync(checkout, path.join(folder, "node_modules/pulumi-auth0-signing-keys"));
  for (const name of ["@pulumi", "@types", "typescript"]) {
    symlinkSync(path.join(checkout, "node_modules", name), path.join(folder, "node_modules", name));
  }
}
