import { redactor } from "../../../src/tenant/redact";

const SECRET = "s3cr3t+with(special)$chars";
const TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJhcHAifQ.c2lnbmF0dXJl_-x";
const PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----";

test.each([
  [
    "a known secret, wherever it stands",
    `bad secret ${SECRET}, I said ${SECRET}`,
    "bad secret [redacted], I said [redacted]",
  ],
  ["a token", `Bearer ${TOKEN} is expired`, "Bearer [redacted] is expired"],
  ["a token without signature", "got eyJhbGciOiJub25lIn0.eyJzdWIiOiJhcHAifQ.", "got [redacted]"],
  ["a token cut short", "got eyJhbGciOiJub25lIn0.eyJzd…", "got [redacted]…"],
  ["a private key", `no PEM: ${PRIVATE_KEY} given`, "no PEM: [redacted] given"],
  ["a private key cut short", "no PEM: -----BEGIN RSA PRIVATE KEY-----\nMIIE", "no PEM: [redacted]"],
  ["a private key written as JSON", `"${PRIVATE_KEY.replaceAll("\n", "\\n")}"`, '"[redacted]"'],
])("takes out %s", (_, text, redacted) => {
  expect(redactor([SECRET])(text)).toBe(redacted);
});

test("what is left is one line, so that nobody's words pass for ours in a log", () => {
  expect(redactor([SECRET])(`no\n::error::rotated ${SECRET}`)).toBe("no ::error::rotated [redacted]");
});

test("leaves what is no secret", () => {
  const text = "403 insufficient_scope Insufficient scope, expected any of: update:signing_keys";
  expect(redactor([SECRET, ""])(text)).toBe(text);
});
