import { type ProviderHost, startProviderHost } from "../support/providerHost";
import { CERTIFICATE } from "../unit/listings";
import { keepUsedSecrets } from "../support/traces";
import { type Asked, type HostileTenant, startHostileTenant, type Trick } from "./hostileTenant";
import { codesIn, refusal, Stack, type ProgramArgs } from "./stack";

jest.setTimeout(60_000);

const CLIENT_SECRET = "secret-for-the-hostile-tenant-alone";
const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;

let tenant: HostileTenant;
let elsewhere: HostileTenant;
let host: ProviderHost;
let stack: Stack;

beforeEach(async () => {
  [tenant, elsewhere] = await Promise.all([startHostileTenant(), startHostileTenant()]);
  keepUsedSecrets([CLIENT_SECRET]);
  host = await hostWith({ AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "300ms" });
  stack = new Stack(host);
});

afterEach(async () => {
  await host.stop();
  await Promise.all([tenant.stop(), elsewhere.stop()]);
});

function hostWith(env: Record<string, string>): Promise<ProviderHost> {
  const config = {
    "auth0:domain": tenant.domain,
    "auth0:clientId": "app",
    "auth0:clientSecret": CLIENT_SECRET,
  };
  return startProviderHost({ config, env: { NODE_EXTRA_CA_CERTS: tenant.caFile, ...env } });
}

const up = (args: ProgramArgs): Promise<unknown> =>
  stack.up({ minKeyAge: "0s", verifyTimeout: "1s", ...args });

test("an honest one: the secret goes with the token request alone, the token to the Management API alone", async () => {
  await up({ generation: 1 });
  await refusal(up({ generation: 1, revokePrevious: true })); // it never shows the key as revoked
  expect(new Set(tenant.seen.map(({ request }) => request))).toEqual(
    new Set(["token", "list", "rotate", "jwks", "revoke"]),
  );
  for (const { request, headers, body } of tenant.seen) {
    const goesToApi = ["list", "rotate", "revoke"].includes(request);
    expect([request, /^Bearer eyJ/.test(headers.authorization ?? "")]).toEqual([request, goesToApi]);
    const all = JSON.stringify(headers) + body;
    expect([request, all.includes(CLIENT_SECRET)]).toEqual([request, request === "token"]);
  }
});

describe("a redirect to another host", () => {
  const redirect =
    (status: number): Trick =>
    (response) => {
      response.writeHead(status, { location: `https://${elsewhere.domain}/` }).end();
    };

  test.each<[Asked, number, string]>([
    ["token", 307, "unexpected_answer"],
    ["list", 302, "unexpected_answer"],
    ["rotate", 307, "outcome_unknown"],
    ["jwks", 308, "unexpected_answer"],
  ])("of the %s request is not followed (%d)", async (request, status, code) => {
    tenant.play(request, redirect(status));
    expect(codesIn(await refusal(up({ generation: 1 })))).toEqual([code]);
    expect(elsewhere.seen).toEqual([]);
  });
});

test("an answer without an end fails the update, and fills no memory", async () => {
  await host.stop();
  host = await hostWith({ AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "20s" });
  stack.useHost(host);
  let sent = 0;
  let answers = 0;
  tenant.play("list", (response) => {
    answers += 1;
    const chunk = Buffer.alloc(1024 * 1024, " ");
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.writeHead(200, { "content-type": "application/json" }).on("drain", more);
    more();
  });
  const { message } = await refusal(up({ generation: 1 }));
  expect(message).toContain("ANSWER_TOO_LONG");
  expect(sent).toBeLessThan(answers * 2 * LARGEST_ANSWER_BYTES);
});

test("words of its own pass for nobody else's: one line, and no command to a terminal or a build service", async () => {
  const message = "no\n\u001b[2J::set-output name=a::b\r\n##vso[task.prependpath]/tmp\u202e";
  tenant.play("list", (response) => {
    response.writeHead(403, { "content-type": "application/json" }).end(JSON.stringify({ message }));
  });
  const refused = await refusal(up({ generation: 1 }));
  expect(refused.message).toContain("403 no [2J::set-output name=a::b # vso[task.prependpath]/tmp ; grant");
  expect(refused.message).not.toMatch(/\p{Cc}|\p{Cf}|##vso/u);
});

test.each([
  ["a kid", { kid: "key-1\n##vso[task.prependpath]/tmp" }],
  ["a certificate", { cert: `${CERTIFICATE}admin: true\n` }],
])("%s that says more than its name is refused before anything is recorded", async (_, odd) => {
  tenant.play("list", (response) => {
    const key = { cert: CERTIFICATE, fingerprint: "", thumbprint: "", kid: "key-1", current: true, ...odd };
    response.end(JSON.stringify([key]));
  });
  const error = await refusal(up({ generation: 1 }));
  expect(codesIn(error)).toEqual(["unexpected_answer"]);
  expect(stack.state).toEqual({});
  expect(tenant.seen.some(({ request }) => request === "rotate")).toBe(false);
});

test("where Node is told not to verify certificates, nothing is sent", async () => {
  await host.stop();
  host = await hostWith({ NODE_TLS_REJECT_UNAUTHORIZED: "0" });
  const error = await refusal(new Stack(host).up({ generation: 1 }));
  expect(codesIn(error)).toEqual(["tls_untrusted"]);
  expect(tenant.seen).toEqual([]);
});
