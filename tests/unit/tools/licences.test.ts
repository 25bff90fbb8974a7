import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkout, runNode, Sandbox, type Ended } from "./sandbox";

const SCRIPT = "tools/licences.mjs";

interface Locked {
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => {
  sandbox.remove();
});

function licencesOf(packages: Readonly<Record<string, Locked>>): Promise<Ended> {
  mkdirSync(path.join(sandbox.folder, "tools"));
  cpSync(path.join(checkout, SCRIPT), path.join(sandbox.folder, SCRIPT));
  writeFileSync(path.join(sandbox.folder, "package-lock.json"), JSON.stringify({ packages }));
  return runNode(path.join(sandbox.folder, SCRIPT), [], {});
}

test("every package that is locked here has a licence that is allowed", async () => {
  const { code, stdout, stderr } = await runNode(path.join(checkout, SCRIPT), [], {});
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^licences: \d{3,} packages, 0 not allowed\n$/);
});

test.each<[string, Locked]>([
  ["MIT", { license: "MIT" }],
  ["a choice of which one is allowed", { license: "(GPL-3.0-only OR Apache-2.0)" }],
  ["several that are all allowed", { license: "Apache-2.0 AND MIT" }],
  ["data under CC-BY for development", { license: "CC-BY-4.0", dev: true }],
  ["a link to a folder of this repository, which is listed itself", { link: true }],
])("allowed: %s", async (_, locked) => {
  expect(await licencesOf({ "node_modules/a": locked })).toMatchObject({ code: 0, stderr: "" });
});

test.each<[string, Locked, string]>([
  ["the GPL", { license: "GPL-3.0-only" }, "has the licence GPL-3.0-only"],
  [
    "the GPL for development",
    { license: "GPL-3.0-only", dev: true },
    "has the licence GPL-3.0-only, for development",
  ],
  ["one of several", { license: "(MIT AND SSPL-1.0)" }, "has the licence (MIT AND SSPL-1.0)"],
  ["CC-BY in what is shipped", { license: "CC-BY-4.0" }, "has the licence CC-BY-4.0"],
  ["none", {}, "names no licence"],
])("not allowed: %s", async (_, locked, fault) => {
  const { code, stdout, stderr } = await licencesOf({
    "node_modules/a": locked,
    "node_modules/b": { license: "ISC" },
  });
  expect([code, stderr]).toEqual([1, `licences: node_modules/a ${fault}\n`]);
  expect(stdout).toBe("licences: 2 packages, 1 not allowed\n");
});
