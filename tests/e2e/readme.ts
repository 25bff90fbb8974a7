import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkout, linkDependencies } from "../support/project";

export const examples = path.join(checkout, "examples");

/** Takes an example as it stands. */
export function example(name: string): (folder: string) => void {
  return (folder) => {
    cpSync(path.join(examples, name), folder, { recursive: true });
    linkDependencies(folder);
  };
}

/**
 * The shell commands that an example's README gives under a heading, one text each block.
 * @param heading the first words of the heading, without its hashes
 * @param values what a reader puts in for the words in capitals; each must occur
 */
export function commandsUnder(
  name: string,
  heading: string,
  values: Readonly<Record<string, string>> = {},
): string[] {
  const readme = readFileSync(path.join(examples, name, "README.md"), "utf8");
  const sections = readme.split(/^#+ /m).filter((section) => section.startsWith(heading));
  const [section = ""] = sections;
  let text = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block).join("\0");
  if (sections.length !== 1 || text === "")
    throw new Error(`no commands in ${sections.length} sections "${heading}" of the README of ${name}`);
  for (const [placeholder, value] of Object.entries(values)) {
    if (!text.includes(placeholder)) throw new Error(`"${heading}" of ${name} has no ${placeholder}`);
    text = text.replaceAll(placeholder, value);
  }
  return text.split("\0");
}
