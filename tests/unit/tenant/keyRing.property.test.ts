import fc from "fast-check";
import { parseKeyRing } from "../../../src/tenant/keyRing";
import { DOMAIN, NOW } from "../keyRingOf";
import { anyFlag, anyKid, anyListing, CERTIFICATE, readableListing, unlessRefused } from "../listings";

const OBSERVED_AT = new Date(NOW);
const RUNS = { numRuns: 1_000 };

const anything = fc.anything();
const keysOfAnything = fc.array(
  fc.record(
    {
      kid: anything,
      cert: anything,
      fingerprint: anything,
      thumbprint: anything,
      current: anything,
      next: anything,
      revoked_at: anything,
    },
    { requiredKeys: [] },
  ),
);
const keysWithAnyDate = fc.array(
  fc.record({
    kid: anyKid,
    cert: fc.constant(CERTIFICATE),
    fingerprint: fc.constant("aa:bb"),
    thumbprint: fc.constant("aabb"),
    current: anyFlag,
    current_since: fc.string(),
    revoked_at: anything,
  }),
);

test.each<[string, fc.Arbitrary<unknown>]>([
  ["any JSON", fc.jsonValue()],
  ["any value", anything],
  ["a list of keys with anything in any field", keysOfAnything],
  ["a list of keys with any date", keysWithAnyDate],
])("%s is read or refused, and nothing else is ever thrown", (_, answers) => {
  fc.assert(
    fc.property(answers, (answer) => {
      const ring = unlessRefused(() => parseKeyRing(answer, DOMAIN, OBSERVED_AT));
      expect(ring === undefined || ring.current.state === "current").toBe(true);
    }),
    RUNS,
  );
});

test("a key that is listed as current is current, whatever its other flags", () => {
  fc.assert(
    fc.property(readableListing, (keys) => {
      expect(parseKeyRing(keys, DOMAIN, OBSERVED_AT).current.kid).toBe(keys[0]?.kid);
    }),
    RUNS,
  );
});

test("a list with any number of current keys but one is refused", () => {
  fc.assert(
    fc.property(anyListing, (keys) => {
      const currentKeys = keys.filter((key) => key.current === true).length;
      fc.pre(currentKeys !== 1);
      expect(unlessRefused(() => parseKeyRing(keys, DOMAIN, OBSERVED_AT))).toBeUndefined();
    }),
    RUNS,
  );
});
