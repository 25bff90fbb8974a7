import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkout } from "./sandbox";

const folder = mkdtempSync(path.join(tmpdir(), "release-version-"));
const read = (file: string): string => readFileSync(path.join(folder, file), "utf8");
const manifest = (file: string) =>
  JSON.parse(read(file)) as { version: string; dependencies?: Record<string, string> };

beforeAll(() => {
  const copied = [
    "package.json",
    "emulator/package.json",
    "CHANGELOG.md",
    "examples",
    "plugin",
    ".changeset",
    "tools",
  ];
  for (const name of copied)
    cpSync(path.join(checkout, name), path.join(folder, name), {
      recursive: true,
      filter: (source) => !source.includes("node_modules"),
    });
  symlinkSync(path.join(checkout, "node_modules"), path.join(folder, "node_modules"));
  writeFileSync(
    path.join(folder, ".changeset/another.md"),
    '---\n"pulumi-auth0-signing-keys": minor\n---\n\nWhat is new.\n',
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("changesets become one version of both packages, the examples' too, and go before what the changelog says", () => {
  const before = read("CHANGELOG.md");
  const [major = 0, minor = 0] = manifest("package.json").version.split(".").map(Number);
  const { status, stderr } = spawnSync(process.execPath, [path.join(folder, "tools/releaseVersion.mjs")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, expect.any(String)]);

  const next = `${major}.${minor + 1}.0`;
  expect(manifest("package.json").version).toBe(next);
  expect(manifest("emulator/package.json").version).toBe(next);
  for (const folder of ["examples/quickstart", "plugin"])
    expect(manifest(`${folder}/package.json`).dependencies).toMatchObject({
      "pulumi-auth0-signing-keys": `^${next}`,
    });
  const after = read("CHANGELOG.md");
  const [title, ...rest] = before.split("\n");
  expect(after.startsWith(`${title ?? ""}\n\n## ${next}\n`)).toBe(true);
  expect(after).toContain("What is new.");
  expect(after.endsWith(rest.join("\n").trim() + "\n")).toBe(true);
  expect(readdirSync(path.join(folder, ".changeset")).filter((name) => name.endsWith(".md"))).toEqual([]);
});

test("the examples ask for the version that is here", () => {
  const { version } = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8")) as {
    version: string;
  };
  const asked = readdirSync(path.join(checkout, "examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => path.basename(name) === "package.json" && !name.includes("node_modules"))
    .flatMap((name) => {
      const text = readFileSync(path.join(checkout, "examples", name), "utf8");
      const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
      return dependencies["pulumi-auth0-signing-keys"] ?? [];
    });
  expect(asked.length).toBeGreaterThan(4);
  expect(new Set(asked)).toEqual(new Set([`^${version}`]));
});
