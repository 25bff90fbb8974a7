import type { SigningClient } from "auth0/keys/signing" with { "resolution-mode": "import" };
import * as v from "valibot";
import type { Clock } from "../clock";
import { OutcomeUnknownError, RateLimitedError, SigningKeyError } from "../errors";
import { requestAccessToken, type AccessToken } from "./accessToken";
import { SECRET_FIELDS, type Credentials } from "./credentials";
import { parseKeyRing, type KeyRing } from "./keyRing";
import { redactor, type Redact } from "./redact";
import { loggingFetch } from "./requestLog";
import { explain, jsonBody, type Attempt } from "./request";
import { tenantFetch } from "./tenantFetch";
import {
  parseApis,
  parseApplications,
  type Lifetime,
  type LifetimesPage,
  type TokenLifetimes,
} from "./tokenLifetimes";

export const LIST_SCOPES = ["read:signing_keys"] as const;
/** Auth0 asks for both to rotate. */
export const ROTATE_SCOPES = ["create:signing_keys", "update:signing_keys"] as const;
export const REVOKE_SCOPES = ["update:signing_keys"] as const;
export const LOG_SCOPES = ["read:logs"] as const;
export const LIFETIMES_SCOPES = ["read:resource_servers", "read:clients"] as const;

export interface TenantOptions {
  credentials: Credentials;
  clock: Clock;
  /** How long one request may take, headers and body, in milliseconds. */
  requestTimeout: number;
  /** Progress for the reader of a terminal. */
  say: (message: string) => void;
  /** Whether each request is said as well. */
  logsRequests: boolean;
}

/** A token is asked for anew when this little of it is left. */
const TOKEN_MARGIN = 60_000;
const READ_ATTEMPTS = 3;
/** A read waits this long for Auth0's rate limit at the most. */
const LONGEST_READ_WAIT = 60_000;

/** Auth0 lists so many at a time, and no further than the thousandth. */
const PAGE = 100;
const LARGEST_LIST = 1_000;

const jwksShape = v.looseObject({ keys: v.array(v.looseObject({ kid: v.optional(v.string()) })) });

/** One Auth0 tenant's signing keys, over the `auth0` SDK. Reads are retried; writes never are. */
export class Tenant {
  readonly domain: string;
  readonly jwksUri: string;
  readonly usesStaticToken: boolean;
  private readonly redact: Redact;
  private readonly fetch: typeof fetch;
  private token: Promise<AccessToken> | undefined;
  private readonly options: TenantOptions;

  constructor(options: TenantOptions) {
    this.options = options;
    const { credentials } = options;
    this.domain = credentials.domain;
    this.jwksUri = jwksUri(credentials.domain);
    this.usesStaticToken = credentials.kind === "apiToken";
    const fields: Partial<Record<string, string>> = { ...credentials };
    this.redact = redactor([...SECRET_FIELDS, "privateKey"].map((field) => fields[field] ?? ""));
    const { logsRequests, clock, say } = options;
    this.fetch = logsRequests ? loggingFetch(tenantFetch, clock, say, this.redact) : tenantFetch;
  }

  /** The key ring as Auth0 lists it now, with the tenant's own time of day. */
  async listKeys(): Promise<KeyRing> {
    const { data, headers } = await this.read("listing the signing keys", LIST_SCOPES, async () => {
      const client = await this.client();
      const { data, rawResponse } = await client.list(this.requestOptions()).withRawResponse();
      return { data: data, headers: rawResponse.headers };
    });
    const answeredAt = Date.parse(headers.get("date") ?? "");
    return parseKeyRing(
      data,
      this.domain,
      Number.isNaN(answeredAt) ? this.options.clock.now() : new Date(answeredAt),
    );
  }

  /**
   * Rotates once, without a retry of any kind.
   * @throws OutcomeUnknownError if the rotation may have happened
   */
  async rotate(): Promise<void> {
    await this.write("rotating the signing keys", ROTATE_SCOPES, (client) =>
      client.rotate(this.requestOptions()),
    );
  }

  /**
   * Revokes one key, without a retry of any kind.
   * @throws OutcomeUnknownError if the revocation may have happened
   */
  async revoke(kid: string): Promise<void> {
    await this.write(`revoking key ${kid}`, REVOKE_SCOPES, (client) =>
      client.revoke(kid, this.requestOptions()),
    );
  }

  /**
   * The longest token lifetimes in the tenant now, over all of its APIs and applications, whatever they sign with.
   * @throws SigningKeyError `lifetimes_unknown` if it has more of them than Auth0 lists
   */
  async tokenLifetimes(): Promise<TokenLifetimes> {
    const api = await this.longestLifetime("APIs", "read:resource_servers", parseApis, async (page) => {
      const { ResourceServersClient } = await import("auth0/resourceServers");
      const client = new ResourceServersClient(await this.clientOptions());
      return (await client.list(page, this.requestOptions())).response;
    });
    const application = await this.longestLifetime(
      "applications",
      "read:clients",
      parseApplications,
      async (page) => {
        const { ClientsClient } = await import("auth0/clients");
        const client = new ClientsClient(await this.clientOptions());
        // Never the applications' secrets, whatever scopes there are.
        const fields = { fields: "client_id,jwt_configuration", include_fields: true };
        return (await client.list({ ...page, ...fields }, this.requestOptions())).response;
      },
    );
    return {
      accessTokenSeconds: api.seconds,
      accessTokenOf: api.of,
      idTokenSeconds: application.seconds,
      idTokenOf: application.of,
    };
  }

  private async longestLifetime(
    what: string,
    scope: string,
    parse: (answer: unknown, attempt: string) => LifetimesPage,
    list: (page: { page: number; per_page: number; include_totals: true }) => Promise<unknown>,
  ): Promise<Lifetime> {
    const attempt = `listing the ${what} of ${this.domain} for their token lifetimes`;
    const all: Lifetime[] = [];
    for (let page = 0; page < LARGEST_LIST / PAGE; page += 1) {
      const answer = await this.read(`listing the ${what}`, [scope], () =>
        list({ page, per_page: PAGE, include_totals: true }),
      );
      const { lifetimes, total } = parse(answer, attempt);
      all.push(...lifetimes);
      if (lifetimes.length < PAGE || total === all.length) break;
      if (all.length === LARGEST_LIST) throw tooMany(attempt, what);
    }
    const [first, ...others] = all;
    if (first === undefined) throw this.unexpected(attempt, `there are no ${what}`);
    return others.reduce((longest, other) => (other.seconds > longest.seconds ? other : longest), first);
  }

  /** A page of the tenant's log, the latest entry first: what was changed by its Management API, by anybody. */
  async managementLogPage(page: number, size: number): Promise<unknown> {
    return this.read("reading the log", LOG_SCOPES, async () => {
      const { LogsClient } = await import("auth0/logs");
      const client = new LogsClient(await this.clientOptions());
      const wanted = { page, per_page: size, include_totals: false, sort: "date:-1" };
      const options = { ...this.requestOptions(), queryParams: { q: "type:sapi" } };
      return (await client.list(wanted, options)).response;
    });
  }

  /** The kids that the tenant's JWKS publishes now, read past any cache. */
  async publishedKids(): Promise<ReadonlySet<string>> {
    const attempt = this.attempt("reading the JWKS", []);
    return this.withRetries(async () => {
      try {
        const response = await this.fetch(this.jwksUri, {
          headers: { "cache-control": "no-cache" },
          signal: AbortSignal.timeout(this.options.requestTimeout),
        });
        const body = await jsonBody(response);
        if (!response.ok)
          throw Object.assign(new Error(), { statusCode: response.status, rawResponse: response });
        const parsed = v.safeParse(jwksShape, body);
        if (!parsed.success) throw this.unexpected(attempt.attempt, "the answer is not a JWKS");
        return new Set(parsed.output.keys.flatMap((key) => key.kid ?? []));
      } catch (thrown) {
        throw explain(thrown, attempt);
      }
    });
  }

  /** The token in use, asked for at first need and kept while it lasts. */
  async accessToken(): Promise<AccessToken> {
    const token = await (this.token ??= this.newToken());
    if (token.expiresAt - TOKEN_MARGIN > this.options.clock.now().getTime()) return token;
    return this.freshAccessToken();
  }

  /** A token signed now, used from here on. A static token stays the same. */
  async freshAccessToken(): Promise<AccessToken> {
    this.token = this.newToken();
    return this.token;
  }

  /**
   * A token signed now for one of the customer's own APIs.
   * @throws SigningKeyError `invalid_input` with a static token and for the Management API: what may change the tenant
   *   must go nowhere but to Auth0
   */
  async tokenFor(audience: string): Promise<AccessToken> {
    const refuse = (observation: string, remedy: string): SigningKeyError =>
      new SigningKeyError("invalid_input", {
        attempt: `getting a token for ${audience}`,
        observation,
        remedy,
      });
    if (this.usesStaticToken) {
      throw refuse(
        "there is a static API token only, which can't ask for others",
        "give an application's client id and secret",
      );
    }
    if (audience === this.options.credentials.audience) {
      throw refuse("it is the Management API, whose tokens go to Auth0 alone", "name an API of your own");
    }
    return this.requestToken({ ...this.options.credentials, audience });
  }

  private requestToken(credentials: Credentials): Promise<AccessToken> {
    const { requestTimeout, clock } = this.options;
    return this.withRetries(() =>
      requestAccessToken(credentials, this.attempt("", LIST_SCOPES), {
        fetch: this.fetch,
        timeoutMilliseconds: requestTimeout,
        now: clock.now().getTime(),
      }),
    );
  }

  private newToken(): Promise<AccessToken> {
    const token = this.requestToken(this.options.credentials);
    token.catch(() => {
      this.token = undefined;
    });
    return token;
  }

  private async read<T>(what: string, scopes: readonly string[], call: () => Promise<T>): Promise<T> {
    const attempt = this.attempt(what, scopes);
    const once = async (): Promise<T> => {
      await this.accessToken();
      try {
        return await call();
      } catch (thrown) {
        throw explain(thrown, attempt);
      }
    };
    // Asked for outside of these retries: it has its own, and nested they would multiply.
    await this.accessToken();
    return this.withRetries(async () => {
      try {
        return await once();
      } catch (error) {
        // The token may have been signed by a key that has been revoked since.
        if (!(error instanceof SigningKeyError && error.code === "unauthorized") || this.usesStaticToken)
          throw error;
        await this.freshAccessToken();
        return once();
      }
    });
  }

  private async write(
    what: string,
    scopes: readonly string[],
    call: (client: SigningClient) => Promise<unknown>,
  ): Promise<void> {
    const attempt = this.attempt(what, scopes, true);
    const client = await this.client();
    let answer: unknown;
    try {
      answer = await call(client);
    } catch (thrown) {
      throw explain(thrown, attempt);
    }
    // The SDK resolves with an error object where a proxy answered 200 with HTML.
    if (!v.is(v.looseObject({ kid: v.string() }), answer)) {
      throw new OutcomeUnknownError({
        attempt: attempt.attempt,
        observation: "an answer that Auth0 doesn't give",
      });
    }
  }

  /** A read may be repeated: after a fault of the transport or a 5xx at once, after a 429 when Auth0 says so. */
  private async withRetries<T>(read: () => Promise<T>): Promise<T> {
    const { clock, say } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read();
      } catch (error) {
        if (attempt === READ_ATTEMPTS) throw error;
        if (error instanceof RateLimitedError) {
          const wait = Math.max(error.rateLimit.waitMilliseconds ?? 0, 1_000);
          if (wait > LONGEST_READ_WAIT) throw error;
          say(`${this.domain}: Auth0's rate limit is reached; waiting ${Math.ceil(wait / 1000)} s`);
          await clock.sleep(wait);
        } else if (error instanceof SigningKeyError && error.code === "unreachable") {
          await clock.sleep(500 * attempt);
        } else throw error;
      }
    }
  }

  private async client(): Promise<SigningClient> {
    // Loaded at the first request: `check`, `diff` and an update without changes need neither the SDK nor its 300 ms.
    const { SigningClient } = await import("auth0/keys/signing");
    return new SigningClient(await this.clientOptions());
  }

  private async clientOptions(): Promise<{
    baseUrl: string;
    token: string;
    headers: Record<string, never>;
    fetch: typeof fetch;
  }> {
    const { value } = await this.accessToken();
    return { baseUrl: `https://${this.domain}/api/v2`, token: value, headers: {}, fetch: this.fetch };
  }

  private requestOptions(): { maxRetries: number; timeoutInSeconds: number; abortSignal: AbortSignal } {
    const { requestTimeout } = this.options;
    // The SDK would repeat a rotation after a 5xx, and its own timer stops at the headers.
    return {
      maxRetries: 0,
      timeoutInSeconds: requestTimeout / 1000,
      abortSignal: AbortSignal.timeout(requestTimeout),
    };
  }

  private attempt(what: string, scopes: readonly string[], writes = false): Attempt {
    return { attempt: `${what} of ${this.domain}`, domain: this.domain, writes, scopes, redact: this.redact };
  }

  private unexpected(attempt: string, observation: string): SigningKeyError {
    return new SigningKeyError("unexpected_answer", {
      attempt,
      observation,
      remedy: "run it again; this request changed nothing",
    });
  }
}

function tooMany(attempt: string, what: string): SigningKeyError {
  return new SigningKeyError("lifetimes_unknown", {
    attempt,
    observation: `it has more than ${LARGEST_LIST} ${what}, and Auth0 lists no more`,
    remedy: "give gracePeriod as a duration: the longest token lifetime, plus the longest JWKS cache",
  });
}

/** Where a tenant publishes its keys. */
export function jwksUri(domain: string): string {
  return `https://${domain}/.well-known/jwks.json`;
}
