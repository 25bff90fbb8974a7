import {
  codeInMarkdown,
  inMarkdown,
  linkInMarkdown,
  tableInMarkdown,
} from "../../../../src/cli/audit/markdown";

test.each([
  ["words as they are", "leaked in INC-42", "leaked in INC-42"],
  ["no cell is ended", "a | b", "a \\| b"],
  ["no link is made", "[here](https://evil)", "\\[here\\]\\(https://evil\\)"],
  ["no HTML", "<img src=x>", "&lt;img src=x>"],
  ["nobody is mentioned", "@acme/owners", "@&#8203;acme/owners"],
  ["no line is ended", "a\n# b", "a \\# b"],
])("a text in Markdown: %s", (_, text, markdown) => {
  expect(inMarkdown(text)).toBe(markdown);
});

test("a kid is code, and what could end the code is text", () => {
  expect(codeInMarkdown("q7-aZ_9")).toBe("`q7-aZ_9`");
  expect(codeInMarkdown("acme.eu.auth0.com:8443")).toBe("`acme.eu.auth0.com:8443`");
  expect(codeInMarkdown("a`b")).toBe("a\\`b");
});

test("a link is one to https, and else its text", () => {
  expect(linkInMarkdown("mona", "https://github.com/acme/keys/actions/runs/42")).toBe(
    "[mona](https://github.com/acme/keys/actions/runs/42)",
  );
  for (const url of [undefined, "javascript:alert(1)", "https://x/)[y](z", "/actions/runs/"])
    expect(linkInMarkdown("mona", url)).toBe("mona");
});

test("a table", () => {
  expect(tableInMarkdown(["a", "b"], [["1", "2"]])).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |");
});
