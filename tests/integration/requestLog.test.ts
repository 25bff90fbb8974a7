import { startProviderHost, type ProviderHost } from "../support/providerHost";
import type { Emulator, TenantAccess } from "../support/emulator";
import { Stack, TOKEN } from "./stack";
import { journalOf, PATHS, startTenants, tenantFields } from "./tenants";

jest.setTimeout(60_000);

let emulator: Emulator;
let tenant: TenantAccess;
let stack: Stack;
const hosts: ProviderHost[] = [];

beforeEach(async () => {
  const tenants = await startTenants(1);
  emulator = tenants.emulator;
  tenant = tenants.nextTenant();
});

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await emulator.stop();
});

/** A run of the engine in which a key is rotated out and revoked, past a reset and a page instead of an answer. */
async function rotateAndRevoke(debug: Readonly<Record<string, string>>): Promise<string> {
  const env = {
    NODE_EXTRA_CA_CERTS: emulator.caFile,
    AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "2s",
    ...debug,
  };
  const host = await startProviderHost({ env });
  hosts.push(host);
  stack = new Stack(host);
  const args = { generation: 1, minKeyAge: "0s", tenant: tenantFields(tenant) };
  await emulator.fault({ fault: "reset", match: PATHS.list });
  await emulator.fault({ fault: "html", match: PATHS.rotate });
  await stack.up(args);
  await stack.up({ ...args, revokePrevious: true });
  return host.stdout() + host.stderr();
}

/** The requests that were shown, each as method, path and status, 0 if there was no answer. */
function shownIn(output: string): string[] {
  const line = /^\S+: ([A-Z]+ \/\S+): (\d{3}|[A-Z_]+) in \d+ ms(?: \(request [0-9a-f]{20}\))?$/gm;
  return [...output.matchAll(line)].map(([, request = "", outcome = ""]) =>
    /^\d/.test(outcome) ? `${request} ${outcome}` : `${request} 0`,
  );
}

test("AUTH0_DEBUG shows each request that was made, in order, and of none a token, a secret, a header or a body", async () => {
  const output = await rotateAndRevoke({ AUTH0_DEBUG: "true" });
  const made = await journalOf(emulator, tenant);
  expect(shownIn(output)).toEqual(made.map(({ method, path, status }) => `${method} ${path} ${status}`));
  expect(made.map(({ status }) => status)).toEqual(expect.arrayContaining([0, 200, 201]));

  expect(output).not.toContain(tenant.clientSecret);
  expect(output).not.toContain(tenant.clientId);
  expect(output).not.toMatch(TOKEN);
  expect(output).not.toMatch(/authorization|bearer|client_secret|grant_type|access_token|BEGIN CERTIFICATE/i);
});

test("without it no request is shown", async () => {
  expect(shownIn(await rotateAndRevoke({}))).toEqual([]);
});

test("check and diff show none, as they make none", async () => {
  await rotateAndRevoke({ AUTH0_DEBUG: "true" });
  const made = (await journalOf(emulator, tenant)).length;
  const [host] = hosts;
  const before = host?.stdout().length;
  await stack.preview({ generation: 2, minKeyAge: "0s", tenant: tenantFields(tenant) });
  expect(shownIn(host?.stdout().slice(before) ?? "")).toEqual([]);
  expect(await journalOf(emulator, tenant)).toHaveLength(made);
});
