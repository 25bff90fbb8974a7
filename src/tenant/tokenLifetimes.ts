import * as v from "valibot";
import { SigningKeyError } from "../errors";
import { oneLine } from "./oneLine";

/** The longest lifetimes that a tenant gives to tokens, and to whose. */
export interface TokenLifetimes {
  /** The longest lifetime of access tokens. */
  accessTokenSeconds: number;
  /** The identifier of the API whose access tokens live so long. */
  accessTokenOf: string;
  /** The longest lifetime of ID tokens. */
  idTokenSeconds: number;
  /** The client id of the application whose ID tokens live so long. */
  idTokenOf: string;
}

/** What one entry of a list gives: how long, and to whom. */
export interface Lifetime {
  seconds: number;
  of: string;
}

/** Auth0's own defaults, for entries that don't say. */
const DEFAULT_ACCESS_TOKEN_SECONDS = 86_400;
const DEFAULT_ID_TOKEN_SECONDS = 36_000;

const seconds = v.optional(v.nullable(v.pipe(v.number(), v.minValue(0))));
const total = v.optional(v.number());

/** A page of `GET /api/v2/resource-servers?include_totals=true`. */
const apisShape = v.looseObject({
  total,
  resource_servers: v.array(
    v.looseObject({ identifier: v.string(), token_lifetime: seconds, token_lifetime_for_web: seconds }),
  ),
});

/** A page of `GET /api/v2/clients?include_totals=true`. */
const applicationsShape = v.looseObject({
  total,
  clients: v.array(
    v.looseObject({
      client_id: v.string(),
      jwt_configuration: v.optional(v.nullable(v.looseObject({ lifetime_in_seconds: seconds }))),
    }),
  ),
});

export interface LifetimesPage {
  total: number | undefined;
  lifetimes: Lifetime[];
}

/** @throws SigningKeyError `unexpected_answer` for anything but a page of APIs */
export function parseApis(answer: unknown, attempt: string): LifetimesPage {
  const parsed = v.safeParse(apisShape, answer);
  if (!parsed.success) throw unexpected(attempt, "a list of APIs");
  const { total, resource_servers: apis } = parsed.output;
  return {
    total,
    lifetimes: apis.map(({ identifier, token_lifetime, token_lifetime_for_web }) => ({
      of: oneLine(identifier),
      seconds: Math.max(token_lifetime ?? DEFAULT_ACCESS_TOKEN_SECONDS, token_lifetime_for_web ?? 0),
    })),
  };
}

/** @throws SigningKeyError `unexpected_answer` for anything but a page of applications */
export function parseApplications(answer: unknown, attempt: string): LifetimesPage {
  const parsed = v.safeParse(applicationsShape, answer);
  if (!parsed.success) throw unexpected(attempt, "a list of applications");
  const { total, clients } = parsed.output;
  return {
    total,
    lifetimes: clients.map(({ client_id, jwt_configuration }) => ({
      of: oneLine(client_id),
      seconds: jwt_configuration?.lifetime_in_seconds ?? DEFAULT_ID_TOKEN_SECONDS,
    })),
  };
}

/** The longest of each kind in two observations. */
export function longest(one: TokenLifetimes, other: TokenLifetimes): TokenLifetimes {
  const access = one.accessTokenSeconds >= other.accessTokenSeconds ? one : other;
  const id = one.idTokenSeconds >= other.idTokenSeconds ? one : other;
  return {
    accessTokenSeconds: access.accessTokenSeconds,
    accessTokenOf: access.accessTokenOf,
    idTokenSeconds: id.idTokenSeconds,
    idTokenOf: id.idTokenOf,
  };
}

function unexpected(attempt: string, expected: string): SigningKeyError {
  return new SigningKeyError("unexpected_answer", {
    attempt,
    observation: `the answer is not ${expected}`,
    remedy: "this request changed nothing; run it again, or give gracePeriod as a duration",
  });
}
