import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { filesEndingIn, readMarkdown } from "../support/markdown";
import { checkout } from "../support/project";

/** The anchors that GitHub makes of a file's headings, and those that the file sets itself. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  const { headings, prose } = readMarkdown(document);
  for (const [, anchor = ""] of prose.matchAll(/<a id="([^"]+)">/g)) anchors.add(anchor);
  for (const heading of headings) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
    let again = 0;
    while (anchors.has(again === 0 ? anchor : `${anchor}-${again}`)) again += 1;
    anchors.add(again === 0 ? anchor : `${anchor}-${again}`);
  }
  return anchors;
}

/** What a document links to, but for addresses on the web. */
function relativeLinks(document: string): string[] {
  const text = readMarkdown(document).prose.replaceAll(/`[^`\n]*`/g, "code");
  const links = [...text.matchAll(/\]\(([^()\s]*)\)/g)].map(([, target = ""]) => target);
  return links.filter((target) => !/^[a-z]+:/.test(target));
}

/** Why a link leads nowhere. */
function fault(document: string, link: string): string | undefined {
  const [target = "", anchor] = link.split("#");
  const file = target === "" ? document : path.posix.join(path.posix.dirname(document), target);
  if (!existsSync(path.join(checkout, file))) return "no such file";
  if (anchor === undefined) return undefined;
  const isFolder = statSync(path.join(checkout, file)).isDirectory();
  const page = isFolder ? path.posix.join(file, "README.md") : file;
  if (!page.endsWith(".md")) return "an anchor in what is no document";
  return anchorsOf(page).has(anchor) ? undefined : `no heading #${anchor}`;
}

test("every relative link of every document leads to a file, and every anchor to a heading", () => {
  const links = filesEndingIn(".md").flatMap((document) =>
    relativeLinks(document).map((link) => ({ document, link })),
  );
  expect(links.length).toBeGreaterThan(100);
  const broken = links.flatMap(({ document, link }) => {
    const why = fault(document, link);
    return why === undefined ? [] : [`${document}: ${link}: ${why}`];
  });
  expect(broken).toEqual([]);
});
