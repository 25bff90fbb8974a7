import { environmentFor } from "../../../src/cli/connect";
import type { SigningKeyErrorCode } from "../../../src/errors";
import { DOMAIN } from "../keyRingOf";
import { thrownBy } from "../thrownBy";

test.each<[string, string | undefined, Record<string, string>, string | undefined]>([
  ["--tenant stands for a missing AUTH0_DOMAIN", DOMAIN, {}, DOMAIN],
  ["and for an empty one", DOMAIN, { AUTH0_DOMAIN: "" }, DOMAIN],
  ["both may say the same, in any case of letters", DOMAIN, { AUTH0_DOMAIN: "ACME.eu.auth0.com" }, DOMAIN],
  ["AUTH0_DOMAIN alone will do", undefined, { AUTH0_DOMAIN: DOMAIN }, DOMAIN],
  ["without either there is none", undefined, {}, undefined],
])("%s", (_, tenant, environment, domain) => {
  const own = environmentFor(tenant, { AUTH0_CLIENT_ID: "app", ...environment });
  expect(own["AUTH0_DOMAIN"]).toBe(domain);
});

test("with a prefix the variables with that prefix stand for those without, and none of those is used", () => {
  const variables = { PATH: "/bin", AUTH0_CLIENT_SECRET: "another's", ACME_AUTH0_CLIENT_ID: "app" };
  const own = environmentFor(DOMAIN, variables, "ACME");
  expect(own).toMatchObject({ PATH: "/bin", AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: "app" });
  expect(own["AUTH0_CLIENT_SECRET"]).toBeUndefined();
  expect(thrownBy(() => environmentFor(DOMAIN, { AUTH0_CLIENT_ID: "app" }, "ACME")).message).toContain(
    "none in the environment whose names begin with ACME_; set ACME_AUTH0_CLIENT_ID, ",
  );
});

test.each<[string, Record<string, string>, SigningKeyErrorCode, string]>([
  [
    "another tenant's credentials",
    { AUTH0_DOMAIN: "other.auth0.com" },
    "wrong_tenant",
    "AUTH0_DOMAIN is other.auth0.com, so they are another tenant's",
  ],
  [
    "an environment without any",
    {},
    "invalid_input",
    "there are none in the environment; set AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET;",
  ],
  [
    "what is no domain, and doesn't repeat it: it may be a secret",
    { AUTH0_DOMAIN: "s3cr3t in the wrong place" },
    "wrong_tenant",
    "AUTH0_DOMAIN is another text, so they are another tenant's",
  ],
])("refuses %s", (_, environment, code, words) => {
  const error = thrownBy(() => environmentFor(DOMAIN, environment));
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
});
