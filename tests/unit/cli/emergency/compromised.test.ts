import { findCompromised } from "../../../../src/cli/emergency/compromised";
import type { Compromised, Receipt } from "../../../../src/cli/emergency/receipt";
import type { SigningKeyErrorCode } from "../../../../src/errors";
import type { SigningKeyState } from "../../../../src/tenant/keyRing";
import { DOMAIN, keyRingOf, type RingSpec } from "../../keyRingOf";
import { thrownBy } from "../../thrownBy";
import { receiptOf, requestOf } from "./requestOf";

const LONG_AGO = "2026-01-01T00:00:00.000Z";
const YESTERDAY = "2026-03-09T12:00:00.000Z";
const LATELY = "2026-03-09T12:00:00.001Z";
const JUST_NOW = "2026-03-10T11:59:00.000Z";

interface Case {
  compromised?: Compromised;
  kid?: string[];
  ring?: RingSpec;
  receipt?: Receipt;
}

function find({ compromised = "current", kid = [], ring, receipt }: Case) {
  const listed = keyRingOf({
    previous: [{ kid: "old", until: LONG_AGO }],
    revoked: [{ kid: "dead", until: LONG_AGO }],
    ...ring,
  });
  return findCompromised(listed, requestOf({ compromised, kid }), receipt);
}

const found: [string, Case, [string, SigningKeyState][]][] = [
  ["without a name the current key is", {}, [["current", "current"]]],
  [
    "without names both are the current and the next one",
    { compromised: "both" },
    [
      ["current", "current"],
      ["next", "next"],
    ],
  ],
  [
    "a key that was retired a day ago is no rest of an emergency",
    { ring: { previous: [{ kid: "old", until: YESTERDAY }] } },
    [["current", "current"]],
  ],
  ["a named current key is rotated out and revoked", { kid: ["current"] }, [["current", "current"]]],
  ["a named previous key is only revoked", { kid: ["old"] }, [["old", "previous"]]],
  ["a named revoked key is done", { kid: ["dead"] }, [["dead", "revoked"]]],
  [
    "a name tells a half-finished emergency from a new one",
    { kid: ["old"], ring: { previous: [{ kid: "old", until: LATELY }] } },
    [["old", "previous"]],
  ],
  [
    "both by name from the beginning",
    { compromised: "both", kid: ["current", "next"] },
    [
      ["current", "current"],
      ["next", "next"],
    ],
  ],
  [
    "both by name after the first rotation",
    { compromised: "both", kid: ["old", "current"] },
    [
      ["old", "previous"],
      ["current", "current"],
    ],
  ],
  [
    "both by name after the first revocation",
    { compromised: "both", kid: ["dead", "current"] },
    [
      ["dead", "revoked"],
      ["current", "current"],
    ],
  ],
  [
    "both by name after the second rotation",
    { compromised: "both", kid: ["dead", "old"] },
    [
      ["dead", "revoked"],
      ["old", "previous"],
    ],
  ],
  [
    "the receipt's key is meant, and not its successor",
    {
      ring: { previous: [{ kid: "leaked", until: JUST_NOW }] },
      receipt: receiptOf({ keys: [{ kid: "leaked" }] }),
    },
    [["leaked", "previous"]],
  ],
  [
    "a key that was rotated out and is listed no longer has been revoked",
    { receipt: receiptOf({ keys: [{ kid: "gone", rotatedAt: LATELY }] }) },
    [["gone", "revoked"]],
  ],
];

test.each(found)("%s", (_, given, keys) => {
  expect(find(given)).toEqual(keys.map(([kid, state]) => ({ kid, state })));
});

const command = (...kids: string[]): string =>
  `auth0-signing-keys emergency --tenant ${DOMAIN} --compromised ${kids.length === 2 ? "both" : "current"} --reason leaked ${kids.map((kid) => `--kid ${kid}`).join(" ")}`;
const LISTED = "its keys are current (current), next (next), old (previous), dead (revoked)";
const NO_PAIR = "so they can't be a current key and the one that was next then";
const lately: RingSpec = { previous: [{ kid: "old", until: LATELY }] };

const refused: [string, Case, SigningKeyErrorCode, string][] = [
  [
    "an unknown key, with those there are",
    { kid: ["mistyped"] },
    "kid_mismatch",
    `no key "mistyped"; ${LISTED}`,
  ],
  ["an empty name likewise", { kid: [""] }, "kid_mismatch", `no key ""; ${LISTED}`],
  [
    "a key of the receipt that is listed no longer and was not rotated out",
    { receipt: receiptOf({ keys: [{ kid: "gone" }] }) },
    "kid_mismatch",
    'no key "gone"',
  ],
  [
    "to rotate once more what Auth0 has accepted and doesn't show yet",
    { receipt: receiptOf({ keys: [{ kid: "current", rotatedAt: LATELY }] }) },
    "verification_timeout",
    "Auth0 has accepted the rotation of current, and still lists it as current; nothing was done, lest it be rotated twice",
  ],
  [
    "the next key alone, which takes both",
    { kid: ["next"] },
    "kid_mismatch",
    `next is the next key, which can't be revoked before it has been current; if it is compromised, both keys have to go: ${command("current", "next")}; nothing was done`,
  ],
  [
    "both in the wrong order",
    { compromised: "both", kid: ["next", "current"] },
    "kid_mismatch",
    `next is next and current is current, ${NO_PAIR}; ${LISTED}; nothing was done`,
  ],
  [
    "a pair whose second key was never next to the first",
    { compromised: "both", kid: ["current", "old"] },
    "kid_mismatch",
    `current is current and old is previous, ${NO_PAIR}`,
  ],
  [
    "a pair with another key in between, which nobody called compromised",
    { compromised: "both", kid: ["old", "next"] },
    "kid_mismatch",
    `old is previous and next is next, ${NO_PAIR}`,
  ],
  ["one key twice", { compromised: "both", kid: ["old", "old"] }, "kid_mismatch", NO_PAIR],
  [
    "a new emergency while a key that was retired within a day is valid, with both ways on",
    { ring: lately },
    "emergency_unclear",
    `in the last 24 hours old (previous, retired ${LATELY}) was retired: this may be the rest of an emergency; to go on with it: ${command("old")}; to begin with the key that is current now: ${command("current")}; nothing was done`,
  ],
  [
    "both likewise: its successor was to follow",
    { compromised: "both", ring: lately },
    "emergency_unclear",
    `to go on with it: ${command("old", "current")}; to begin with the key that is current now: ${command("current", "next")}`,
  ],
  [
    "also after its revocation: the second of both may be left, or nothing",
    {
      compromised: "both",
      ring: { previous: [], revoked: [{ kid: "old", until: LATELY, revokedAt: JUST_NOW }] },
    },
    "emergency_unclear",
    `old (revoked, retired ${LATELY}) was retired`,
  ],
  [
    "and after two rotations, with each pair that may be meant",
    { compromised: "both", ring: { ...lately, revoked: [{ kid: "older", until: LATELY }] } },
    "emergency_unclear",
    `to go on with one of them: ${command("old", "older")} or: ${command("older", "current")}`,
  ],
  [
    "where Auth0 gives no date of the retirement, by that of its successor",
    { ring: { current: { kid: "current", since: JUST_NOW }, previous: ["undated"], revoked: [] } },
    "emergency_unclear",
    "undated (previous) was retired",
  ],
  [
    "both where there is no next key",
    { compromised: "both", ring: { next: null } },
    "no_next_key",
    "if the current key is compromised, use --compromised current",
  ],
];

test.each(refused)("refuses %s", (_, given, code, words) => {
  const error = thrownBy(() => find(given));
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
  expect(error.message).toMatch(/^emergency on acme\.eu\.auth0\.com: /);
  expect(error.message).not.toContain("\n");
});
