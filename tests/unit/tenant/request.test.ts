import {
  OutcomeUnknownError,
  RateLimitedError,
  type RateLimit,
  SigningKeyError,
  type SigningKeyErrorCode,
} from "../../../src/errors";
import { redactor } from "../../../src/tenant/redact";
import { describeAnswer, explain, type Attempt } from "../../../src/tenant/request";
import { DOMAIN } from "../keyRingOf";

const SECRET = "s3cr3t-of-the-application";
const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhcHAifQ.c2lnbmF0dXJl";

function asking(writes: boolean): Attempt {
  return {
    attempt: `rotating the signing keys of ${DOMAIN}`,
    domain: DOMAIN,
    writes,
    scopes: ["create:signing_keys", "update:signing_keys"],
    redact: redactor([SECRET]),
  };
}

/** What the SDK throws for an answer that is no success. */
function answer(statusCode: number, body?: unknown, headers: Record<string, string> = {}): unknown {
  return Object.assign(new Error("from the SDK"), {
    statusCode,
    body,
    rawResponse: { headers: new Headers(headers) },
  });
}

/** What `fetch` throws: the system's error is the cause. */
function fetchFailed(code: string): Error {
  return new TypeError("fetch failed", { cause: Object.assign(new Error("from the system"), { code }) });
}

const scopeBody = {
  statusCode: 403,
  error: "Forbidden",
  message: "Insufficient scope, expected any of: update:signing_keys",
  errorCode: "insufficient_scope",
};

const answered: [number, unknown, SigningKeyErrorCode, string][] = [
  [
    400,
    { error: "Bad Request", message: "Invalid parameter" },
    "refused_by_auth0",
    "400 Bad Request Invalid parameter; this request changed nothing; see what stands between this machine and acme.eu.auth0.com, then run it again",
  ],
  [
    401,
    { error: "Unauthorized", message: "Invalid token" },
    "unauthorized",
    "401 Unauthorized Invalid token; check the application's credentials, its audience, and that the key which signed its token is not revoked",
  ],
  [
    403,
    scopeBody,
    "insufficient_scope",
    `403 insufficient_scope ${scopeBody.message}; grant the application create:signing_keys, update:signing_keys`,
  ],
  [
    404,
    undefined,
    "tenant_not_found",
    `404; check that ${DOMAIN} is an Auth0 tenant and that the key exists`,
  ],
  [
    429,
    { error: "Too Many Requests", message: "Global limit has been reached", errorCode: "too_many_requests" },
    "rate_limited",
    "429 too_many_requests Global limit has been reached; run it again once Auth0's limit has been reset",
  ],
];

describe.each([
  ["a write", true],
  ["a read", false],
])("for %s", (_, writes) => {
  test.each(answered)("%d is a refusal: nothing was done", (status, body, code, words) => {
    const error = explain(answer(status, body), asking(writes));
    expect(error).not.toBeInstanceOf(OutcomeUnknownError);
    expect(error.code).toBe(code);
    expect(error.message).toBe(`rotating the signing keys of ${DOMAIN}: ${words} [${code}]`);
  });

  test.each([
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "INVALID_PURPOSE",
    "UNSPECIFIED",
  ])("%s: the certificate is not trusted, and there is no way round it", (code) => {
    const error = explain(fetchFailed(code), asking(writes));
    expect(error.code).toBe("tls_untrusted");
    expect(error.message).toBe(
      `rotating the signing keys of ${DOMAIN}: the TLS certificate of ${DOMAIN} is not trusted (${code}); ` +
        "name the certificate authority's file in NODE_EXTRA_CA_CERTS; verification can't be turned off [tls_untrusted]",
    );
  });

  test.each<[string, SigningKeyErrorCode]>([
    ["ENOTFOUND", "tenant_not_found"],
    ["EAI_AGAIN", "unreachable"],
    ["ECONNREFUSED", "unreachable"],
    ["ENETUNREACH", "unreachable"],
    ["EHOSTUNREACH", "unreachable"],
    ["UND_ERR_CONNECT_TIMEOUT", "unreachable"],
  ])("%s: nothing was sent, so the outcome is known", (systemCode, code) => {
    const error = explain(fetchFailed(systemCode), asking(writes));
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      `rotating the signing keys of ${DOMAIN}: ${DOMAIN} can't be reached (${systemCode}); ` +
        `check the domain and the network; nothing was sent [${code}]`,
    );
  });
});

const noAnswer: [string, unknown, string][] = [
  ["500", answer(500, { error: "Internal Server Error" }), "500 Internal Server Error"],
  ["502 with HTML", answer(502, "<html>Bad gateway</html>"), "502"],
  ["503", answer(503), "503"],
  ["408", answer(408), "408"],
  ["a status that Auth0 doesn't document", answer(418), "418"],
  ["a reset", fetchFailed("ECONNRESET"), "no answer (ECONNRESET)"],
  ["a broken pipe", fetchFailed("EPIPE"), "no answer (EPIPE)"],
  ["a socket closed by the other side", fetchFailed("UND_ERR_SOCKET"), "no answer (UND_ERR_SOCKET)"],
  ["a time-out of the SDK, which carries no status", new Error("timeout"), "no answer (timed out)"],
  ["an abort", new DOMException("This operation was aborted", "TimeoutError"), "no answer"],
  ["a body cut short", new SyntaxError("Unexpected end of JSON input"), "no answer (timed out)"],
  ["something that is no error", "boom", "no answer (timed out)"],
];

test.each(noAnswer)("a write that ends in %s may have taken effect", (_, thrown, observation) => {
  const error = explain(thrown, asking(true));
  expect(error).toBeInstanceOf(OutcomeUnknownError);
  expect(error.code).toBe("outcome_unknown");
  expect(error.message).toContain(`rotating the signing keys of ${DOMAIN}: ${observation}`);
  expect(error.message).toContain("whether it took effect is unknown");
});

test.each(noAnswer)("a read that ends in %s has changed nothing", (_, thrown, observation) => {
  const error = explain(thrown, asking(false));
  expect(error.code).toBe("unreachable");
  expect(error.message).toContain(`rotating the signing keys of ${DOMAIN}: ${observation}`);
  expect(error.message).toContain("this request changed nothing; check the way to ");
});

test("a redirect is not followed: a read says so, and a write looks at the ring", () => {
  const error = explain(answer(307), asking(false));
  expect(error.message).toBe(
    `rotating the signing keys of ${DOMAIN}: 307; redirects are never followed; ` +
      `check that ${DOMAIN} is an Auth0 tenant's domain with nothing in between [unexpected_answer]`,
  );
  expect(explain(answer(307), asking(true))).toBeInstanceOf(OutcomeUnknownError);
});

test("what is explained already stays as it is", () => {
  const error = new SigningKeyError("wrong_tenant", { attempt: "a", observation: "b", remedy: "c" });
  expect(explain(error, asking(true))).toBe(error);
});

describe("until when a rate limit holds", () => {
  const limitOf = (headers: Record<string, string>): RateLimit | undefined => {
    const error = explain(answer(429, undefined, headers), asking(true));
    return error instanceof RateLimitedError ? error.rateLimit : undefined;
  };
  test.each([
    [
      "Retry-After counts from the answer's own date",
      { "retry-after": "30", date: "Tue, 10 Mar 2026 12:00:00 GMT" },
      { waitMilliseconds: 30_000, resetAt: new Date("2026-03-10T12:00:30.000Z") },
    ],
    [
      "Retry-After goes before X-RateLimit-Reset",
      { "retry-after": "30", date: "Tue, 10 Mar 2026 12:00:00 GMT", "x-ratelimit-reset": "1773150000" },
      { waitMilliseconds: 30_000, resetAt: new Date("2026-03-10T12:00:30.000Z") },
    ],
    [
      "X-RateLimit-Reset is in seconds since 1970, and the wait goes by the answer's date, not by this machine's clock",
      { "x-ratelimit-reset": "1773144060", date: "Tue, 10 Mar 2026 12:00:00 GMT" },
      { waitMilliseconds: 60_000, resetAt: new Date("2026-03-10T12:01:00.000Z") },
    ],
    [
      "a time that no date can hold is waited for by nobody, and not named",
      { "x-ratelimit-reset": "9999999999999", date: "Tue, 10 Mar 2026 12:00:00 GMT" },
      { waitMilliseconds: 9_999_999_999_999_000 - Date.parse("2026-03-10T12:00:00Z") },
    ],
    [
      "for ever is waited for by nobody either",
      { "retry-after": "Infinity" },
      { waitMilliseconds: Infinity },
    ],
    [
      "without a date, how long to wait is not known",
      { "x-ratelimit-reset": "1773144060" },
      { resetAt: new Date("2026-03-10T12:01:00.000Z") },
    ],
  ])("%s", (_, headers, expected) => {
    expect(limitOf(headers)).toEqual(expected);
  });
  test.each([
    ["no header says it", {}],
    ["a header is no number", { "x-ratelimit-reset": "soon", "retry-after": "later" }],
    ["a header is zero", { "x-ratelimit-reset": "0", "retry-after": "0" }],
    ["a header is beyond all dates", { "x-ratelimit-reset": "8640000000001" }],
  ])("is not known where %s", (_, headers) => {
    expect(limitOf(headers)).toEqual({});
  });
});

describe("no message holds a secret or a token", () => {
  const leaks = `client_secret=${SECRET}, Authorization: Bearer ${TOKEN}`;
  test.each([400, 401, 403, 404, 429, 500])("though Auth0's %d repeats them", (status) => {
    const body = { error: leaks, message: leaks, errorCode: leaks, error_description: leaks };
    const { message } = explain(answer(status, body), asking(true));
    expect(message).toContain("[redacted]");
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain(TOKEN);
  });
  test("though the error thrown repeats them", () => {
    const thrown = new TypeError(leaks, { cause: Object.assign(new Error(leaks), { code: "ECONNRESET" }) });
    const { message, cause } = explain(thrown, asking(true));
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain(TOKEN);
    expect(cause).toBeUndefined();
  });
  test("though a long text is cut in the middle of one", () => {
    const body = { message: `${"x".repeat(180)}${SECRET}` };
    expect(explain(answer(400, body), asking(true)).message).not.toContain(SECRET.slice(0, 8));
  });
});

test.each([
  [
    "Auth0's management errors",
    { error: "Forbidden", message: "no", errorCode: "insufficient_scope" },
    "403 insufficient_scope no",
  ],
  [
    "Auth0's token errors",
    { error: "access_denied", error_description: "Unauthorized" },
    "403 access_denied Unauthorized",
  ],
  ["HTML", "<html>", "403"],
  ["a body with other types", { error: 7 }, "403"],
  ["no body", undefined, "403"],
])("an answer is described from %s", (_, body, words) => {
  expect(describeAnswer(403, body, redactor([]))).toBe(words);
});
