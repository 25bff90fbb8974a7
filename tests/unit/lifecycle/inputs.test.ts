import {
  findFaults,
  isUnknown,
  readDesired,
  type Fault,
  type PropertyBag,
} from "../../../src/lifecycle/inputs";
import { DOMAIN } from "../keyRingOf";
import { thrownBy } from "../thrownBy";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SECRET = "s3cr3t-of-the-application";
const tenant = { domain: DOMAIN, clientId: "app", clientSecret: SECRET };
const WHOLE = "a whole number from 0 to 9007199254740991";
const DURATION = 'a number with a unit, such as "90m", "24h" or "7d"';
const GRACE = `"auto", or ${DURATION}, more than zero, 366d at most`;

/** The faults of what a program writes, with credentials in the inputs unless it says otherwise. */
function faultsOf(news: PropertyBag, environment: Record<string, string> = {}): Fault[] {
  return findFaults("intent", {}, news, { config: () => undefined, environment });
}

test.each([
  ["the least", { generation: 0 }],
  [
    "everything",
    {
      generation: 3,
      revokePrevious: true,
      gracePeriod: "24h",
      revokeNow: { kid: "abc", reason: "leaked" },
      minKeyAge: "0s",
      expectedCurrentKid: "abc",
      verifyTimeout: "2m",
      reason: "yearly",
    },
  ],
  [
    "a grace period derived from the tenant",
    { generation: 1, gracePeriod: "auto", jwksCacheAllowance: "0s" },
  ],
  ["what the class adds", { generation: 1, __provider: "exports.handler=…", baselines: [] }],
  ["absent and null values", { generation: 1, gracePeriod: null, revokePrevious: undefined, reason: null }],
  ["the greatest number", { generation: Number.MAX_SAFE_INTEGER }],
])("%s passes", (_, news) => {
  expect(faultsOf({ ...news, tenant })).toEqual([]);
});

const bad: [rule: string, property: string, given: unknown, reason: string][] = [
  ["a generation that is not whole", "generation", 1.5, `given 1.5; allowed: ${WHOLE}`],
  ["a negative generation", "generation", -1, `given -1; allowed: ${WHOLE}`],
  ["a huge generation", "generation", 1e300, `given 1e+300; allowed: ${WHOLE}`],
  ["a generation beyond whole numbers", "generation", 2 ** 53, `given 9007199254740992; allowed: ${WHOLE}`],
  ["a generation as text", "generation", "5", `given "5"; allowed: ${WHOLE}`],
  ["a generation as boolean", "generation", true, `given true; allowed: ${WHOLE}`],
  ["a missing generation", "generation", undefined, `missing; required: ${WHOLE}`],
  ["a generation of null", "generation", null, `missing; required: ${WHOLE}`],
  ["a flag as text", "revokePrevious", "true", 'given "true"; allowed: true or false'],
  ["a flag as number", "revokePrevious", 1, "given 1; allowed: true or false"],
  ["an unparsable grace period", "gracePeriod", "a day", `given "a day"; allowed: ${GRACE}`],
  ["a grace period without a unit", "gracePeriod", "24", `given "24"; allowed: ${GRACE}`],
  ["a grace period as number", "gracePeriod", 24, `given 24; allowed: ${GRACE}`],
  ["a negative grace period", "gracePeriod", "-1h", `given "-1h"; allowed: ${GRACE}`],
  ["a grace period of years", "gracePeriod", "2y", `given "2y"; allowed: ${GRACE}`],
  ["a cache allowance of auto", "jwksCacheAllowance", "auto", `given "auto"; allowed: ${DURATION}`],
  ["a grace period of nothing", "gracePeriod", "0h", `given "0h"; allowed: ${GRACE}`],
  ["an unparsable minimum age", "minKeyAge", "-1h", `given "-1h"; allowed: ${DURATION}`],
  ["an unparsable time-out", "verifyTimeout", "1e9s", `given "1e9s"; allowed: ${DURATION}, more than zero`],
  ["a time-out of nothing", "verifyTimeout", "0s", `given "0s"; allowed: ${DURATION}, more than zero`],
  [
    "a revokeNow without reason",
    "revokeNow",
    { kid: "abc" },
    'given {"kid":"abc"}; allowed: { kid, reason }, both texts; as stack configuration in JSON: {"kid":"…","reason":"…"}',
  ],
  [
    "a revokeNow with an empty reason",
    "revokeNow",
    { kid: "abc", reason: "  " },
    'given {"kid":"abc","reason":"  "}; allowed: { kid, reason }, both texts; as stack configuration in JSON: {"kid":"…","reason":"…"}',
  ],
  [
    "a revokeNow that is a kid alone",
    "revokeNow",
    "abc",
    'given "abc"; allowed: { kid, reason }, both texts; as stack configuration in JSON: {"kid":"…","reason":"…"}',
  ],
  ["an empty kid to expect", "expectedCurrentKid", "", 'given ""; allowed: a kid'],
  [
    "a reason that is too long",
    "reason",
    "x".repeat(501),
    `given "${"x".repeat(56)}…; allowed: a text of 1 to 500 characters`,
  ],
  [
    "an unknown property",
    "graceperiod",
    "24h",
    "there is no such input; allowed: generation, revokePrevious, gracePeriod, jwksCacheAllowance, revokeNow, verifyTimeout, reason, expectedCurrentKid, minKeyAge, tenant",
  ],
];

test.each(bad)("%s is refused, with what was given and what is allowed", (_, property, given, reason) => {
  expect(faultsOf({ generation: 1, tenant, [property]: given })).toEqual([{ property, reason }]);
});

test.each(["constructor", "toString", "__proto__"])(
  "%s is no input, although every object has it",
  (property) => {
    const news = JSON.parse(`{ "generation": 1, "${property}": 5 }`) as PropertyBag;
    expect(faultsOf({ ...news, tenant })).toEqual([
      { property, reason: expect.stringMatching(/^there is no such input; allowed: generation, /) as string },
    ]);
  },
);

test("every fault is told at once", () => {
  const faults = faultsOf({
    generation: "five",
    gracePeriod: "soon",
    minKeyAge: 1,
    revokeNow: {},
    speed: "fast",
    tenant: { domain: "https://acme.eu.auth0.com/", clientId: "app", clientSecret: SECRET, apiToken: "t" },
  });
  expect(faults.map((fault) => fault.property).sort()).toEqual(
    ["gracePeriod", "generation", "minKeyAge", "revokeNow", "speed", "tenant", "tenant"].sort(),
  );
});

describe("credentials", () => {
  const ALLOWED = 'allowed: a bare domain such as "acme.eu.auth0.com", without scheme, path or spaces';
  test.each([
    [
      "a domain with a scheme",
      { ...tenant, domain: `https://${DOMAIN}` },
      `tenant.domain is "https://${DOMAIN}"; ${ALLOWED}`,
    ],
    [
      "a domain with a path",
      { ...tenant, domain: `${DOMAIN}/api/v2` },
      `tenant.domain is "${DOMAIN}/api/v2"; ${ALLOWED}`,
    ],
    [
      "two kinds at once",
      { ...tenant, apiToken: "token" },
      "tenant.clientSecret and tenant.apiToken are given at once; keep one kind of credentials",
    ],
    [
      "an incomplete set",
      { domain: DOMAIN, clientSecret: SECRET },
      "tenant.clientId is missing: credentials come from the tenant input, and sources are never mixed",
    ],
  ])("%s is refused", (_, given, reason) => {
    expect(faultsOf({ generation: 1, tenant: given })).toEqual([{ property: "tenant", reason }]);
  });

  test("none at all is refused", () => {
    expect(faultsOf({ generation: 1 })).toEqual([
      {
        property: "tenant",
        reason: expect.stringMatching(/^no credentials: set the tenant input, or /) as string,
      },
    ]);
  });

  test("an incomplete input is not completed from the environment", () => {
    const environment = { AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: "app", AUTH0_CLIENT_SECRET: SECRET };
    expect(faultsOf({ generation: 1 }, environment)).toEqual([]);
    expect(faultsOf({ generation: 1, tenant: { domain: DOMAIN } }, environment)).toHaveLength(2);
  });

  test.each([
    ["a client secret that is a number", "clientSecret", 1234567890, "given number; allowed: a text"],
    ["a client secret that is an object", "clientSecret", { value: SECRET }, "given object; allowed: a text"],
    ["an API token in a list", "apiToken", [SECRET], "given object; allowed: a text"],
    ["a private key as flag", "clientAssertionPrivateKey", true, "given boolean; allowed: a text"],
    ["a domain that is a number", "domain", 7, "given 7; allowed: a text"],
    [
      "a field that there is none",
      "clientsecret",
      SECRET,
      "there is no such field; allowed: domain, clientId, clientSecret, apiToken, audience, clientAssertionPrivateKey, clientAssertionSigningAlg",
    ],
  ])("%s is refused", (_, field, value, reason) => {
    const faults = faultsOf({ generation: 1, tenant: { ...tenant, [field]: value } });
    expect(faults).toEqual([{ property: `tenant.${field}`, reason }]);
  });

  test.each([
    ["the secret itself as tenant", SECRET],
    ["a list", [SECRET]],
    ["credentials in one of their fields", { ...tenant, domain: { clientSecret: SECRET } }],
    ["secrets of wrong types", { domain: DOMAIN, clientSecret: [SECRET], apiToken: { [SECRET]: SECRET } }],
    ["a secret in a misspelt field", { ...tenant, client_secret: SECRET }],
    ["a bad domain next to a secret", { ...tenant, domain: "https://x" }],
    ["two secrets", { ...tenant, apiToken: SECRET, clientAssertionPrivateKey: SECRET }],
  ])("no fault echoes a secret: %s", (_, given) => {
    const faults = faultsOf({ generation: 1, tenant: given });
    expect(faults).not.toEqual([]);
    expect(JSON.stringify(faults)).not.toContain(SECRET);
  });
});

describe("unknown values pass anywhere", () => {
  const everything = {
    generation: 1,
    revokePrevious: false,
    gracePeriod: "24h",
    revokeNow: { kid: "abc", reason: "leaked" },
    minKeyAge: "1h",
    expectedCurrentKid: "abc",
    verifyTimeout: "60s",
    reason: "yearly",
    tenant,
  };
  test.each(Object.keys(everything))("in %s", (property) => {
    expect(faultsOf({ ...everything, [property]: UNKNOWN })).toEqual([]);
  });
  test.each(Object.keys(tenant))("in tenant.%s", (field) => {
    expect(faultsOf({ ...everything, tenant: { ...tenant, [field]: UNKNOWN } })).toEqual([]);
  });
  test.each(["kid", "reason"])("in revokeNow.%s", (field) => {
    expect(faultsOf({ ...everything, revokeNow: { ...everything.revokeNow, [field]: UNKNOWN } })).toEqual([]);
  });
  test("and hide no fault of what is known", () => {
    const faults = faultsOf({
      generation: UNKNOWN,
      gracePeriod: "soon",
      tenant: { domain: DOMAIN, clientId: 7, clientSecret: UNKNOWN, nonsense: "" },
    });
    expect(faults.map((fault) => fault.property).sort()).toEqual(
      ["gracePeriod", "tenant.clientId", "tenant.nonsense"].sort(),
    );
  });
  test.each([
    [UNKNOWN, true],
    [{ a: [{ b: UNKNOWN }] }, true],
    [{ a: [{ b: "known" }, null, 7] }, false],
    [undefined, false],
  ])("%j: %s", (value, expected) => {
    expect(isUnknown(value)).toBe(expected);
  });
});

describe("what is desired", () => {
  test("has defaults", () => {
    expect(readDesired({ generation: 2, gracePeriod: null, __provider: "…" })).toEqual({
      generation: 2,
      revokePrevious: false,
      jwksCacheAllowance: "24h",
      minKeyAge: "1h",
      verifyTimeout: "60s",
      baselines: [],
    });
  });
  test("takes a field of the tenant that is null as absent: a secret output without a value arrives so", () => {
    const given = { ...tenant, apiToken: null };
    expect(faultsOf({ generation: 2, tenant: given })).toEqual([]);
    expect(readDesired({ generation: 2, tenant: given }).tenant).toEqual(tenant);
  });
  test("is refused where the check was skipped, naming each input", () => {
    const error = thrownBy(() => readDesired({ generation: "5", gracePeriod: "soon" }));
    expect(error.code).toBe("invalid_input");
    expect(error.message).toBe(
      "reading the inputs: generation, gracePeriod can't be read; run it without options that skip the check of inputs [invalid_input]",
    );
  });
});
