/** Whose keys, and with what right: the fields carry the names of `@pulumi/auth0`'s provider. */
export interface TenantFields {
  /** The tenant's domain, bare: `acme.eu.auth0.com`, or a custom domain of it. */
  domain: string;
  /** The machine-to-machine application. */
  clientId: string;
  /** The secret of the application. */
  clientSecret: string;
  /** A Management API token, instead of an application. */
  apiToken: string;
  /** The Management API's audience; default `https://DOMAIN/api/v2/`. Needed with a custom domain. */
  audience: string;
  /** The private key of the application, PEM, instead of a client secret (private_key_jwt). */
  clientAssertionPrivateKey: string;
  /** How the private key signs: `RS256`, `RS384` or `PS256`. Default `RS256`. */
  clientAssertionSigningAlg: string;
}

/** The environment variable of each field; `auth0:FIELD` is its stack configuration. */
export const ENVIRONMENT_VARIABLES: Readonly<Record<keyof TenantFields, string>> = {
  domain: "AUTH0_DOMAIN",
  clientId: "AUTH0_CLIENT_ID",
  clientSecret: "AUTH0_CLIENT_SECRET",
  apiToken: "AUTH0_API_TOKEN",
  audience: "AUTH0_AUDIENCE",
  clientAssertionPrivateKey: "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
  clientAssertionSigningAlg: "AUTH0_CLIENT_ASSERTION_SIGNING_ALG",
};

export const TENANT_FIELDS = Object.keys(ENVIRONMENT_VARIABLES) as readonly (keyof TenantFields)[];
export const SECRET_FIELDS = ["clientSecret", "apiToken", "clientAssertionPrivateKey"] as const;

/** What Auth0 takes for private_key_jwt. */
const SIGNING_ALGORITHMS: readonly string[] = ["RS256", "RS384", "PS256"];

/** One complete set of credentials. */
export type Credentials = { domain: string; audience: string } & (
  | { kind: "clientSecret"; clientId: string; clientSecret: string }
  | { kind: "privateKey"; clientId: string; privateKey: string; algorithm: string }
  | { kind: "apiToken"; apiToken: string }
);

/** Where credentials may come from, the first that holds anything being the only one used. */
export interface CredentialSources {
  /** The `tenant` input. */
  tenant: Partial<TenantFields> | undefined;
  /** Stack configuration: the value of `auth0:clientId`, say. */
  config: (key: string) => string | undefined;
  /** What stands before the colon there; default `auth0`. */
  namespace?: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Credentials, or every reason why there are none; a reason never holds a secret. */
export type ResolvedCredentials =
  { credentials: Credentials; faults?: never } | { credentials?: never; faults: string[] };

/** Finds the one source of credentials (input, then stack configuration, then environment; never mixed) and checks it. */
export function resolveCredentials(sources: CredentialSources): ResolvedCredentials {
  const { namespace = "auth0" } = sources;
  const fromEach = (value: (field: keyof TenantFields) => string | undefined): Partial<TenantFields> =>
    Object.fromEntries(
      TENANT_FIELDS.map((field) => [field, value(field)]).filter(
        ([, found]) => found !== undefined && found !== "",
      ),
    ) as Partial<TenantFields>;
  const candidates = [
    {
      name: "the tenant input",
      nameOf: (field: keyof TenantFields) => `tenant.${field}`,
      fields: fromEach((field) => sources.tenant?.[field]),
    },
    {
      name: "stack configuration",
      nameOf: (field: keyof TenantFields) => `${namespace}:${field}`,
      fields: fromEach((field) => sources.config(`${namespace}:${field}`)),
    },
    {
      name: "the environment",
      nameOf: (field: keyof TenantFields) => ENVIRONMENT_VARIABLES[field],
      fields: fromEach((field) => sources.environment[ENVIRONMENT_VARIABLES[field]]),
    },
  ];
  const source = candidates.find(({ fields }) => Object.keys(fields).length > 0);
  if (source === undefined) {
    return {
      faults: [
        `no credentials: set the tenant input, or stack configuration (${["domain", "clientId", "clientSecret"].map((field) => `${namespace}:${field}`).join(", ")}), or AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET in the environment`,
      ],
    };
  }
  const { fields, name, nameOf } = source;
  const faults: string[] = [];
  const missing = (field: keyof TenantFields): void => {
    faults.push(`${nameOf(field)} is missing: credentials come from ${name}, and sources are never mixed`);
  };
  if (fields.domain === undefined) missing("domain");
  else {
    const fault = domainFault(fields.domain);
    if (fault !== undefined) faults.push(`${nameOf("domain")} is ${echo(fields.domain)}; ${fault}`);
  }
  const given = SECRET_FIELDS.filter((field) => fields[field] !== undefined);
  if (given.length > 1) {
    faults.push(`${given.map(nameOf).join(" and ")} are given at once; keep one kind of credentials`);
  } else if (given.length === 0) {
    faults.push(
      `no secret is given: set one of ${SECRET_FIELDS.map(nameOf).join(", ")}; credentials come from ${name}, and sources are never mixed`,
    );
  }
  if (fields.apiToken === undefined && fields.clientId === undefined) missing("clientId");
  const algorithm = fields.clientAssertionSigningAlg;
  if (algorithm !== undefined && !SIGNING_ALGORITHMS.includes(algorithm)) {
    faults.push(
      `${nameOf("clientAssertionSigningAlg")} is ${echo(algorithm)}; allowed: ${SIGNING_ALGORITHMS.join(", ")}`,
    );
  }
  if (faults.length > 0) return { faults };
  const domain = (fields.domain ?? "").toLowerCase();
  const common = { domain, audience: fields.audience ?? `https://${domain}/api/v2/` };
  const { clientId = "", clientSecret, apiToken, clientAssertionPrivateKey } = fields;
  if (apiToken !== undefined) return { credentials: { ...common, kind: "apiToken", apiToken } };
  if (clientSecret !== undefined)
    return { credentials: { ...common, kind: "clientSecret", clientId, clientSecret } };
  return {
    credentials: {
      ...common,
      kind: "privateKey",
      clientId,
      privateKey: clientAssertionPrivateKey ?? "",
      algorithm: fields.clientAssertionSigningAlg ?? "RS256",
    },
  };
}

/** A value that was given, unless it may be a secret in the wrong place. */
function echo(given: string): string {
  const isHarmless =
    given.length <= 10 || (/[.:/ ]/.test(given) && given.length <= 100 && !/eyJ|-----/.test(given));
  return isHarmless ? JSON.stringify(given) : `a text of ${given.length} characters`;
}

/** Says what is wrong with a domain, if anything is: a bare host name is expected, with a port at the most. */
export function domainFault(domain: string): string | undefined {
  const allowed = 'allowed: a bare domain such as "acme.eu.auth0.com", without scheme, path or spaces';
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i.test(domain) || domain.includes("..")) return allowed;
  return URL.canParse(`https://${domain}/`) ? undefined : allowed;
}
