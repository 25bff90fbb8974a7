import { readFileSync } from "node:fs";
import path from "node:path";

const root = path.join(__dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** The codes that the source declares. */
function declaredCodes(): string[] {
  const [, union = ""] = /type SigningKeyErrorCode =([^;]+);/.exec(read("src/errors.ts")) ?? [];
  return [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);
}

/** Each section of the third level under a heading, by its own heading. */
function sectionsUnder(heading: string): Map<string, string> {
  const [, chapter = ""] = read("docs/errors.md").split(`\n## ${heading}\n`);
  const [own = ""] = chapter.split(/^## /m);
  const sections = own.split(/^### /m).slice(1);
  return new Map(sections.map((text) => [text.slice(0, text.indexOf("\n")), text]));
}

test("every code has one section that says causes, state and remedy, and there is no other section", () => {
  const sections = sectionsUnder("Errors with a code");
  expect([...sections.keys()].sort()).toEqual(declaredCodes().sort());
  expect(sections.size).toBeGreaterThan(20);
  for (const [code, text] of sections) {
    const parts = [...text.matchAll(/^- \*\*(\w+)\*\*: \S/gm)].map(([, part]) => part);
    expect([code, parts]).toEqual([code, ["Causes", "State", "Remedy"]]);
  }
});

test("no code has two sections", () => {
  const headings = [...read("docs/errors.md").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  expect(headings.filter((heading, index) => headings.indexOf(heading) !== index)).toEqual([]);
});

test("README lists every code with a link to its section", () => {
  const linked = [...read("README.md").matchAll(/^\| \[`(\w+)`\]\(docs\/errors\.md#(\w+)\) \|/gm)];
  expect(linked.map(([, code]) => code).sort()).toEqual(declaredCodes().sort());
  for (const [, code, anchor] of linked) expect(anchor).toBe(code);
});
