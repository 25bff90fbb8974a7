import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import type { IncomingMessage, RequestListener } from "node:http";
import { decodeProtectedHeader } from "jose";
import { CertificateAuthority } from "../../emulator/src/certificateAuthority";
import type { Emulator } from "../support/emulator";
import { startProviderHost, type ProviderHost } from "../support/providerHost";
import { CheckFailed, codesIn, refusal, Stack } from "./stack";
import { dashboard, effectsOn, ringOf, startTenants, tenantFields, type Tenants } from "./tenants";

jest.setTimeout(60_000);

const REQUEST_TIMEOUT_MS = 2_000;
const AUDIENCE = "https://api.example.com/";
const MEGABYTE = Buffer.alloc(1024 * 1024, "x");

let tenants: Tenants;
let emulator: Emulator;
let authority: CertificateAuthority;
let folder: string;
let host: ProviderHost;
const servers: Server[] = [];

beforeAll(async () => {
  tenants = await startTenants(7);
  emulator = tenants.emulator;
  authority = await CertificateAuthority.create();
  folder = mkdtempSync(path.join(tmpdir(), "canaries-"));
  const trusted = path.join(folder, "ca.pem");
  writeFileSync(trusted, `${emulator.ca}\n${authority.certificate}`);
  const env = {
    NODE_EXTRA_CA_CERTS: trusted,
    AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: `${REQUEST_TIMEOUT_MS}ms`,
  };
  host = await startProviderHost({ env });
});

afterAll(async () => {
  await host.stop();
  await emulator.stop();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

/** A consumer's API over HTTPS with a certificate of this authority; what was asked of it is kept. */
async function consumer(
  answer: RequestListener,
  issuer: CertificateAuthority = authority,
): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer(await issuer.issueServerIdentity([]), (request, response) => {
    asked.push(request);
    answer(request, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `https://localhost:${port}/health`, asked };
}

/** A tenant whose first key somebody has retired, and the update that would revoke it once the canary has passed. */
async function guardedBy(url: string) {
  const tenant = tenants.nextTenant();
  const fields = tenantFields(tenant);
  const { current: retired } = await ringOf(emulator, tenant);
  await dashboard(emulator, tenant, "rotate");
  const { current } = await ringOf(emulator, tenant);
  const before = await effectsOn(emulator, tenant);
  return {
    retired,
    current,
    up: () =>
      new Stack(host).upRevocation({
        retired: [retired],
        canaries: [{ audience: AUDIENCE, url, timeout: "1s" }],
        tenant: fields,
      }),
    effects: async () => (await effectsOn(emulator, tenant)).slice(before.length),
  };
}

test("a redirect is not followed: nobody else gets the token, and nothing is revoked", async () => {
  const elsewhere = await consumer((_, response) => response.end());
  const { url, asked } = await consumer((_, response) => {
    response.writeHead(302, { location: elsewhere.url }).end();
  });
  const { up, effects, current } = await guardedBy(url);
  const error = await refusal(up());
  expect(codesIn(error)).toEqual(["canary_failed"]);
  expect(error.message).toContain(
    `${url} for 1s: 302 instead of 200 to a token of the current key ${current}`,
  );
  const [, token = ""] = asked[0]?.headers.authorization?.split(" ") ?? [];
  expect(decodeProtectedHeader(token).kid).toBe(current);
  expect(elsewhere.asked).toEqual([]);
  expect(error.message).not.toContain(token);
  expect(await effects()).toEqual([]);
});

test.each<[string, RequestListener, string]>([
  ["accepts the request and never answers", () => undefined, "timed out"],
  ["ends the connection", (request) => request.socket.destroy(), "UND_ERR_SOCKET"],
])("a consumer that %s keeps the key, in bounded time", async (_, answer, why) => {
  const { url } = await consumer(answer);
  const { up, effects } = await guardedBy(url);
  const begun = Date.now();
  const error = await refusal(up());
  expect(Date.now() - begun).toBeLessThan(REQUEST_TIMEOUT_MS * 4);
  expect(codesIn(error)).toEqual(["canary_failed"]);
  expect(error.message).toContain(`${url} for 1s: no answer (${why}) instead of 200`);
  expect(await effects()).toEqual([]);
});

test("a consumer whose certificate nobody vouches for gets no token, and keeps the key", async () => {
  const { url, asked } = await consumer((_, response) => response.end(), await CertificateAuthority.create());
  const { up, effects } = await guardedBy(url);
  const error = await refusal(up());
  expect(codesIn(error)).toEqual(["canary_failed"]);
  expect(error.message).toContain("no answer (UNABLE_TO_VERIFY_LEAF_SIGNATURE) instead of 200");
  expect(asked).toEqual([]);
  expect(await effects()).toEqual([]);
});

describe("of a long answer only the status counts", () => {
  const tenMegabytes = (): Readable => Readable.from(Array.from({ length: 10 }, () => MEGABYTE));
  const endless = (): Readable =>
    new Readable({
      read: function () {
        this.push(MEGABYTE);
      },
    });

  test.each([
    ["10 MB", tenMegabytes],
    ["an endless body", endless],
  ])("%s with the expected one passes, and the connection is given up", async (_, body) => {
    let closed: Promise<unknown> | undefined;
    const { url } = await consumer((request, response) => {
      closed = once(response, "close");
      body().pipe(response);
    });
    const { up, effects, retired } = await guardedBy(url);
    expect(await up()).toBe("create");
    await closed;
    expect(await effects()).toEqual([`revoke ${retired}`]);
  });

  test("with another status it doesn't", async () => {
    const { url } = await consumer((_, response) => {
      response.writeHead(503);
      endless().pipe(response);
    });
    const { up, effects } = await guardedBy(url);
    const error = await refusal(up());
    expect(error.message).toContain("503 instead of 200");
    expect(await effects()).toEqual([]);
  });
});

test.each([
  ["http", "http://localhost/health"],
  ["another scheme", "ftp://localhost/health"],
  ["a user's name and password", "https://me:s3cr3t@localhost/health"],
  ["no URL", "localhost"],
])("a URL with %s is refused before any request", async (_, url) => {
  const fields = { domain: emulator.domain, clientId: "app", clientSecret: "secret" };
  const canaries = [{ audience: AUDIENCE, url }];
  const error = await refusal(new Stack(host).upRevocation({ retired: ["kid"], canaries, tenant: fields }));
  expect(error).toBeInstanceOf(CheckFailed);
  expect(error.message).toMatch(/canaries.*https/);
  expect(error.message).not.toContain("s3cr3t");
});
