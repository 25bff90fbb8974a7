import type { Finding } from "../../../../src/cli/doctor/finding";
import { clockFinding, ringFindings } from "../../../../src/cli/doctor/ringFindings";
import { allKeys } from "../../../../src/tenant/keyRing";
import { keyRingOf, NOW, type RingSpec } from "../../keyRingOf";

const daysAgo = (days: number): string => new Date(Date.parse(NOW) - days * 86_400_000).toISOString();
const SOUND = { current: { kid: "current", since: daysAgo(30) } };

interface Case {
  ring?: RingSpec;
  unpublished?: string[];
}

function findings({ ring, unpublished = [] }: Case): Finding[] {
  const listed = keyRingOf({ ...SOUND, ...ring });
  const published = allKeys(listed).flatMap(({ kid }) => (unpublished.includes(kid) ? [] : [kid]));
  return ringFindings(listed, new Set(published));
}

test("a sound ring is fine throughout, and no remedy is needed", () => {
  const found = findings({});
  expect(found.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual([
    "keys ok",
    "JWKS ok",
    "age of the current key ok",
    "previous keys ok",
    "rotations left ok",
  ]);
  expect(found.filter(({ remedy }) => remedy !== undefined)).toEqual([]);
});

test.each<[string, Case, string, Finding["outcome"], RegExp]>([
  ["no next key fails", { ring: { next: null } }, "keys", "fail", /there is no next key/],
  [
    "a current key that isn't published fails",
    { unpublished: ["current"] },
    "JWKS",
    "fail",
    /the current key current$/,
  ],
  [
    "two keys that aren't published are both named",
    { unpublished: ["current", "next"] },
    "JWKS",
    "fail",
    /the current key current and the next key next$/,
  ],
  [
    "a key of a year and a day is old",
    { ring: { current: { kid: "current", since: daysAgo(366) } } },
    "age of the current key",
    "warn",
    /366 days/,
  ],
  [
    "a key of unknown age is said to be one",
    { ring: { current: "current" } },
    "age of the current key",
    "warn",
    /no date/,
  ],
  [
    "a previous key whose tokens may be in use is fine",
    { ring: { previous: [{ kid: "old", until: daysAgo(30) }] } },
    "previous keys",
    "ok",
    /still valid: old/,
  ],
  [
    "one that no token can need any more is a risk",
    { ring: { previous: [{ kid: "old", until: daysAgo(31) }, "undated"] } },
    "previous keys",
    "warn",
    /so old can only be misused/,
  ],
  [
    "three rotations leave enough for an emergency",
    { ring: { previous: [1, 2, 3].map((kid) => ({ kid: `${kid}`, since: daysAgo(0.5) })) } },
    "rotations left",
    "ok",
    /of Auth0's 5 a day 2 are left/,
  ],
  [
    "four don't",
    { ring: { previous: [1, 2, 3, 4].map((kid) => ({ kid: `${kid}`, since: daysAgo(0.5) })) } },
    "rotations left",
    "warn",
    /of Auth0's 5 a day 1 is left/,
  ],
])("%s", (_, given, check, outcome, words) => {
  const found = findings(given).find((finding) => finding.check === check);
  expect(found).toMatchObject({ outcome, observation: expect.stringMatching(words) as string });
  expect(found?.remedy === undefined).toBe(outcome === "ok");
});

test.each<[string, number, Finding["outcome"], RegExp]>([
  ["a minute ahead is fine", 60, "ok", /agree/],
  ["more than a minute ahead is not", 63, "warn", /ahead of the tenant/],
  ["a minute behind is fine", -60, "ok", /agree/],
  ["more than a minute behind is not", -62, "warn", /behind the tenant/],
])("a clock %s", (_, seconds, outcome, words) => {
  const tenant = new Date(NOW);
  const asked = new Date(tenant.getTime() + seconds * 1000);
  const answered = new Date(asked.getTime() + 500);
  expect(clockFinding(tenant, asked, answered)).toMatchObject({
    outcome,
    observation: expect.stringMatching(words) as string,
  });
});
