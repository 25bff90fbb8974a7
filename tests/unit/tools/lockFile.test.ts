import { readFileSync } from "node:fs";
import path from "node:path";
import { checkout } from "./sandbox";

interface LockFile {
  readonly packages: Readonly<Record<string, { optionalDependencies?: Readonly<Record<string, string>> }>>;
}

// npm leaves out packages of other platforms when the registry in use doesn't serve them, and `npm ci`
// then refuses the lock file everywhere: https://github.com/npm/cli/issues/4828
test("package-lock.json names every optional dependency, of whichever platform", () => {
  const { packages } = JSON.parse(readFileSync(path.join(checkout, "package-lock.json"), "utf8")) as LockFile;
  const missing = Object.entries(packages).flatMap(([location, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, location, name)),
  );
  expect(missing).toEqual([]);
});

/** Whether Node, looking from that location upwards, would find it. */
function isLocked(packages: LockFile["packages"], location: string, name: string): boolean {
  for (let folder = location; folder !== ""; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    if (`${folder}/node_modules/${name}` in packages) return true;
  }
  return `node_modules/${name}` in packages;
}
