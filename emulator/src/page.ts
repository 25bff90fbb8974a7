import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { escapeMarkup } from "./escapeMarkup.js";
import type { RingKey } from "./keyRing.js";
import type { Tenant } from "./tenant.js";

/** The page at `/`: each tenant's keys as an operator sees them, brought up to date every second. */
export function pageRoutes(app: FastifyInstance, tenants: () => readonly Tenant[]): void {
  app.get("/", (_, reply) => {
    const nonce = randomBytes(16).toString("base64");
    const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'`;
    void reply.headers({ "content-security-policy": policy, "cache-control": "no-store" });
    return reply.type("text/html; charset=utf-8").send(page(tenants(), nonce));
  });
}

function page(tenants: readonly Tenant[], nonce: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Application signing keys (emulator)</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>Application signing keys</h1>
<p>This is the Auth0 signing keys emulator, not Auth0. The lists follow every change.</p>
<div id="tenants">
${tenants.map(section).join("\n")}
</div>
<p id="news" role="status"></p>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;
}

function section(tenant: Tenant): string {
  const { keys } = tenant.ring;
  const valid = keys.filter(({ state }) => state.status !== "revoked");
  const revoked = keys.filter(({ state }) => state.status === "revoked");
  return `<section>
<h2>${escapeMarkup(tenant.domain)}</h2>
<p>Also ${escapeMarkup(tenant.hostname)}.</p>
${table("List of Valid Keys", ["Key ID", "Status", "In use since", "In use until", "SHA-1 thumbprint"], valid.map(validRow))}
${table("List of Revoked Keys", ["Key ID", "In use since", "In use until", "Revoked at", "SHA-1 thumbprint"], revoked.map(revokedRow))}
</section>`;
}

const statusNames = {
  next: "Next in queue",
  current: "Currently used",
  previous: "Previously used",
  revoked: "Revoked",
} as const;

function validRow({ key, state }: RingKey): readonly string[] {
  const since = "since" in state ? state.since : "";
  const until = "until" in state ? state.until : "";
  return [key.kid, statusNames[state.status], since, until, key.thumbprint];
}

function revokedRow({ key, state }: RingKey): readonly string[] {
  return state.status === "revoked"
    ? [key.kid, state.since, state.until, state.revokedAt, key.thumbprint]
    : [];
}

function table(caption: string, headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = headings.map((heading) => `<th scope="col">${escapeMarkup(heading)}</th>`).join("");
  const body = rows.map(row).join("\n");
  const none = `<tr><td colspan="${headings.length}">None</td></tr>`;
  return `<table>
<caption>${escapeMarkup(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body === "" ? none : body}
</tbody>
</table>`;
}

function row([kid = "", ...cells]: readonly string[]): string {
  const rest = cells.map((cell) => `<td>${cell === "" ? "–" : escapeMarkup(cell)}</td>`).join("");
  return `<tr><th scope="row"><code>${escapeMarkup(kid)}</code></th>${rest}</tr>`;
}

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem; color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
caption { text-align: left; font-weight: bold; padding: 0.5rem 0; }
th, td { text-align: left; padding: 0.4rem 0.8rem; border: 1px solid #767676; font-weight: normal; }
thead th { font-weight: bold; background: #f0f0f0; }
`;

const script = `
const lists = document.getElementById("tenants");
const news = document.getElementById("news");
async function follow() {
  try {
    const text = await (await fetch(location.pathname, { cache: "no-store" })).text();
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("tenants");
    if (fresh.innerHTML !== lists.innerHTML) {
      lists.replaceChildren(...fresh.childNodes);
      news.textContent = "The keys changed at " + new Date().toLocaleTimeString() + ".";
    }
  } catch {
    news.textContent = "The emulator does not answer; trying again.";
  }
  setTimeout(follow, 1000);
}
setTimeout(follow, 1000);
`;
