import { oneLine } from "../../tenant/oneLine";

/** A text as it is, in one line of Markdown: no markup, no HTML, and nobody is mentioned, for a space without width is between. */
export function inMarkdown(text: string): string {
  return oneLine(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/[\\`*_{}[\]()#+!|~]/g, "\\$&")
    .replaceAll("@", "@&#8203;");
}

/** A kid, a domain or a code in the typeface of programs. */
export function codeInMarkdown(text: string): string {
  return /^[\w.:-]+$/.test(text) ? `\`${text}\`` : inMarkdown(text);
}

/** A link with a text, where it is one; otherwise the text alone. */
export function linkInMarkdown(text: string, url: string | undefined): string {
  const isLink = url !== undefined && /^https:\/\/[\w./:%~?=&-]+$/.test(url);
  return isLink ? `[${inMarkdown(text)}](${url})` : inMarkdown(text);
}

/** A table; its cells are Markdown already. */
export function tableInMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
