import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.join(__dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

describe("workflows", () => {
  const workflows = readdirSync(path.join(root, ".github/workflows")).map((name) => ({
    name,
    text: read(`.github/workflows/${name}`),
  }));

  test("are those of CI, of a version and of its release", () => {
    expect(workflows.map(({ name }) => name)).toEqual(["ci.yml", "release.yml", "version.yml"]);
  });

  test.each(workflows)("$name names every action by commit, with the version beside it", ({ text }) => {
    const uses = [...text.matchAll(/^\s*(?:- )?uses:\s*(.*)$/gm)].map(([, action]) => action);
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test.each(workflows)("$name runs nobody else's code with rights of this repository", ({ text }) => {
    expect(text).not.toMatch(/pull_request_target|workflow_run|issue_comment/);
    // What somebody else has named (a branch, a title) is never pasted into a command.
    const commands = [...text.matchAll(/run: (?:\|\n((?: {10,}.*\n)+)|(?!\|)(.*))/g)].map(
      ([command]) => command,
    );
    expect(commands.join("\n")).toMatch(/run: \S/);
    expect(commands.join("\n")).not.toContain("${{");
    const checkouts = text.match(/uses: actions\/checkout@/g) ?? [];
    expect(text.match(/persist-credentials: false/g)).toHaveLength(checkouts.length);
  });

  test.each([
    ["ci.yml", []],
    ["release.yml", ["id-token: write", "contents: write"]],
    ["version.yml", ["contents: write", "pull-requests: write"]],
  ])("%s may read, and write no more than it must", (name, writes) => {
    const text = read(`.github/workflows/${name}`);
    expect(text).toContain("\npermissions:\n  contents: read\n\n");
    expect([...text.matchAll(/[\w-]+: write\b/g)].map(([right]) => right)).toEqual(writes);
    expect(text).not.toContain("secrets.");
  });

  test("a release is built without anything that a pull request could have put into a cache", () => {
    expect(read(".github/workflows/release.yml")).not.toMatch(/actions\/cache|^\s*cache:/m);
  });

  test("whoever may write to the repository publishes nothing, and gets no package from a cache", () => {
    expect(read(".github/workflows/version.yml")).not.toMatch(/publish:|npm publish|^\s*cache:/m);
  });

  test("a release has provenance for each package and a bill of materials", () => {
    const text = read(".github/workflows/release.yml");
    expect(text.match(/npm publish .*--provenance/g)).toHaveLength(2);
    expect(text).toContain("npm sbom --sbom-format cyclonedx");
  });
});

describe("packages", () => {
  interface LockedPackage {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly integrity?: string;
    readonly hasInstallScript?: boolean;
    readonly link?: boolean;
  }
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };

  /** Where Node, looking from there upwards, finds a package. */
  function find(from: string, name: string): string {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
      const location = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
      if (location in packages) return location;
      if (folder === "") throw new Error(`${name}, needed by ${from}, isn't locked`);
    }
  }

  function closure(from: string, found = new Set<string>()): Set<string> {
    for (const name of Object.keys(packages[from]?.dependencies ?? {})) {
      const location = find(from === "emulator" ? "" : from, name);
      if (found.has(location)) continue;
      found.add(location);
      closure(location, found);
    }
    return found;
  }

  const manifest = (folder: string) =>
    JSON.parse(read(path.join(folder, "package.json"))) as { scripts: object; dependencies: object };

  test.each([
    ["this package", ""],
    ["the emulator", "emulator"],
  ])("of %s and all that it needs none runs anything at installation", (_, folder) => {
    const needed = [...closure(folder)];
    expect(needed.length).toBeGreaterThan(4);
    expect(needed.filter((location) => packages[location]?.hasInstallScript === true)).toEqual([]);
    const { scripts } = manifest(folder);
    expect(Object.keys(scripts).filter((script) => /^(pre|post)?install$/.test(script))).toEqual([]);
  });

  test("this one needs six at run time, which need ten more", () => {
    expect(Object.keys(manifest("").dependencies)).toHaveLength(6);
    expect(closure("").size).toBe(16);
  });

  test.each([
    ["Runtime dependencies", ""],
    ["Runtime dependencies of the emulator", "emulator"],
  ])("CONTRIBUTING.md says what each is for: %s", (heading, folder) => {
    const [, section = ""] = read("CONTRIBUTING.md").split(`\n## ${heading}\n`);
    const rows = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
    const named = rows.flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)]);
    expect(named.map(([, name]) => name).sort()).toEqual(Object.keys(manifest(folder).dependencies).sort());
  });

  test("each is locked with its hash", () => {
    const unlocked = Object.entries(packages).filter(
      ([location, { integrity, link }]) =>
        location.includes("node_modules/") && link !== true && !/^sha512-/.test(integrity ?? ""),
    );
    expect(unlocked).toEqual([]);
  });
});

test("what SECURITY.md and docs/errors.md link to is there", () => {
  for (const file of ["SECURITY.md", "docs/errors.md"]) {
    const links = [...read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) {
      const target = path.join(path.dirname(file), link);
      expect([file, target, existsSync(path.join(root, target))]).toEqual([file, target, true]);
    }
  }
});
