import { oneLine } from "../../../src/tenant/oneLine";

test.each([
  ["a line end", "one\r\n::set-output name=x::y", "one ::set-output name=x::y"],
  ["the other line ends there are", "a\u2028b\u2029c\u0085d", "a b c d"],
  ["what steers a terminal", "red \u001b[31m\u0007 text", "red  [31m  text"],
  ["what turns the direction of writing", "abc\u202edef", "abc def"],
  ["a command to Azure Pipelines", "##vso[task.prependpath]/tmp", "# vso[task.prependpath]/tmp"],
  ["a command to GitHub Actions", "a ###[add-mask]b", "a ## [add-mask]b"],
])("takes out %s", (_, text, line) => {
  expect(oneLine(text)).toBe(line);
});

test.each(["", "Global limit has been reached", "## a heading [1]", "naïve “quotes” – 鍵 🔑"])(
  "leaves %j",
  (text) => {
    expect(oneLine(text)).toBe(text);
  },
);
