import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkout } from "./project";

/** A fenced block of a Markdown file. */
export interface Block {
  readonly language: string;
  /** What the section is called that it stands in. */
  readonly heading: string;
  /** The how-manieth of its language under that heading, from 0. */
  readonly index: number;
  readonly text: string;
}

/** A Markdown file, as far as the tests of the documentation read it. */
export interface Markdown {
  readonly blocks: readonly Block[];
  /** In order, with their code marks but without their hashes. */
  readonly headings: readonly string[];
  /** What stands outside of fenced blocks. */
  readonly prose: string;
}

const FENCE = /^(`{3,})(\w*)$/;

/** @param file its path from the root of the repository, with `/` */
export function readMarkdown(file: string): Markdown {
  const blocks: Block[] = [];
  const headings: string[] = [];
  const prose: string[] = [];
  let open: { fence: string; language: string; lines: string[] } | undefined;
  for (const line of readFileSync(path.join(checkout, file), "utf8").split("\n")) {
    if (open?.fence === line) {
      const { language, lines } = open;
      const heading = headings.at(-1) ?? "";
      const index = blocks.filter((one) => one.heading === heading && one.language === language).length;
      blocks.push({ language, heading, index, text: lines.map((one) => `${one}\n`).join("") });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else {
      const [, fence, language = ""] = FENCE.exec(line) ?? [];
      const [, heading] = /^#{1,6} (.*)$/.exec(line) ?? [];
      if (fence !== undefined) open = { fence, language, lines: [] };
      else prose.push(line);
      if (heading !== undefined) headings.push(heading);
    }
  }
  if (open !== undefined) throw new Error(`${file} ends within a block`);
  return { blocks, headings, prose: prose.join("\n") };
}

const NOT_OURS = new Set(["node_modules", "dist", ".git"]);

/** Every file of the repository whose name ends so, by its path from the root, with `/`. */
export function filesEndingIn(ending: string, folder = ""): string[] {
  return readdirSync(path.join(checkout, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : filesEndingIn(ending, name);
    return name.endsWith(ending) ? [name] : [];
  });
}
