import type { SigningKeyErrorCode } from "../../../src/errors";
import type { DesiredRotation } from "../../../src/lifecycle/inputs";
import { budgetWarning, findRefusals, type Asked } from "../../../src/lifecycle/refusals";
import type { AccessToken } from "../../../src/tenant/accessToken";
import { desiredOf, DOMAIN, keyRingOf, type RingSpec } from "../keyRingOf";

const AN_HOUR_AGO = "2026-03-10T11:00:00.000Z";
const A_MINUTE_LATER = "2026-03-10T11:01:00.000Z";
const ALL_SCOPES = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
const emergency = { kid: "current", reason: "leaked" };

/** A token; `null` for one that can't be read, such as an opaque one. */
function tokenOf({
  scopes = ALL_SCOPES,
  kid = "current",
}: {
  scopes?: string[] | null;
  kid?: string;
}): AccessToken {
  return { value: "secret token", kid, scopes: scopes ?? undefined, expiresAt: 0 };
}

interface Case {
  ring?: RingSpec;
  desired?: Partial<DesiredRotation>;
  token?: Parameters<typeof tokenOf>[0];
  given?: Partial<Asked>;
}

/** A raise from 4 to 5 of a key that is an hour old, unless it says otherwise. */
function askedOf({ ring, desired, token = {}, given }: Case): Asked {
  return {
    domain: DOMAIN,
    ring: keyRingOf({ current: { kid: "current", since: AN_HOUR_AGO }, previous: ["old"], ...ring }),
    desired: desiredOf({ generation: 5, ...desired }),
    raises: true,
    retires: true,
    derives: false,
    token: tokenOf(token),
    usesStaticToken: false,
    ...given,
  };
}

test.each<[string, Case]>([
  ["a raise of a key that is as old as minKeyAge", {}],
  ["a raise with minKeyAge off", { ring: { current: "current" }, desired: { minKeyAge: "0s" } }],
  ["a raise from the key that is expected", { desired: { expectedCurrentKid: "current" } }],
  ["a raise with flag and grace", { desired: { revokePrevious: true, gracePeriod: "24h" } }],
  [
    "an emergency: neither the key's age nor grace stand in the way",
    {
      ring: { current: { kid: "current", since: A_MINUTE_LATER } },
      desired: { revokePrevious: true, revokeNow: emergency },
      given: { revokes: "current" },
    },
  ],
  ["a raise with a token whose scopes can't be read", { token: { scopes: null } }],
  [
    "a revocation by name without a raise, by a static token of another key",
    { given: { raises: false, retires: false, revokes: "old", usesStaticToken: true } },
  ],
  [
    "a young key where nothing is raised",
    {
      ring: { current: { kid: "current", since: A_MINUTE_LATER } },
      token: { scopes: ["read:signing_keys"] },
      given: { raises: false, retires: false },
    },
  ],
])("passes: %s", (_, asked) => {
  expect(findRefusals(askedOf(asked))).toEqual([]);
});

const RAISING = `raising to generation 5 on ${DOMAIN}`;
const refused: [string, Case, SigningKeyErrorCode, string][] = [
  [
    "a ring without a next key",
    { ring: { next: null } },
    "no_next_key",
    `${RAISING}: the tenant lists no next key, so nobody can have seen the key that would become current; nothing was changed; run it again once the Dashboard shows a next key`,
  ],
  [
    "another current key than expected",
    { desired: { expectedCurrentKid: "abc" } },
    "current_kid_mismatch",
    `${RAISING}: expectedCurrentKid is abc, but the current key is current; somebody has rotated since; look at the ring and decide again`,
  ],
  [
    "a key that is younger than minKeyAge by a minute",
    { ring: { current: { kid: "current", since: A_MINUTE_LATER } } },
    "key_too_young",
    `${RAISING}: current has been current for 59 minutes only, and minKeyAge is 1h: verifiers may not have read its successor yet; run it again from 2026-03-10T12:01:00.000Z on, lower minKeyAge, or in an emergency name the key in revokeNow`,
  ],
  [
    "a key of unknown age",
    { ring: { current: "current" } },
    "key_too_young",
    `${RAISING}: Auth0 gives no date since when current is current, so its age is unknown; set minKeyAge to "0s" to rotate regardless`,
  ],
  [
    "a scope that is missing to rotate",
    { token: { scopes: ["read:signing_keys", "update:signing_keys"] } },
    "insufficient_scope",
    `changing the signing keys of ${DOMAIN}: the application's token lacks create:signing_keys; grant the application create:signing_keys`,
  ],
  [
    "every scope that is missing, each named",
    { token: { scopes: [] } },
    "insufficient_scope",
    `changing the signing keys of ${DOMAIN}: the application's token lacks ${ALL_SCOPES.join(", ")}; grant the application ${ALL_SCOPES.join(", ")}`,
  ],
  [
    "the scope that is missing to revoke",
    { token: { scopes: ["read:signing_keys"] }, given: { raises: false, retires: false, revokes: "old" } },
    "insufficient_scope",
    `changing the signing keys of ${DOMAIN}: the application's token lacks update:signing_keys; grant the application update:signing_keys`,
  ],
  [
    "to revoke the current key without a raise",
    { given: { raises: false, retires: false, revokes: "current" } },
    "not_revocable",
    "revokeNow of key current: it is the current key; raise generation in the same update, so that it is retired first",
  ],
  [
    "to revoke the key that signed the static token",
    {
      token: { kid: "old" },
      given: { raises: false, retires: false, revokes: "old", usesStaticToken: true },
    },
    "token_not_current",
    `revoking key old of ${DOMAIN}: the static API token is signed by that very key and would end with it; nothing was revoked; give an application's client id and secret, or an API token issued after the rotation`,
  ],
];

test.each(refused)("refuses %s", (_, asked, code, words) => {
  const refusals = findRefusals(askedOf(asked));
  expect(refusals.map((refusal) => [refusal.code, refusal.message])).toEqual([[code, `${words} [${code}]`]]);
});

test("refuses to retire and revoke in one update, with both ways out", () => {
  const [refusal, ...others] = findRefusals(askedOf({ desired: { revokePrevious: true } }));
  expect(others).toEqual([]);
  expect(refusal?.code).toBe("no_grace_period");
  expect(refusal?.message).toMatch(/set gracePeriod .* or, in an emergency, name the key in revokeNow/);
});

test("naming another key is no emergency for the current one", () => {
  const refusals = findRefusals(
    askedOf({
      desired: { revokePrevious: true, minKeyAge: "2h", revokeNow: { kid: "old", reason: "leaked" } },
      given: { revokes: "old" },
    }),
  );
  expect(refusals.map((refusal) => refusal.code)).toEqual(["no_grace_period", "key_too_young"]);
});

test("makes every refusal at once", () => {
  const refusals = findRefusals(
    askedOf({
      ring: { next: null, current: "current" },
      desired: { expectedCurrentKid: "abc", revokePrevious: true },
      token: { scopes: [] },
      given: { revokes: "unknown" },
    }),
  );
  expect(refusals.map((refusal) => refusal.code)).toEqual([
    "no_next_key",
    "current_kid_mismatch",
    "no_grace_period",
    "key_too_young",
    "not_revocable",
    "insufficient_scope",
  ]);
  expect(refusals.map((refusal) => refusal.message).join()).not.toContain("secret token");
});

describe("Auth0's five rotations a day", () => {
  const LAST_DAY = "2026-03-09T12:00:00.001Z";
  const BEFORE = "2026-03-09T12:00:00.000Z";
  const ringOf = (dates: readonly string[]): RingSpec => ({
    current: { kid: "current", since: LAST_DAY },
    previous: dates.map((since, index) => ({ kid: `previous ${index}`, since })),
    revoked: [{ kid: "revoked", since: LAST_DAY }],
  });
  test("are warned of when five keys became current within a day, revoked ones included", () => {
    expect(budgetWarning(askedOf({ ring: ringOf([LAST_DAY, LAST_DAY, LAST_DAY]) }))).toBe(
      `${DOMAIN}: 5 keys became current in the last 24 hours, and Auth0 allows 5 rotations a day; it may refuse this one until later`,
    );
  });
  test("leave room when one of them did so before", () => {
    expect(budgetWarning(askedOf({ ring: ringOf([LAST_DAY, LAST_DAY, BEFORE]) }))).toBeUndefined();
  });
});
