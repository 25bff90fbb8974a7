import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkout } from "../support/project";

jest.setTimeout(120_000);

const generated = mkdtempSync(path.join(tmpdir(), "api-reference-"));
afterAll(() => {
  rmSync(generated, { recursive: true, force: true });
});

function pages(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  return Object.fromEntries(
    names.sort().map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
  );
}

test("docs/api is what the sources say: `npm run docs:api` after a change of what is exported", () => {
  const typedoc = path.join(checkout, "node_modules/typedoc/bin/typedoc");
  const { status, stderr } = spawnSync(process.execPath, [typedoc, "--out", generated], {
    cwd: checkout,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  const written = pages(generated);
  expect(written["index.md"]).toContain("## SigningKeyRotation\n");
  expect(pages(path.join(checkout, "docs/api"))).toEqual(written);
});
