import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { example, root } from "./files";

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

test.each(["examples/gitops/README.md", "docs/guides/gitops.md"])("what %s links to is there", (name) => {
  const file = path.join(root, name);
  const links = [...readFileSync(file, "utf8").matchAll(/\]\((?!https:)([^)#]*)(?:#([^)]*))?\)/g)];
  expect(links.length).toBeGreaterThan(5);
  for (const [link, target = "", anchor] of links) {
    const to = target === "" ? file : path.join(path.dirname(file), target);
    expect([link, existsSync(to)]).toEqual([link, true]);
    const page = statSync(to).isDirectory() ? path.join(to, "README.md") : to;
    if (anchor !== undefined && page.endsWith(".md"))
      expect([link, anchorsOf(page)]).toEqual([link, expect.arrayContaining([anchor])]);
  }
});

test("code owners are named for both programs, for the rules and for the workflows", () => {
  const owners = readFileSync(path.join(example, "github/CODEOWNERS"), "utf8");
  const rules = [...owners.matchAll(/^(\/\S+)\s+(@\S+\/\S+)$/gm)].map(([, folder, team]) => [folder, team]);
  expect(rules).toEqual([
    ["/signing-keys/", "@acme/identity"],
    ["/signing-keys-revocation/", "@acme/security"],
    ["/signing-keys-policy/", "@acme/security"],
    ["/.github/", "@acme/security"],
  ]);
});
