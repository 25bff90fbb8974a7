import {
  domainFault,
  ENVIRONMENT_VARIABLES,
  resolveCredentials,
  SECRET_FIELDS,
  TENANT_FIELDS,
  type Credentials,
  type CredentialSources,
  type ResolvedCredentials,
  type TenantFields,
} from "../../../src/tenant/credentials";
import { DOMAIN } from "../keyRingOf";

const AUDIENCE = `https://${DOMAIN}/api/v2/`;
const SECRET = "s3cr3t-of-the-application";

type Source = "the tenant input" | "stack configuration" | "the environment";
const SOURCES: readonly Source[] = ["the tenant input", "stack configuration", "the environment"];

/** How a source names a field: as `@pulumi/auth0` does. */
function nameIn(source: Source, field: keyof TenantFields): string {
  switch (source) {
    case "the tenant input":
      return `tenant.${field}`;
    case "stack configuration":
      return `auth0:${field}`;
    case "the environment":
      return ENVIRONMENT_VARIABLES[field];
  }
}

/** Fields given by sources; what a source is not given is empty there. */
function resolve(given: Partial<Record<Source, Partial<TenantFields>>>): ResolvedCredentials {
  const valuesOf = (source: Source): Map<string, string> =>
    new Map(
      Object.entries(given[source] ?? {}).map(([field, value]) => [
        nameIn(source, field as keyof TenantFields),
        value,
      ]),
    );
  const config = valuesOf("stack configuration");
  const sources: CredentialSources = {
    tenant: given["the tenant input"],
    config: (key) => config.get(key),
    environment: Object.fromEntries(valuesOf("the environment")),
  };
  return resolveCredentials(sources);
}

test("the fields are those of @pulumi/auth0's provider, with Auth0's environment variables", () => {
  expect(ENVIRONMENT_VARIABLES).toEqual({
    domain: "AUTH0_DOMAIN",
    clientId: "AUTH0_CLIENT_ID",
    clientSecret: "AUTH0_CLIENT_SECRET",
    apiToken: "AUTH0_API_TOKEN",
    audience: "AUTH0_AUDIENCE",
    clientAssertionPrivateKey: "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
    clientAssertionSigningAlg: "AUTH0_CLIENT_ASSERTION_SIGNING_ALG",
  });
  expect(TENANT_FIELDS).toEqual(Object.keys(ENVIRONMENT_VARIABLES));
  expect(SECRET_FIELDS).toEqual(["clientSecret", "apiToken", "clientAssertionPrivateKey"]);
});

describe.each(SOURCES)("from %s", (source) => {
  const kinds: { kind: string; fields: Partial<TenantFields>; credentials: Credentials }[] = [
    {
      kind: "a client secret",
      fields: { domain: DOMAIN, clientId: "app", clientSecret: SECRET },
      credentials: {
        kind: "clientSecret",
        domain: DOMAIN,
        audience: AUDIENCE,
        clientId: "app",
        clientSecret: SECRET,
      },
    },
    {
      kind: "a private key, signing with RS256 by default",
      fields: { domain: DOMAIN, clientId: "app", clientAssertionPrivateKey: "PEM" },
      credentials: {
        kind: "privateKey",
        domain: DOMAIN,
        audience: AUDIENCE,
        clientId: "app",
        privateKey: "PEM",
        algorithm: "RS256",
      },
    },
    {
      kind: "a private key with its algorithm",
      fields: {
        domain: DOMAIN,
        clientId: "app",
        clientAssertionPrivateKey: "PEM",
        clientAssertionSigningAlg: "PS256",
      },
      credentials: {
        kind: "privateKey",
        domain: DOMAIN,
        audience: AUDIENCE,
        clientId: "app",
        privateKey: "PEM",
        algorithm: "PS256",
      },
    },
    {
      kind: "an API token, which needs no application",
      fields: { domain: DOMAIN, apiToken: "opaque" },
      credentials: { kind: "apiToken", domain: DOMAIN, audience: AUDIENCE, apiToken: "opaque" },
    },
    {
      kind: "the audience of the canonical domain, with a custom domain in whatever case",
      fields: { domain: "Login.Acme.example", audience: AUDIENCE, apiToken: "opaque" },
      credentials: { kind: "apiToken", domain: "login.acme.example", audience: AUDIENCE, apiToken: "opaque" },
    },
  ];
  test.each(kinds)("takes $kind", ({ fields, credentials }) => {
    expect(resolve({ [source]: fields })).toEqual({ credentials });
  });

  test("refuses every pair of kinds", () => {
    const pairs = SECRET_FIELDS.flatMap((one, index) =>
      SECRET_FIELDS.slice(index + 1).map((other) => [one, other] as const),
    );
    const refused = pairs.map(
      ([one, other]) =>
        resolve({ [source]: { domain: DOMAIN, clientId: "app", [one]: SECRET, [other]: SECRET } }).faults,
    );
    expect(refused).toEqual(
      pairs.map(([one, other]) => [
        `${nameIn(source, one)} and ${nameIn(source, other)} are given at once; keep one kind of credentials`,
      ]),
    );
  });

  test("names what is missing as this source does, and everything at once", () => {
    expect(resolve({ [source]: { audience: AUDIENCE } }).faults).toEqual([
      `${nameIn(source, "domain")} is missing: credentials come from ${source}, and sources are never mixed`,
      `no secret is given: set one of ${SECRET_FIELDS.map((field) => nameIn(source, field)).join(", ")}; credentials come from ${source}, and sources are never mixed`,
      `${nameIn(source, "clientId")} is missing: credentials come from ${source}, and sources are never mixed`,
    ]);
  });

  test("refuses a domain that is none, naming it, and echoes no secret", () => {
    const { faults } = resolve({
      [source]: { domain: `https://${DOMAIN}`, clientSecret: SECRET, apiToken: SECRET },
    });
    expect(faults).toEqual([
      `${nameIn(source, "domain")} is "https://${DOMAIN}"; allowed: a bare domain such as "acme.eu.auth0.com", without scheme, path or spaces`,
      expect.stringContaining("are given at once"),
    ]);
    expect(JSON.stringify(faults)).not.toContain(SECRET);
  });

  test("refuses a signing algorithm that Auth0 does not take, naming those it does", () => {
    const { faults } = resolve({
      [source]: {
        domain: DOMAIN,
        clientId: "app",
        clientAssertionPrivateKey: SECRET,
        clientAssertionSigningAlg: "HS256",
      },
    });
    expect(faults).toEqual([expect.stringMatching(/Alg|ALG/)]);
    expect(faults).toEqual([expect.stringContaining('is "HS256"; allowed: RS256, RS384, PS256')]);
  });

  test("an empty text is as good as nothing", () => {
    const empty = Object.fromEntries(TENANT_FIELDS.map((field) => [field, ""]));
    expect(resolve({ [source]: empty }).faults).toEqual([expect.stringMatching(/^no credentials: set /)]);
  });
});

describe("sources are never mixed", () => {
  const inEnvironment = { domain: "env.auth0.com", clientId: "env", clientSecret: "of-env" };
  const inConfig = { domain: "config.auth0.com", clientId: "config", clientSecret: "of-config" };
  const inInput = { domain: "input.auth0.com", clientId: "input", clientSecret: "of-input" };

  test.each([
    [
      "the input goes before both others",
      { "the tenant input": inInput, "stack configuration": inConfig, "the environment": inEnvironment },
      inInput,
    ],
    [
      "stack configuration goes before the environment",
      { "stack configuration": inConfig, "the environment": inEnvironment },
      inConfig,
    ],
    ["the environment is the last", { "the environment": inEnvironment }, inEnvironment],
  ])("%s", (_, given, expected) => {
    expect(resolve(given).credentials).toMatchObject(expected);
  });

  test.each([
    [
      "the tenant input",
      {
        "the tenant input": { domain: DOMAIN },
        "stack configuration": inConfig,
        "the environment": inEnvironment,
      },
    ],
    ["stack configuration", { "stack configuration": { domain: DOMAIN }, "the environment": inEnvironment }],
  ] as const)("what %s lacks is not looked for elsewhere", (source, given) => {
    const { credentials, faults } = resolve(given);
    expect(credentials).toBeUndefined();
    expect(faults).toHaveLength(2);
    expect(
      faults?.every((fault) =>
        fault.endsWith(`credentials come from ${source}, and sources are never mixed`),
      ),
    ).toBe(true);
  });

  test("none at all: every source is named", () => {
    expect(resolve({}).faults).toEqual([
      "no credentials: set the tenant input, or stack configuration (auth0:domain, auth0:clientId, auth0:clientSecret), " +
        "or AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET in the environment",
    ]);
  });
});

test.each([
  "acme.eu.auth0.com",
  "acme.auth0.com",
  "acme.auth0app.com",
  "login.acme.example",
  "ACME.EU.AUTH0.COM",
  "localhost",
  "localhost:3443",
  "127.0.0.1:3443",
])("%s is a domain", (domain) => {
  expect(domainFault(domain)).toBeUndefined();
});

test.each([
  "https://acme.eu.auth0.com",
  "http://acme.eu.auth0.com",
  "acme.eu.auth0.com/",
  "acme.eu.auth0.com/api/v2",
  "acme.eu.auth0.com?x",
  "acme.eu.auth0.com#x",
  "user@acme.eu.auth0.com",
  " acme.eu.auth0.com",
  "acme.eu.auth0.com ",
  "acme eu.auth0.com",
  "acme..auth0.com",
  ".auth0.com",
  "acme.auth0.com.",
  "acme.auth0.com:",
  "acme.auth0.com:70000",
  "-",
  "",
])("%j is no domain", (domain) => {
  expect(domainFault(domain)).toBe(
    'allowed: a bare domain such as "acme.eu.auth0.com", without scheme, path or spaces',
  );
});
