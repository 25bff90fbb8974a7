import assert from "node:assert/strict";
import fc from "fast-check";
import { durationMilliseconds, inWords, parseDuration } from "../../src/duration";
import {
  domainFault,
  ENVIRONMENT_VARIABLES,
  resolveCredentials,
  TENANT_FIELDS,
  type TenantFields,
} from "../../src/tenant/credentials";
import { anyDomain, anyDuration, secret, secretsIn } from "./inputs";
import { sameTwice, synchronous, type Target } from "./target";

const TEN_YEARS = 10 * 365.25 * 24 * 3_600_000;

const duration: Target = {
  name: "duration",
  share: 150,
  property: (taken) =>
    fc.asyncProperty(
      anyDuration,
      synchronous((text) => {
        const milliseconds = sameTwice(() => parseDuration(text));
        if (milliseconds === undefined) {
          assert.throws(() => durationMilliseconds(text), RangeError);
          return;
        }
        taken();
        assert.ok(Number.isSafeInteger(milliseconds) && milliseconds >= 0 && milliseconds <= TEN_YEARS);
        assert.equal(durationMilliseconds(text), milliseconds);
        assert.ok(inWords(milliseconds).length > 0);
      }),
    ),
};

const domain: Target = {
  name: "domain",
  share: 90,
  property: (taken) =>
    fc.asyncProperty(
      anyDomain,
      synchronous((text) => {
        if (sameTwice(() => domainFault(text)) !== undefined) return;
        taken();
        const { protocol, username, password, pathname, search, hash } = new URL(`https://${text}/`);
        assert.deepEqual(
          { protocol, username, password, pathname, search, hash },
          { protocol: "https:", username: "", password: "", pathname: "/", search: "", hash: "" },
          "more than a host is taken",
        );
      }),
    ),
};

const someFields: fc.Arbitrary<Partial<TenantFields>> = fc.record(
  {
    domain: anyDomain,
    clientId: fc.constantFrom("app", ""),
    clientSecret: secret,
    apiToken: secret,
    audience: anyDomain,
    clientAssertionPrivateKey: secret,
    clientAssertionSigningAlg: fc.oneof(fc.constantFrom("RS256", "PS256", "none"), secret),
  },
  { requiredKeys: [] },
);
/** A complete set more often than chance has it, so that some are taken. */
const completeFields: fc.Arbitrary<Partial<TenantFields>> = fc.record({
  domain: fc.domain(),
  clientId: fc.constantFrom("app", "other"),
  clientSecret: secret,
});
const source = fc.oneof(fc.constant<Partial<TenantFields>>({}), someFields, completeFields);
const credentials: Target = {
  name: "credentials",
  share: 90,
  property: (taken) =>
    fc.asyncProperty(
      source,
      source,
      source,
      synchronous((tenant, config, given) => {
        const environment = Object.fromEntries(
          TENANT_FIELDS.map((field) => [ENVIRONMENT_VARIABLES[field], given[field]]),
        );
        const fieldOf = new Map(TENANT_FIELDS.map((field) => [`auth0:${field}`, config[field]]));
        const found = sameTwice(() =>
          resolveCredentials({ tenant, config: (key) => fieldOf.get(key), environment }),
        );
        assert.deepEqual(secretsIn(found.faults ?? []), [], "a secret is shown");
        assert.ok(found.credentials !== undefined || found.faults.length > 0);
        if (found.credentials === undefined) return;
        taken();
        const first = [tenant, config, given].find((fields) => Object.values(fields).some(Boolean)) ?? {};
        assert.equal(found.credentials.domain, first.domain?.toLowerCase(), "sources are mixed");
        const derived = ["kind", "domain", "audience", "algorithm"];
        const others = Object.entries(found.credentials).filter(([name]) => !derived.includes(name));
        const values: readonly unknown[] = Object.values(first);
        assert.deepEqual(
          others.filter(([, value]) => !values.includes(value)),
          [],
          "sources are mixed",
        );
      }),
    ),
};

/** Texts that somebody writes are taken for what they are or refused. */
export const TEXT_TARGETS: readonly Target[] = [duration, domain, credentials];
