import { allKeys, findKey, parseKeyRing, sameRing } from "../../../src/tenant/keyRing";
import { DOMAIN, keyRingOf, NOW } from "../keyRingOf";
import { CERTIFICATE } from "../listings";
import { thrownBy } from "../thrownBy";

const OBSERVED_AT = new Date(NOW);

/** A key as Auth0 lists it: required fields, and only those booleans that are true. */
function listed(kid: string, given: Record<string, unknown> = {}): Record<string, unknown> {
  return { kid, cert: CERTIFICATE, fingerprint: `aa:${kid}`, thumbprint: `aa${kid}`, ...given };
}

const current = listed("c", { current: true });
const next = listed("n", { next: true });

/** The kids by state. */
function statesOf(answer: unknown): Record<string, string> {
  return Object.fromEntries(
    allKeys(parseKeyRing(answer, DOMAIN, OBSERVED_AT)).map((key) => [key.kid, key.state]),
  );
}

const ringRules: { rule: string; keys: unknown[]; states: Record<string, string> }[] = [
  {
    rule: "reads a ring in which booleans are absent instead of false",
    keys: [current, next, listed("p", { previous: true }), listed("r", { previous: true, revoked: true })],
    states: { c: "current", n: "next", p: "previous", r: "revoked" },
  },
  {
    rule: "reads a ring in which every boolean is given",
    keys: [
      listed("c", { current: true, next: false, previous: false, revoked: false }),
      listed("n", { current: false, next: true, previous: false, revoked: false }),
      listed("p", { current: false, next: false, previous: true, revoked: false }),
    ],
    states: { c: "current", n: "next", p: "previous" },
  },
  {
    rule: "reads null as absent",
    keys: [listed("c", { current: true, next: null, previous: null, revoked: null }), next],
    states: { c: "current", n: "next" },
  },
  {
    rule: "classifies current first: recordings exist with current and previous both true",
    keys: [listed("c", { current: true, previous: true }), next, listed("p", { previous: true })],
    states: { c: "current", n: "next", p: "previous" },
  },
  {
    rule: "classifies current first, whatever else is true",
    keys: [listed("c", { current: true, next: true, previous: true, revoked: true, revoked_at: NOW }), next],
    states: { c: "current", n: "next" },
  },
  {
    rule: "classifies next before previous and revoked",
    keys: [current, listed("n", { next: true, previous: true, revoked: true })],
    states: { c: "current", n: "next" },
  },
  { rule: "takes a ring without a next key", keys: [current], states: { c: "current" } },
  {
    rule: "takes a ring in any order",
    keys: [listed("p", { previous: true }), next, current],
    states: { c: "current", n: "next", p: "previous" },
  },
  {
    rule: "takes several previous keys that are not revoked",
    keys: [current, next, listed("p", { previous: true }), listed("q", { previous: true })],
    states: { c: "current", n: "next", p: "previous", q: "previous" },
  },
  {
    rule: "takes a key with no boolean at all as previous",
    keys: [current, next, listed("p")],
    states: { c: "current", n: "next", p: "previous" },
  },
  {
    rule: "takes a key with a date of revocation as revoked, though the boolean is absent",
    keys: [current, next, listed("r", { previous: true, revoked_at: NOW })],
    states: { c: "current", n: "next", r: "revoked" },
  },
  {
    rule: "ignores fields that it doesn't know",
    keys: [listed("c", { current: true, pkcs7: "…", use: "sig", added_by_auth0: { later: 1 } })],
    states: { c: "current" },
  },
];

test.each(ringRules)("$rule", ({ keys, states }) => {
  expect(statesOf(keys)).toEqual(states);
});

test("a next key has no dates, and gets none", () => {
  expect(parseKeyRing([current, next], DOMAIN, OBSERVED_AT).next).toEqual({
    kid: "n",
    state: "next",
    certificate: CERTIFICATE,
    fingerprint: "aa:n",
    thumbprint: "aan",
  });
});

test("a certificate with its chain, and with the line ends of Windows, is one", () => {
  const cert = `${CERTIFICATE}${CERTIFICATE}`.replaceAll("\n", "\r\n");
  expect(parseKeyRing([{ ...current, cert }], DOMAIN, OBSERVED_AT).current.certificate).toBe(cert);
});

test("dates are read to ISO 8601", () => {
  const previous = listed("p", {
    previous: true,
    current_since: "2026-01-01T00:00:00Z",
    current_until: "2026-02-01T02:00:00.000+02:00",
  });
  expect(parseKeyRing([current, previous], DOMAIN, OBSERVED_AT).previous).toEqual([
    expect.objectContaining({ since: "2026-01-01T00:00:00.000Z", until: "2026-02-01T00:00:00.000Z" }),
  ]);
});

test.each([
  ["an empty text", ""],
  ["an empty object", {}],
  ["an object", { date: NOW }],
  ["null", null],
  ["a number", 1773144000],
  ["a text that is no date", "recently"],
])("revoked_at as %s says nothing: the boolean decides", (_, revokedAt) => {
  const keys = [
    current,
    listed("p", { previous: true, revoked_at: revokedAt }),
    listed("r", { previous: true, revoked: true, revoked_at: revokedAt }),
  ];
  const ring = parseKeyRing(keys, DOMAIN, OBSERVED_AT);
  expect([...ring.previous, ...ring.revoked].map(({ kid, state }) => [kid, state])).toEqual([
    ["p", "previous"],
    ["r", "revoked"],
  ]);
  expect(ring.revoked[0]).not.toHaveProperty("revokedAt");
});

const refusals: { rule: string; answer: unknown; observation: string }[] = [
  {
    rule: "a null body",
    answer: null,
    observation: "the answer is not a list of keys (the whole: array)",
  },
  {
    rule: "no body",
    answer: undefined,
    observation: "the answer is not a list of keys (the whole: array)",
  },
  {
    rule: "what the SDK makes of a 200 with HTML",
    answer: { ok: false, error: { reason: "non-json", statusCode: 200, rawBody: "<html>" } },
    observation: "the answer is not a list of keys (the whole: array)",
  },
  {
    rule: "HTML",
    answer: "<!doctype html><title>Sign in</title>",
    observation: "the answer is not a list of keys (the whole: array)",
  },
  {
    rule: "an object of keys instead of a list",
    answer: { keys: [current] },
    observation: "the answer is not a list of keys (the whole: array)",
  },
  {
    rule: "a list of something else",
    answer: ["c"],
    observation: "the answer is not a list of keys (0: loose_object)",
  },
  {
    rule: "a JWKS key, which has no certificate of this form",
    answer: [{ kid: "c", kty: "RSA", x5c: [] }],
    observation: "the answer is not a list of keys (0.cert: loose_object)",
  },
  {
    rule: "a kid that is no text",
    answer: [{ ...current, kid: 7 }],
    observation: "the answer is not a list of keys (0.kid: string)",
  },
  {
    rule: "an empty kid",
    answer: [current, { ...next, kid: "" }],
    observation: "the answer is not a list of keys (1.kid: min_length)",
  },
  ...["a kid of two words", "c\n##vso[task.setvariable]", "\u001b[2J", "c\u202e", "c".repeat(201)].map(
    (kid) => ({
      rule: `the kid ${JSON.stringify(kid.slice(0, 30))}, which would say more than its name where it is printed`,
      answer: [current, { ...next, kid }],
      observation: "the answer is not a list of keys (1.kid: regex)",
    }),
  ),
  ...["no certificate", `${CERTIFICATE}\nand: more`, CERTIFICATE.replace("MIIC", "MI: |"), ""].map(
    (cert) => ({
      rule: `the certificate ${JSON.stringify(cert.slice(-30))}, which consumers would be handed`,
      answer: [{ ...current, cert }],
      observation: "the answer is not a list of keys (0.cert: regex)",
    }),
  ),
  {
    rule: "a fingerprint of several lines",
    answer: [{ ...current, fingerprint: "aa:bb\nmore" }],
    observation: "the answer is not a list of keys (0.fingerprint: regex)",
  },
  {
    rule: "a boolean that is a text",
    answer: [{ ...current, current: "true" }],
    observation: "the answer is not a list of keys (0.current: boolean)",
  },
  {
    rule: "a boolean that is a number",
    answer: [current, { ...next, revoked: 0 }],
    observation: "the answer is not a list of keys (1.revoked: boolean)",
  },
  { rule: "an empty list", answer: [], observation: "no key is listed as current" },
  {
    rule: "a list without a current key",
    answer: [next, listed("p", { previous: true })],
    observation: "no key is listed as current",
  },
  {
    rule: "two current keys",
    answer: [current, listed("d", { current: true })],
    observation: "2 keys are listed as current",
  },
  {
    rule: "two next keys",
    answer: [current, next, listed("m", { next: true })],
    observation: "2 keys are listed as next",
  },
  {
    rule: "the same key twice",
    answer: [current, next, listed("c", { previous: true })],
    observation: "a kid is listed twice",
  },
];

test.each(refusals)("refuses $rule", ({ answer, observation }) => {
  const error = thrownBy(() => parseKeyRing(answer, DOMAIN, OBSERVED_AT));
  expect(error.code).toBe("unexpected_answer");
  expect(error.message).toBe(
    `reading the signing keys of ${DOMAIN}: ${observation}; this request changed nothing; ` +
      "check that this is an Auth0 tenant's domain with nothing in between, then run it again [unexpected_answer]",
  );
});

test("the ring keeps the tenant's time of day", () => {
  expect(parseKeyRing([current], DOMAIN, OBSERVED_AT).observedAt).toEqual(OBSERVED_AT);
});

test.each(["current", "next", "previous", "revoked"])("finds a key that is %s", (kid) => {
  const ring = keyRingOf({ previous: ["previous"], revoked: ["revoked"] });
  expect(findKey(ring, kid)).toMatchObject({ kid, state: kid });
  expect(findKey(ring, "unknown")).toBeUndefined();
});

test.each([
  [
    "the order and the time of listing don't matter",
    { previous: ["b", "a"], at: "2026-04-01T00:00:00Z" },
    true,
  ],
  ["a revocation matters", { previous: ["a"], revoked: ["b"] }, false],
  ["a rotation matters", { current: "next", next: "newer", previous: ["a", "b", "current"] }, false],
  ["a key that is gone matters", { previous: ["a"] }, false],
])("two rings are the same if they show the same keys in the same states: %s", (_, spec, expected) => {
  expect(sameRing(keyRingOf({ previous: ["a", "b"] }), keyRingOf(spec))).toBe(expected);
});
