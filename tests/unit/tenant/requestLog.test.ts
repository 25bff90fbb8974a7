import { redactor } from "../../../src/tenant/redact";
import { loggingFetch } from "../../../src/tenant/requestLog";
import { FakeClock } from "../fakeClock";
import { DOMAIN } from "../keyRingOf";

const SECRET = "s3cr3t-of-the-application";
const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhcHAifQ.c2lnbmF0dXJl";
const URL_ASKED = `https://${DOMAIN}/api/v2/keys/signing?note=confidential`;

const clock = new FakeClock();
let said: string[];
let answer: jest.SpiedFunction<typeof fetch>;

beforeEach(() => {
  said = [];
  answer = jest.spyOn(globalThis, "fetch");
});

afterEach(() => {
  answer.mockRestore();
});

/** Makes a request that is answered 143 ms later. */
async function ask(given: Response | Error, url = URL_ASKED, init: RequestInit = {}): Promise<Response> {
  answer.mockImplementation(async () => {
    await clock.sleep(143);
    if (given instanceof Response) return given;
    throw given;
  });
  const logging = loggingFetch(fetch, clock, (line) => said.push(line), redactor([SECRET]));
  return logging(url, init);
}

function failed(code: string): Error {
  return new TypeError("fetch failed", { cause: Object.assign(new Error("from the system"), { code }) });
}

test("a request is one line, without query, headers and body; the answer is handed on as it was", async () => {
  const body = JSON.stringify({ access_token: TOKEN, client_secret: SECRET });
  const headers = { "x-auth0-requestid": "4ad55daa560e468bdfe1", "cf-ray": "7e2e6a80b99c392d-KUL" };
  const init = {
    method: "POST",
    body: `client_secret=${SECRET}`,
    headers: { authorization: `Bearer ${TOKEN}` },
  };
  const response = await ask(new Response(body, { status: 201, headers }), URL_ASKED, init);
  expect(said).toEqual([
    `${DOMAIN}: POST /api/v2/keys/signing: 201 in 143 ms (request 4ad55daa560e468bdfe1)`,
  ]);
  expect(answer).toHaveBeenCalledWith(URL_ASKED, init);
  expect([response.status, response.headers.get("cf-ray"), await response.text()]).toEqual([
    201,
    headers["cf-ray"],
    body,
  ]);
});

test.each([
  ["x-request-id, where Auth0 names none", { "x-request-id": "abc-1", "cf-ray": "def" }, " (request abc-1)"],
  [
    "cf-ray, where nothing else does",
    { "cf-ray": "7e2e6a80b99c392d-KUL" },
    " (request 7e2e6a80b99c392d-KUL)",
  ],
  ["nothing", {}, ""],
  ["nothing, where it may be something else", { "x-auth0-requestid": `Bearer ${TOKEN}` }, ""],
  ["nothing, where it is too long", { "x-auth0-requestid": "a".repeat(65) }, ""],
])("the request is named by %s", async (_, headers, shown) => {
  await ask(new Response(null, { status: 204, headers: { ...headers } }));
  expect(said).toEqual([`${DOMAIN}: GET /api/v2/keys/signing: 204 in 143 ms${shown}`]);
});

test.each([
  [failed("ECONNRESET"), "ECONNRESET"],
  [new DOMException("The operation was aborted due to timeout", "TimeoutError"), "timed out"],
])("a request without an answer is shown with why, and fails as it did", async (error, shown) => {
  await expect(ask(error)).rejects.toBe(error);
  expect(said).toEqual([`${DOMAIN}: GET /api/v2/keys/signing: ${shown} in 143 ms`]);
});

test("so is one whose body ends in the middle, with the status that it had", async () => {
  const error = failed("UND_ERR_SOCKET");
  const body = new ReadableStream({
    pull: (controller) => {
      controller.error(error);
    },
  });
  await expect(ask(new Response(body, { headers: { "cf-ray": "abc" } }))).rejects.toBe(error);
  expect(said).toEqual([
    `${DOMAIN}: GET /api/v2/keys/signing: 200 and no whole body, UND_ERR_SOCKET, in 143 ms (request abc)`,
  ]);
});

test("what looks like a secret or a token in a path is not shown", async () => {
  await ask(new Response("{}"), `https://${DOMAIN}/${SECRET}/${TOKEN}`);
  expect(said).toEqual([`${DOMAIN}: GET /[redacted]/[redacted]: 200 in 143 ms`]);
});
