import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import { generateRsaKeyPair, issueSigningKey } from "../../../emulator/src/signingKey";
import { signingKeyPolicies } from "../../../src/policy";
import { INTENT_TYPE, REVOCATION_TYPE, ROTATION_TYPE } from "../../../src/shell";

/** What the policy pack's server makes of a resource before a rule gets it; not declared, for it is internal. */
const { unknownCheckingProxy, unknownObjectValue, unknownStringValue } = jest.requireActual<{
  unknownCheckingProxy: (props: object) => Props;
  unknownObjectValue: string;
  unknownStringValue: string;
}>("@pulumi/policy/proxy");

const NOW = new Date("2026-03-10T12:00:00Z");
const DAY = 86_400_000;
const daysAgo = (days: number): string => new Date(NOW.getTime() - days * DAY).toISOString();
const PLUGIN_INTENT = "auth0-signing-keys:index:SigningKeyRotationIntent";
const PLUGIN_ROTATION = "auth0-signing-keys:index:SigningKeyRing";

const policies = signingKeyPolicies(() => NOW);

type Props = Readonly<Record<string, unknown>>;
type Config = Readonly<Record<string, string>>;

/** The violations of a resource as the program wants it, each with the policy's name before it. */
async function ofResource(
  type: string,
  props: Props,
  config: Config = {},
  isProtected = true,
): Promise<string[]> {
  const violations: string[] = [];
  for (const policy of policies) {
    const { validateResource } = policy as ResourceValidationPolicy;
    if (typeof validateResource !== "function") continue;
    const args = { type, props, opts: { protect: isProtected }, getConfig: () => config } as unknown;
    await validateResource(args as ResourceValidationArgs, (message) =>
      violations.push(`${policy.name}: ${message}`),
    );
  }
  return violations;
}

/** The violations of a stack whose rotations have these outputs. */
async function ofStack(
  outputs: readonly Props[],
  config: Config = {},
  now = NOW,
  type: string = ROTATION_TYPE,
): Promise<string[]> {
  const violations: string[] = [];
  for (const policy of signingKeyPolicies(() => now)) {
    const { validateStack } = policy as StackValidationPolicy;
    if (typeof validateStack !== "function") continue;
    const resources = outputs.map((props, index) => ({
      type,
      urn: `rotation-${index}`,
      props,
    }));
    const args = { resources: resources as unknown as PolicyResource[], getConfig: () => config } as unknown;
    await validateStack(args as StackValidationArgs, (message, urn) =>
      violations.push(`${policy.name}: ${urn ?? ""}: ${message}`),
    );
  }
  return violations;
}

test("each policy has a name of its own, a description, and a default for each option", () => {
  expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
  for (const { description, enforcementLevel, configSchema } of policies) {
    expect(description).toMatch(/\.$/);
    expect(["mandatory", "advisory", "disabled"]).toContain(enforcementLevel);
    for (const { default: value } of Object.values(configSchema?.properties ?? {}))
      expect(value).toMatch(/./);
  }
});

const safe = { generation: 3, revokePrevious: true, gracePeriod: "auto", reason: "quarterly" };

test.each<[string, string, Props]>([
  ["an intent", INTENT_TYPE, safe],
  ["an intent of a plugin", PLUGIN_INTENT, safe],
  ["one that never revokes", INTENT_TYPE, { generation: 3 }],
  ["an emergency with a reason", INTENT_TYPE, { ...safe, revokeNow: { kid: "abc", reason: "INC-42" } }],
  [
    "a revocation",
    REVOCATION_TYPE,
    { retired: [{ kid: "a", retiredAt: daysAgo(9), revokeDueAt: daysAgo(2) }] },
  ],
  [
    "an entry that is revoked already",
    REVOCATION_TYPE,
    { retired: [{ kid: "a", retiredAt: daysAgo(1), revokeDueAt: daysAgo(1), revokedAt: daysAgo(1) }] },
  ],
  [
    "a raise by one that names its key and its reason",
    INTENT_TYPE,
    { ...safe, raisedFrom: 2, expectedCurrentKid: "abc" },
  ],
  ["an update that raises nothing", INTENT_TYPE, { generation: 30, gracePeriod: "auto" }],
  ["a revocation with a grace period", REVOCATION_TYPE, { retired: ["a"], gracePeriod: "7d" }],
  ["somebody else's resource", "aws:s3/bucket:Bucket", { gracePeriod: "1s", revokePrevious: true }],
  [
    "the rotation, whose intent was asked for before",
    ROTATION_TYPE,
    { gracePeriod: "1s", revokePrevious: true },
  ],
])("%s is compliant", async (_, type, props) => {
  expect(await ofResource(type, props, {}, true)).toEqual([]);
});

test.each<[string, string, Props, Config, RegExp]>([
  [
    "a short grace period",
    INTENT_TYPE,
    { ...safe, gracePeriod: "1h" },
    {},
    /^signing-keys-minimum-grace: gracePeriod is 1h: give it at least 24h/,
  ],
  [
    "the same of a plugin",
    PLUGIN_INTENT,
    { ...safe, gracePeriod: "1h" },
    {},
    /^signing-keys-minimum-grace: /,
  ],
  [
    "one shorter than configured",
    INTENT_TYPE,
    { ...safe, gracePeriod: "2d" },
    { atLeast: "7d" },
    /give it at least 7d/,
  ],
  [
    "the flag without grace",
    INTENT_TYPE,
    { generation: 3, revokePrevious: true },
    {},
    /^signing-keys-minimum-grace: revokePrevious without a gracePeriod/,
  ],
  [
    "a kid that is written out",
    REVOCATION_TYPE,
    { retired: ["abc"] },
    {},
    /^signing-keys-minimum-grace: abc is written out/,
  ],
  [
    "the flag with a grace period of null",
    INTENT_TYPE,
    { generation: 3, revokePrevious: true, gracePeriod: null },
    {},
    /^signing-keys-minimum-grace: revokePrevious without a gracePeriod/,
  ],
  [
    "a kid that is written out beside a grace period of null",
    REVOCATION_TYPE,
    { retired: ["abc"], gracePeriod: null },
    {},
    /^signing-keys-minimum-grace: abc is written out/,
  ],
  [
    "an entry whose due date is written out without that of its retirement",
    REVOCATION_TYPE,
    { retired: [{ kid: "abc", revokeDueAt: daysAgo(200) }] },
    {},
    /abc falls due less than 24h after/,
  ],
  [
    "an entry that is due too early",
    REVOCATION_TYPE,
    { retired: [{ kid: "abc", retiredAt: daysAgo(2), revokeDueAt: daysAgo(1.9) }] },
    {},
    /abc falls due less than 24h after/,
  ],
  [
    "a raise by more than one",
    INTENT_TYPE,
    { ...safe, raisedFrom: 3, generation: 30, expectedCurrentKid: "abc" },
    {},
    /^signing-keys-raise-step: generation goes from 3 to 30: raise it to 4$/,
  ],
  [
    "a raise by more than configured",
    INTENT_TYPE,
    { ...safe, raisedFrom: 3, generation: 6, expectedCurrentKid: "abc" },
    { atMost: "2" },
    /^signing-keys-raise-step: /,
  ],
  [
    "a raise whose reason names no change",
    INTENT_TYPE,
    { ...safe, raisedFrom: 2, expectedCurrentKid: "abc" },
    { pattern: "CHG-\\d+" },
    /^signing-keys-raise-reason: reason doesn't match CHG-/,
  ],
  [
    "a raise that names no current key",
    INTENT_TYPE,
    { ...safe, raisedFrom: 2 },
    {},
    /^signing-keys-raise-expects-current-kid: set expectedCurrentKid/,
  ],
  [
    "a reason that names no incident",
    INTENT_TYPE,
    { ...safe, revokeNow: { kid: "abc", reason: "leaked" } },
    { pattern: "INC-\\d+" },
    /^signing-keys-emergency-reason: .* INC-\\d\+/,
  ],
  ["no reason", INTENT_TYPE, { ...safe, revokeNow: { kid: "abc" } }, {}, /^signing-keys-emergency-reason: /],
  [
    "a client secret in the program",
    INTENT_TYPE,
    { ...safe, tenant: { domain: "a", clientId: "b", clientSecret: "c" } },
    {},
    /^signing-keys-configured-credentials: tenant.clientSecret .*auth0:clientSecret/,
  ],
  [
    "a short wait for the JWKS",
    INTENT_TYPE,
    { ...safe, verifyTimeout: "1s" },
    {},
    /^signing-keys-verified: verifyTimeout is 1s: give it at least 10s/,
  ],
  [
    "a next key that nobody may have seen",
    INTENT_TYPE,
    { ...safe, minKeyAge: "0s" },
    {},
    /^signing-keys-verified: minKeyAge is 0s: give it at least 1h/,
  ],
])("%s is a violation that says what to do", async (_, type, props, config, message) => {
  expect(await ofResource(type, props, config)).toEqual([expect.stringMatching(message)]);
});

test("a resource that is not protected is a violation", async () => {
  expect(await ofResource(INTENT_TYPE, safe, {}, false)).toEqual([
    "signing-keys-protected: set the resource option protect to true",
  ]);
});

test("what is no duration at all is left for the resource to refuse", async () => {
  expect(await ofResource(INTENT_TYPE, { generation: 1, gracePeriod: "soon", verifyTimeout: 7 })).toEqual([]);
});

test("a number that can't be read is said, with the remedy", async () => {
  await expect(ofResource(INTENT_TYPE, { ...safe, raisedFrom: 2 }, { atMost: "one" })).rejects.toThrow(
    /atMost is "one"; give it a whole number/,
  );
});

test("a duration that can't be read is said, with the remedy", async () => {
  await expect(ofResource(INTENT_TYPE, safe, { atLeast: "a day" })).rejects.toThrow(
    /atLeast is "a day"; give it a number with a unit/,
  );
});

describe("values that are not known before the update", () => {
  test.each<[string, Props, string]>([
    ["a grace period", { gracePeriod: unknownStringValue }, "gracePeriod"],
    ["an emergency", { revokeNow: unknownObjectValue }, "revokeNow"],
    ["an emergency's reason", { revokeNow: { kid: "abc", reason: unknownStringValue } }, "revokeNow.reason"],
    ["a raise's reason", { raisedFrom: 2, reason: unknownStringValue }, "reason"],
    [
      "the key that a raise expects",
      { raisedFrom: 2, expectedCurrentKid: unknownStringValue },
      "expectedCurrentKid",
    ],
    ["credentials", { tenant: unknownObjectValue }, "tenant"],
    ["how long to wait", { verifyTimeout: unknownStringValue }, "verifyTimeout"],
  ])("%s: the pack is told so, instead of a verdict that may be wrong", async (_, change, property) => {
    const asked = ofResource(
      INTENT_TYPE,
      unknownCheckingProxy({ ...safe, expectedCurrentKid: "abc", ...change }),
    );
    await expect(asked).rejects.toThrow(`.${property} can't be known`);
  });

  test("what a rule doesn't ask for doesn't keep it from judging", async () => {
    const intent = unknownCheckingProxy({ ...safe, gracePeriod: "1h", revokePrevious: unknownStringValue });
    expect(await ofResource(INTENT_TYPE, intent)).toEqual([
      expect.stringMatching(/^signing-keys-minimum-grace: gracePeriod is 1h/),
    ]);
  });
});

describe("the stack", () => {
  let certificate: string;
  beforeAll(async () => {
    ({ certificate } = await issueSigningKey(await generateRsaKeyPair(), "acme"));
  });

  function rotation(change: Props = {}, since = daysAgo(10), kid = "current"): Props {
    const currentKey = { kid, certificate, since };
    return {
      domain: "acme.eu.auth0.com",
      generation: 4,
      currentKey,
      nextKey: { kid: "next", certificate },
      retired: [],
      foreign: [],
      ...change,
    };
  }

  test("is compliant", async () => {
    const retired = [
      { kid: "lately", retiredAt: daysAgo(3) },
      { kid: "revoked", retiredAt: daysAgo(300), revokedAt: daysAgo(290) },
    ];
    expect(await ofStack([rotation({ retired }), rotation({}, daysAgo(10), "another tenant's")])).toEqual([]);
  });

  test("is compliant before anything is known of it", async () => {
    expect(await ofStack([{}, {}])).toEqual([]);
  });

  test("judges a rotation of which all is known beside one that the update will change", async () => {
    const changing = unknownCheckingProxy({ domain: "acme.eu.auth0.com", currentKey: unknownObjectValue });
    expect(await ofStack([changing, rotation({}, daysAgo(200))])).toEqual([
      expect.stringMatching(/^signing-keys-age: rotation-1: /),
    ]);
  });

  test("of a plugin is judged alike", async () => {
    expect(await ofStack([rotation({}, daysAgo(200))], {}, NOW, PLUGIN_ROTATION)).toEqual([
      expect.stringMatching(/^signing-keys-age: rotation-0: /),
    ]);
  });

  test("two rotations of one tenant, by whatever domain", async () => {
    expect(await ofStack([rotation(), rotation({ domain: "login.acme.com" })])).toEqual([
      "signing-keys-one-rotation-per-tenant: rotation-1: rotation-0 rotates the same tenant (login.acme.com): keep one of them",
    ]);
  });

  test("a current key that grows old is warned of, and then fails", async () => {
    expect(await ofStack([rotation({}, daysAgo(200))])).toEqual([
      "signing-keys-age: rotation-0: current has been the current key for 200 days, more than 180d: raise generation to 5",
    ]);
    expect((await ofStack([rotation({}, daysAgo(401))])).map((violation) => violation.split(":")[0])).toEqual(
      ["signing-keys-age", "signing-keys-crypto-period"],
    );
  });

  test("retired keys that nobody revokes, ours and others'", async () => {
    const retired = [{ kid: "old", retiredAt: daysAgo(31) }];
    expect(await ofStack([rotation({ retired, foreign: ["stranger"] })])).toEqual([
      expect.stringMatching(
        /^signing-keys-retired-for-long: rotation-0: old was retired at .* set revokePrevious/,
      ),
      expect.stringMatching(
        /^signing-keys-retired-for-long: rotation-0: stranger was retired by somebody else/,
      ),
    ]);
  });

  test("certificates that expire soon", async () => {
    const later = new Date(Date.now() + 13 * 365 * DAY);
    const since = new Date(later.getTime() - DAY).toISOString();
    expect(await ofStack([rotation({}, since)], {}, later)).toEqual([
      expect.stringMatching(
        /^signing-keys-certificate-expiry: rotation-0: the certificate of current expires on 20/,
      ),
      expect.stringMatching(/the certificate of next expires on 20/),
    ]);
  });
});
