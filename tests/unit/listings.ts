import fc from "fast-check";
import { SigningKeyError } from "../../src/errors";

/** Few kids, so that records, baselines and names meet keys of the ring in every state. */
const KIDS = ["a", "b", "c", "d", "e"] as const;
export const anyKid = fc.constantFrom(...KIDS);
export const anyFlag = fc.constantFrom(true, false, null, undefined);
const anyDate = fc.oneof(fc.constantFrom("2026-03-01T00:00:00.000Z", "2026-03-09T12:00:00.000Z"), {
  weight: 4,
  arbitrary: fc.constantFrom(undefined, "", {}, null),
});

const flagsAndDates = fc.record({
  current: anyFlag,
  next: anyFlag,
  previous: anyFlag,
  revoked: fc.oneof(anyFlag, { weight: 3, arbitrary: fc.constant(undefined) }),
  current_since: anyDate,
  current_until: anyDate,
  revoked_at: anyDate,
});
/** Of a certificate what the parser looks at. */
export const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIC+/==\n-----END CERTIFICATE-----\n";
const texts = { cert: CERTIFICATE, fingerprint: "aa:bb", thumbprint: "aabb" };

/** Keys as Auth0 might list them: every flag set or not, whatever it says of the others. */
export const anyListing = fc
  .tuple(fc.shuffledSubarray([...KIDS]), fc.array(flagsAndDates, { minLength: KIDS.length }))
  .map(([kids, flags]) => kids.map((kid, index) => ({ ...texts, ...flags[index], kid })));

/** The same with one current key and at most one next, so that it can be read; what else is said of any key is open. */
export const readableListing = fc
  .tuple(anyListing, fc.boolean(), anyKid)
  .map(([keys, hasNext, spare]) =>
    (keys.length > 0 ? keys : [{ ...texts, kid: spare }]).map((key, index) =>
      index === 0
        ? { ...key, current: true }
        : { ...key, current: undefined, next: hasNext && index === 1 ? true : undefined },
    ),
  );

/** The result, or `undefined` where it is refused; any other error fails the property. */
export function unlessRefused<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof SigningKeyError) return undefined;
    throw error;
  }
}
