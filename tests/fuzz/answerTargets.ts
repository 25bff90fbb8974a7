import assert from "node:assert/strict";
import fc from "fast-check";
import { SigningKeyError } from "../../src/errors";
import { allKeys, parseKeyRing } from "../../src/tenant/keyRing";
import { redactor } from "../../src/tenant/redact";
import { explain } from "../../src/tenant/request";
import { Tenant } from "../../src/tenant/tenant";
import { parseApis, parseApplications } from "../../src/tenant/tokenLifetimes";
import { FakeClock } from "../unit/fakeClock";
import { DOMAIN, NOW } from "../unit/keyRingOf";
import { anyListing, readableListing, unlessRefused } from "../unit/listings";
import { anyDate, anyValue, orAnything, secret, SECRETS, secretsIn } from "./inputs";
import { sameTwice, synchronous, type Target } from "./target";

const keysOfAnything = fc.array(
  fc.record({
    kid: orAnything(fc.constantFrom("a", "b", "c")),
    cert: orAnything(fc.string()),
    fingerprint: orAnything(fc.string()),
    thumbprint: orAnything(fc.string()),
    current: orAnything(fc.boolean()),
    next: orAnything(fc.boolean()),
    current_since: anyDate,
    revoked_at: anyValue,
  }),
  { maxLength: 4 },
);
const keyRing: Target = {
  name: "key ring",
  share: 110,
  property: (taken) =>
    fc.asyncProperty(
      fc.oneof(readableListing, anyListing, keysOfAnything, anyValue),
      synchronous((answer) => {
        const ring = sameTwice(() => unlessRefused(() => parseKeyRing(answer, DOMAIN, new Date(NOW))));
        if (ring === undefined) return;
        taken();
        const listed = answer as readonly { kid: string; current?: unknown }[];
        const states = new Map(allKeys(ring).map(({ kid, state }) => [kid, state]));
        assert.deepEqual([...states.keys()].sort(), listed.map(({ kid }) => kid).sort(), "a key is lost");
        const count = (state: string): number => [...states.values()].filter((one) => one === state).length;
        assert.ok(count("current") === 1 && count("next") <= 1);
        for (const { kid, current } of listed)
          assert.equal(states.get(kid) === "current", current === true, "a key in use is taken for another");
      }),
    ),
};

const seconds = orAnything(fc.oneof(fc.nat(), fc.double()));
const page = fc.record(
  {
    total: orAnything(fc.nat()),
    resource_servers: orAnything(
      fc.array(
        fc.record(
          { identifier: orAnything(fc.string()), token_lifetime: seconds, token_lifetime_for_web: seconds },
          { requiredKeys: ["identifier"] },
        ),
      ),
    ),
    clients: orAnything(
      fc.array(
        fc.record(
          {
            client_id: orAnything(fc.string()),
            jwt_configuration: orAnything(fc.record({ lifetime_in_seconds: seconds })),
          },
          { requiredKeys: ["client_id"] },
        ),
      ),
    ),
  },
  { requiredKeys: [] },
);
const lifetimes: Target = {
  name: "token lifetimes",
  share: 80,
  property: (taken) =>
    fc.asyncProperty(
      fc.oneof(page, anyValue),
      fc.constantFrom(parseApis, parseApplications),
      synchronous((answer, parse) => {
        const read = sameTwice(() => unlessRefused(() => parse(answer, "listing")));
        if (read === undefined) return;
        taken();
        const odd = read.lifetimes.filter(({ seconds, of }) => !(seconds >= 0) || typeof of !== "string");
        assert.deepEqual(odd, [], "what is no lifetime is taken for one");
      }),
    ),
};

const jwks: Target = {
  name: "JWKS",
  share: 40,
  property: (taken) =>
    fc.asyncProperty(
      fc.oneof(
        fc.record({ keys: orAnything(fc.array(fc.record({ kid: orAnything(fc.string()) }))) }),
        anyValue,
      ),
      fc.constantFrom(200, 200, 200, 404, 429, 500),
      async (answer, status) => {
        const audience = `https://${DOMAIN}/api/v2/`;
        const tenant = new Tenant({
          credentials: { kind: "apiToken", domain: DOMAIN, audience, apiToken: SECRETS[1] },
          clock: new FakeClock(),
          requestTimeout: 1_000,
          say: () => undefined,
          logsRequests: false,
        });
        const answered = jest
          .spyOn(globalThis, "fetch")
          .mockImplementation(() =>
            Promise.resolve(new Response((JSON.stringify(answer) as string | undefined) ?? "", { status })),
          );
        const kids = await tenant.publishedKids().catch((error: unknown) => {
          if (error instanceof SigningKeyError) return undefined;
          throw error;
        });
        answered.mockRestore();
        if (kids === undefined) return;
        taken();
        const given = (answer as { keys: readonly { kid?: string }[] }).keys.flatMap(({ kid }) => kid ?? []);
        assert.deepEqual([...kids].sort(), [...new Set(given)].sort(), "a key is lost or made up");
      },
    ),
};

const text = fc.oneof(
  fc.string(),
  fc.tuple(fc.string(), secret, fc.string()).map((parts) => parts.join(" ")),
);
const thrown = fc.oneof(
  fc.record({
    statusCode: orAnything(fc.integer({ min: 100, max: 599 })),
    body: orAnything(
      fc.record({ error: orAnything(text), message: orAnything(text), errorCode: orAnything(text) }),
    ),
    rawResponse: orAnything(fc.constant({ headers: new Headers({ "retry-after": "soon", date: "never" }) })),
  }),
  fc
    .tuple(text, fc.constantFrom("ECONNRESET", "ENOTFOUND", "CERT_HAS_EXPIRED", "UND_ERR_SOCKET", 7))
    .map(([message, code]) => new Error(message, { cause: Object.assign(new Error(message), { code }) })),
  anyValue,
);
const failures: Target = {
  name: "failed requests",
  share: 50,
  property: (taken) =>
    fc.asyncProperty(
      thrown,
      fc.boolean(),
      synchronous((error, writes) => {
        const asked = {
          attempt: "asking",
          domain: DOMAIN,
          writes,
          scopes: ["scope"],
          redact: redactor(SECRETS),
        };
        const { message } = explain(error, asked);
        taken();
        assert.equal(explain(error, asked).message, message, "it answers differently the second time");
        assert.deepEqual(secretsIn(message), [], "a secret is shown");
      }),
    ),
};

/** Answers of Auth0, or of what stands between, are read or refused with an error of this package. */
export const ANSWER_TARGETS: readonly Target[] = [keyRing, lifetimes, jwks, failures];
