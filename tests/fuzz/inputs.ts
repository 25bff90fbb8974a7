import fc from "fast-check";
import { TENANT_FIELDS } from "../../src/tenant/credentials";

/** How the engine's Node SDK writes a value that is not known before the update. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Secrets as Auth0 makes them: a client secret, a token, a private key. */
export const SECRETS = [
  "p7K2xQnY4vRt8WzB1mLc6HsD3fJgA9eUoTi5XkNwPqVyEr0ZbSdMhGuCaFlOj-_K",
  "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzY29wZSI6InVwZGF0ZTprZXlzIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
  "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n",
] as const;
/** What is secret of them, cut into the least that must not be shown. */
const TELLTALES = [...SECRETS.slice(0, 2), "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"].flatMap((secret) =>
  Array.from({ length: secret.length - 15 }, (_, start) => secret.slice(start, start + 16)),
);

export function secretsIn(shown: unknown): string[] {
  const text = JSON.stringify(shown);
  return TELLTALES.filter((telltale) => text.includes(telltale));
}

export const secret = fc.constantFrom(...SECRETS);

/** Names that an object has without anybody having given them. */
const inherited = fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf");
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", " ", "\u0000", "x".repeat(100_000), UNKNOWN),
);
/** What a program can hand over: JSON, with `undefined`, sentinels and odd names in it. */
export const anyValue = fc.oneof(
  fc.jsonValue(),
  anyText,
  fc.constantFrom(undefined, null, UNKNOWN, [], {}, [UNKNOWN], { a: [{ b: UNKNOWN }] }, -0, 1e300),
  fc.dictionary(fc.oneof(inherited, fc.string()), fc.jsonValue(), { maxKeys: 3, noNullPrototype: true }),
);

/** As it should be, or now and then anything, or something near to what it should be. */
export function orAnything<T>(
  expected: fc.Arbitrary<T>,
  nearly: fc.Arbitrary<unknown> = anyValue,
): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 24, arbitrary: expected },
    { weight: 1, arbitrary: anyValue },
    { weight: 1, arbitrary: nearly },
  );
}

export const anyDuration = fc.oneof(
  fc.constantFrom("0s", "1s", "90m", "24h", "366d", "367d", "10y", "11y", "auto", "1.5 h", "1h30m", "-1h"),
  fc
    .tuple(
      fc.oneof(fc.nat().map(String), fc.double({ noNaN: true }).map(String), fc.constant("9".repeat(400))),
      fc.constantFrom("", " ", "\t", "  "),
      fc.constantFrom("ms", "s", "sec", "m", "min", "h", "hrs", "d", "w", "y", "Y", "days", "mo", "µs", ""),
    )
    .map((parts) => parts.join("")),
  anyText,
);

export const someDuration = orAnything(fc.constantFrom("1s", "90m", "24h", "1.5 h", "366d"), anyDuration);

const two = (max: number): fc.Arbitrary<string> =>
  fc.nat(max).map((number) => String(number).padStart(2, "0"));
/** Dates as ISO 8601 might write them, and days and hours that there are none. */
export const anyDate = fc
  .tuple(
    fc.constantFrom("2026", "2026", "0000", "9999", "1969"),
    two(13),
    two(32),
    fc.constantFrom("T", "T", " ", ""),
    two(25),
    two(60),
    two(60),
    fc.constantFrom("", ".1", ".123456789"),
    fc.constantFrom("Z", "+00", "+0000", "-23:59", " +05:30", ""),
  )
  .map(
    ([year, month, day, separator, hour, minute, second, fraction, zone]) =>
      `${year}-${month}-${day}${separator}${hour}:${minute}:${second}${fraction}${zone}`,
  );

export const anyDomain = fc.oneof(
  fc.domain(),
  fc.webUrl(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.tuple(fc.domain(), fc.nat(99_999)).map(([domain, port]) => `${domain}:${port}`),
  fc.constantFrom(
    "acme.eu.auth0.com",
    "a@b.c",
    "a..b",
    "-a.b",
    "a.b-",
    "a.b:",
    "[::1]",
    "a.b#c",
    "xn--a.com",
  ),
  secret,
  anyText,
);

const completeTenant = fc.record({
  domain: fc.constantFrom("acme.eu.auth0.com", "localhost:3000"),
  clientId: fc.constant("app"),
  clientSecret: secret,
});
/** Credentials in all kinds of wrong places; what is secret is so by its value. */
const anyTenant = fc.oneof(
  { weight: 10, arbitrary: completeTenant },
  {
    weight: 3,
    arbitrary: fc.dictionary(
      fc.oneof({ weight: 8, arbitrary: fc.constantFrom<string>(...TENANT_FIELDS) }, inherited, fc.string()),
      fc.oneof(secret, anyDomain, anyValue, fc.record({ value: secret }), fc.array(secret, { maxLength: 2 })),
      { maxKeys: 6, noNullPrototype: true },
    ),
  },
  { weight: 1, arbitrary: fc.oneof(secret, anyValue) },
);

/** Inputs that a class might be given and others, some of them secrets under names that nobody knows. */
export function anyInputs(
  known: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<Record<string, unknown>> {
  const strayNames = fc.oneof(inherited, fc.constantFrom("clientSecret", "apiToken", "secret"), fc.string());
  return (
    fc
      .tuple(
        fc.record({ ...known, tenant: anyTenant }, { requiredKeys: ["tenant"] }),
        fc.oneof(
          { weight: 5, arbitrary: fc.constant({}) },
          {
            weight: 1,
            arbitrary: fc.dictionary(
              strayNames.filter((name) => !Object.hasOwn(known, name) && name !== "tenant"),
              fc.oneof(secret, anyValue, fc.record({ value: secret })),
              { maxKeys: 2, noNullPrototype: true },
            ),
          },
        ),
      )
      // Not by assignment: `__proto__` is a name like any other here.
      .map(([inputs, stray]) => Object.fromEntries([...Object.entries(inputs), ...Object.entries(stray)]))
  );
}
