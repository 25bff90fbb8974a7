import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { emergency } from "../../../../src/cli/emergency/emergency";
import { Output } from "../../../../src/cli/output";
import { DOMAIN } from "../../keyRingOf";
import { CERTIFICATE } from "../../listings";
import { rejectedBy } from "../../thrownBy";
import { requestOf } from "./requestOf";

/** A tenant that only answers: its ring is what a test says at the moment. */
let listed: object[] = [];
let asked: string[] = [];
let folder: string;
const realFetch = globalThis.fetch;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "signing-keys-emergency-"));
  asked = [];
  listed = [keyOf("current", { current: true }), keyOf("next", { next: true })];
  globalThis.fetch = (url, init) => {
    const { pathname } = new URL(url instanceof Request ? url.url : url);
    asked.push(`${init?.method ?? "GET"} ${pathname}`);
    const isToken = pathname === "/oauth/token";
    return Promise.resolve(Response.json(isToken ? { access_token: "opaque", expires_in: 3600 } : listed));
  };
});
afterEach(() => {
  globalThis.fetch = realFetch;
  rmSync(folder, { recursive: true });
});

function keyOf(kid: string, flags: object): object {
  return { kid, cert: CERTIFICATE, fingerprint: "aa:bb", thumbprint: "aabb", ...flags };
}

/** Runs it where somebody sits at a terminal, and answers the question. */
async function answered(answer: () => string) {
  const [input, prompt, stdout, stderr] = [1, 2, 3, 4].map(() => new PassThrough());
  if (!input || !prompt || !stdout || !stderr) throw new Error("four streams");
  prompt.once("data", () => input.end(`${answer()}\n`));
  const environment = { AUTH0_CLIENT_ID: "app", AUTH0_CLIENT_SECRET: "s3cr3t" };
  const receipt = path.join(folder, "receipt.json");
  const error = await rejectedBy(() =>
    emergency(requestOf({ receipt }), {
      environment,
      output: new Output({ stdout, stderr }, false, environment),
      keyboard: { input, prompt },
    }),
  );
  return { error, stderr: (stderr.read() as Buffer).toString(), begun: existsSync(receipt) };
}

test("on a terminal the plan is shown, and anything but the domain ends it before it begins", async () => {
  const { error, stderr, begun } = await answered(() => "yes");
  expect([error.code, error.message]).toEqual([
    "invalid_input",
    `emergency on ${DOMAIN}: it was not confirmed; nothing was done [invalid_input]`,
  ]);
  expect(stderr).toContain("1. current (current): rotate it out, revoke it");
  expect([begun, asked]).toEqual([false, ["POST /oauth/token", "GET /api/v2/keys/signing"]]);
});

test("a ring that changes while it asks is another one than was confirmed", async () => {
  const { error, begun } = await answered(() => {
    listed = [keyOf("current", {}), keyOf("next", { current: true }), keyOf("third", { next: true })];
    return DOMAIN;
  });
  expect([error.code, begun]).toEqual(["current_kid_mismatch", false]);
  expect(error.message).toContain("the key ring has changed since the plan was shown");
  expect(asked.filter((request) => !request.startsWith("GET"))).toEqual(["POST /oauth/token"]);
});
