import { readFileSync } from "node:fs";
import path from "node:path";
import { filesEndingIn, readMarkdown } from "../support/markdown";
import { checkout } from "../support/project";
import { EXCUSED } from "./excusedBlocks";

/** `document: heading (index)` */
function named(document: string, heading: string, index: number | string): string {
  return `${document}: ${heading} (${index})`;
}

const documents = filesEndingIn(".md");
const blocks = documents.flatMap((document) =>
  readMarkdown(document).blocks.map((block) => ({ document, ...block })),
);
const written = blocks
  .filter(({ language }) => language === "sh")
  .map(({ document, heading, index }) => named(document, heading, index));
const excused = EXCUSED.map(({ document, heading, index }) => named(document, heading, index));

/** The blocks that tests take to run them, and how many calls there are in all. */
function taken(): { names: string[]; calls: number } {
  const names: string[] = [];
  let calls = 0;
  for (const file of ["tests/e2e", "tests/plugin"].flatMap((folder) => filesEndingIn(".test.ts", folder))) {
    const source = readFileSync(path.join(checkout, file), "utf8");
    const constants = new Map(
      [...source.matchAll(/^const (\w+) = "([^"]*)";$/gm)].map(([, name = "", value = ""]) => [name, value]),
    );
    calls += [...source.matchAll(/\bshellBlock\(/g)].length;
    const given = /\bshellBlock\(\s*(\w+|"[^"]*"),\s*(\w+|"[^"]*"),\s*(\d+)/g;
    for (const [, document = "", heading = "", index = ""] of source.matchAll(given)) {
      const [one, other] = [document, heading].map((word) =>
        word.startsWith('"') ? word.slice(1, -1) : constants.get(word),
      );
      if (one !== undefined && other !== undefined) names.push(named(one, other, index));
    }
  }
  return { names, calls };
}

test("every sh block of every document is run by a test, or excused with a reason", () => {
  expect(written.length).toBeGreaterThan(40);
  const accounted = new Set([...taken().names, ...excused]);
  expect(written.filter((name) => !accounted.has(name))).toEqual([]);
});

test("no block is excused that is run or gone, and none twice", () => {
  const run = new Set(taken().names);
  expect(excused.filter((name) => run.has(name) || !written.includes(name))).toEqual([]);
  expect(new Set(excused).size).toBe(excused.length);
  expect(EXCUSED.filter(({ why }) => why.length < 15)).toEqual([]);
});

test("what the tests take can be read off their calls, and is there", () => {
  const { names, calls } = taken();
  expect(names).toHaveLength(calls);
  expect(names.filter((name) => !written.includes(name))).toEqual([]);
});

test("commands stand in sh blocks, not in blocks of another name for a shell", () => {
  const others = blocks.filter(({ language }) => /^(bash|shell|zsh|powershell)$/.test(language));
  expect(others.map(({ document, heading }) => `${document}: ${heading}`)).toEqual([]);
});
