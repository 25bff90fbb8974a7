import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as v from "valibot";
import { CertificateAuthority } from "../../emulator/src/certificateAuthority";
import { auditReceiptSchema, type AuditReceipt } from "../../src/audit/receipt";
import type { Emulator, TenantAccess } from "../support/emulator";
import { startProviderHost, type ProviderHost } from "../support/providerHost";
import { machineFor } from "./machines";
import { codesIn, refusal, Stack } from "./stack";
import { effectsOn, PATHS, requestsTo, ringOf, startTenants, tenantFields } from "./tenants";

jest.setTimeout(60_000);

const SINK_TOKEN = "sink-token-that-nobody-may-see";
const GITHUB = {
  GITHUB_ACTIONS: "true",
  GITHUB_ACTOR: "mona",
  GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "acme/keys",
  GITHUB_RUN_ID: "42",
};
const WHO = {
  by: "mona",
  commit: GITHUB.GITHUB_SHA,
  run: "https://github.com/acme/keys/actions/runs/42",
};

let emulator: Emulator;
let nextTenant: () => TenantAccess;
/** For what must not reach it. */
let untouched: TenantAccess;
let folder: string;
let sink: Server;
const received: { readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
let sinkStatus = 204;
const hosts: ProviderHost[] = [];

beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(7));
  untouched = nextTenant();
  folder = mkdtempSync(path.join(tmpdir(), "audit-trail-"));
  const authority = await CertificateAuthority.create();
  writeFileSync(path.join(folder, "ca.pem"), `${emulator.ca}\n${authority.certificate}`);
  sink = createServer(await authority.issueServerIdentity([]), (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      response.writeHead(sinkStatus).end();
    });
  });
  await once(sink.listen(0, "localhost"), "listening");
});
afterEach(async () => {
  sinkStatus = 204;
  received.length = 0;
  await emulator.clearFaults();
});
afterAll(async () => {
  for (const host of hosts) await host.stop();
  sink.closeAllConnections();
  sink.close();
  await emulator.stop();
  rmSync(folder, { recursive: true });
});

function sinkUrl(): string {
  return `https://localhost:${(sink.address() as AddressInfo).port}/receipts`;
}

async function hostWith(env: Record<string, string>): Promise<ProviderHost> {
  const host = await startProviderHost({
    env: {
      NODE_EXTRA_CA_CERTS: path.join(folder, "ca.pem"),
      AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "2s",
      ...GITHUB,
      ...env,
    },
  });
  hosts.push(host);
  return host;
}

function receiptsIn(file: string): AuditReceipt[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => v.parse(v.strictObject(auditReceiptSchema.entries), JSON.parse(line)));
}

/** What receipts say was done to which key, with what came of it. */
function told(receipts: readonly AuditReceipt[]): string[] {
  return receipts.map(({ action, kid = "", outcome, code = "" }) =>
    [action, kid, outcome, code].filter(Boolean).join(" "),
  );
}

test("a rotation and a revocation leave receipts of who, what, which key and why, each before and after it", async () => {
  const tenant = nextTenant();
  const file = path.join(folder, "writes.jsonl");
  const stack = new Stack(await hostWith({ AUTH0_SIGNING_KEYS_AUDIT_FILE: file }));
  const base = { tenant: tenantFields(tenant), minKeyAge: "0s", reason: "quarterly" };
  const { current } = await ringOf(emulator, tenant);
  await stack.up({ ...base, generation: 0 });
  await stack.up({ ...base, generation: 1 });
  await stack.up({ ...base, generation: 1, revokeNow: { kid: current, reason: "INC-7" } });

  const receipts = receiptsIn(file);
  expect(told(receipts)).toEqual([
    `rotate ${current} begun`,
    `rotate ${current} done`,
    `revoke ${current} begun`,
    `revoke ${current} done`,
  ]);
  for (const receipt of receipts) expect(receipt).toMatchObject({ domain: tenant.domain, ...WHO });
  const [asked, done, revoked] = receipts;
  expect(asked).toMatchObject({ generation: 1, reason: "quarterly" });
  expect(done?.attempt).toBe(asked?.attempt);
  expect(revoked).toMatchObject({ reason: "INC-7" });
  expect(revoked?.attempt).not.toBe(asked?.attempt);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain(tenant.clientSecret);
});

test("a raise that is refused leaves one receipt with the code, and a write that fails two", async () => {
  const tenant = nextTenant();
  const file = path.join(folder, "failures.jsonl");
  const stack = new Stack(await hostWith({ AUTH0_SIGNING_KEYS_AUDIT_FILE: file }));
  const base = { tenant: tenantFields(tenant), minKeyAge: "0s" };
  const { current } = await ringOf(emulator, tenant);
  await stack.up({ ...base, generation: 0 });
  await refusal(stack.up({ ...base, generation: 1, expectedCurrentKid: "another" }));
  expect(told(receiptsIn(file))).toEqual(["update failed current_kid_mismatch"]);
  expect(receiptsIn(file)[0]).toMatchObject({
    generation: 1,
    message: expect.stringContaining(current) as string,
  });

  await emulator.fault({
    fault: "status",
    status: 403,
    match: PATHS.rotate,
    tenant: tenant.domain,
    times: 1,
  });
  await refusal(stack.up({ ...base, generation: 1 }));
  expect(told(receiptsIn(file)).slice(1)).toEqual([
    `rotate ${current} begun`,
    `rotate ${current} failed insufficient_scope`,
    "update failed insufficient_scope",
  ]);
});

test("an update that fails after its write says with which code", async () => {
  const tenant = nextTenant();
  const file = path.join(folder, "unverified.jsonl");
  const stack = new Stack(await hostWith({ AUTH0_SIGNING_KEYS_AUDIT_FILE: file }));
  const { current } = await ringOf(emulator, tenant);
  await emulator.fault({ fault: "stale-jwks", match: PATHS.jwks, tenant: tenant.domain, times: 50 });
  await refusal(stack.up({ tenant: tenantFields(tenant), generation: 1, verifyTimeout: "1s" }));
  expect(told(receiptsIn(file))).toEqual([
    `rotate ${current} begun`,
    `rotate ${current} done`,
    "update failed verification_timeout",
  ]);
});

test("they are POSTed with the token, which is shown nowhere; a sink that is down is said and stops nothing", async () => {
  const tenant = nextTenant();
  const host = await hostWith({
    AUTH0_SIGNING_KEYS_AUDIT_URL: sinkUrl(),
    AUTH0_SIGNING_KEYS_AUDIT_TOKEN: SINK_TOKEN,
  });
  const stack = new Stack(host);
  const base = { tenant: tenantFields(tenant), minKeyAge: "0s" };
  const { current } = await ringOf(emulator, tenant);
  await stack.up({ ...base, generation: 1 });
  expect(told(received.map(({ body }) => JSON.parse(body) as AuditReceipt)).sort()).toEqual([
    `rotate ${current} begun`,
    `rotate ${current} done`,
  ]);
  for (const { headers } of received)
    expect(headers).toMatchObject({
      authorization: `Bearer ${SINK_TOKEN}`,
      "content-type": "application/json",
    });

  sinkStatus = 500;
  await stack.up({ ...base, generation: 2 });
  expect(await effectsOn(emulator, tenant)).toHaveLength(2);
  expect(host.stdout()).toContain(
    `the receipt can't be delivered to ${new URL(sinkUrl()).origin} (it answered 500); it goes on all the same`,
  );
  // A webhook's path is a secret, as is the token.
  for (const secret of [SINK_TOKEN, "/receipts"]) expect(host.stdout() + host.stderr()).not.toContain(secret);
});

test("a file that can't be written is said and stops nothing", async () => {
  const tenant = nextTenant();
  const host = await hostWith({ AUTH0_SIGNING_KEYS_AUDIT_FILE: path.join(folder, "missing", "audit.jsonl") });
  await new Stack(host).up({ tenant: tenantFields(tenant), generation: 1 });
  expect(host.stdout()).toMatch(/the receipt can't be delivered to \S+audit\.jsonl \(ENOENT/);
  expect(await effectsOn(emulator, tenant)).toHaveLength(1);
});

test.each([
  ["a relative file", { AUTH0_SIGNING_KEYS_AUDIT_FILE: "audit.jsonl" }, /AUDIT_FILE is no absolute path/],
  [
    "what is no file",
    { AUTH0_SIGNING_KEYS_AUDIT_FILE: tmpdir() },
    /AUDIT_FILE names something that is no file/,
  ],
  ["an http URL", { AUTH0_SIGNING_KEYS_AUDIT_URL: "http://localhost/" }, /AUDIT_URL is no https URL/],
  [
    "a URL with a password",
    { AUTH0_SIGNING_KEYS_AUDIT_URL: "https://me:pass-in-url@localhost/" },
    /AUDIT_URL is no https URL without a user and password/,
  ],
])("%s is refused before any request", async (_, env, observation) => {
  const tenant = untouched;
  const error = await refusal(
    new Stack(await hostWith(env)).up({ tenant: tenantFields(tenant), generation: 1 }),
  );
  expect([codesIn(error), error.message]).toEqual([["invalid_input"], expect.stringMatching(observation)]);
  expect(error.message).not.toContain("pass-in-url");
  expect(await requestsTo(emulator, tenant)).toEqual([]);
});

test("an emergency by the command line leaves them as well", async () => {
  const tenant = nextTenant();
  const file = path.join(folder, "emergency.jsonl");
  const { current } = await ringOf(emulator, tenant);
  const { outcome } = await machineFor(tenant).run(
    ["emergency", "--tenant", tenant.domain, "--compromised", "current", "--reason", "INC-9"],
    { AUTH0_SIGNING_KEYS_AUDIT_FILE: file, AUTH0_SIGNING_KEYS_ACTOR: "night shift" },
  );
  expect(outcome).toBe(0);
  expect(told(receiptsIn(file))).toEqual([
    `rotate ${current} begun`,
    `rotate ${current} done`,
    `revoke ${current} begun`,
    `revoke ${current} done`,
  ]);
  for (const receipt of receiptsIn(file))
    expect(receipt).toMatchObject({ by: "night shift", reason: "INC-9" });
});
