import { cpSync } from "node:fs";
import path from "node:path";
import { readMarkdown } from "../support/markdown";
import { checkout, linkDependencies } from "../support/project";

export const examples = path.join(checkout, "examples");

/** Takes an example as it stands. */
export function example(name: string): (folder: string) => void {
  return (folder) => {
    cpSync(path.join(examples, name), folder, { recursive: true });
    linkDependencies(folder);
  };
}

/** The first piece of a program that a document has under a heading; `values` as with `shellBlock`. */
export function codeBlock(
  document: string,
  heading: string,
  values: Readonly<Record<string, string>> = {},
): string {
  return filledIn(document, "ts", heading, 0, values);
}

/**
 * The shell commands of one block of a document, to be run. To ask for it says that it is run, and
 * tests/unit/shellBlocks.test.ts reads these calls: give the first three arguments as they are, or as constants of the file.
 * @param document its path from the root of the repository
 * @param heading what it stands under
 * @param index the how-manieth `sh` block under that heading, from 0
 * @param values what a reader puts in for the words in capitals; each must occur
 */
export function shellBlock(
  document: string,
  heading: string,
  index: number,
  values: Readonly<Record<string, string>> = {},
): string {
  return filledIn(document, "sh", heading, index, values);
}

function filledIn(
  document: string,
  language: string,
  heading: string,
  index: number,
  values: Readonly<Record<string, string>>,
): string {
  const found = readMarkdown(document).blocks.find(
    (block) => block.language === language && block.heading === heading && block.index === index,
  );
  if (found === undefined) throw new Error(`no block ${index} under "${heading}" in ${document}`);
  let { text } = found;
  for (const [placeholder, value] of Object.entries(values)) {
    if (!text.includes(placeholder)) throw new Error(`"${heading}" of ${document} has no ${placeholder}`);
    text = text.replaceAll(placeholder, value);
  }
  return text;
}
