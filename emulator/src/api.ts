import { randomBytes } from "node:crypto";

/** How long access tokens for an API live, in whole seconds. */
export interface AccessTokenLifetimes {
  /** From the token endpoint: Auth0's `token_lifetime`. */
  readonly accessTokenSeconds: number;
  /** Of implicit and hybrid flows: Auth0's `token_lifetime_for_web`. */
  readonly accessTokenForWebSeconds: number;
}

/** An API of the tenant, of which tokens can be had. */
export interface Api extends AccessTokenLifetimes {
  readonly id: string;
  readonly name: string;
  /** The audience of its tokens. */
  readonly identifier: string;
}

/** Auth0's defaults for a new API. */
export const defaultLifetimes: AccessTokenLifetimes = {
  accessTokenSeconds: 86_400,
  accessTokenForWebSeconds: 7_200,
};

export const defaultApiIdentifier = "https://api.example.com/";

/** The API that a tenant begins with, besides the Management API. */
export const exampleApi: Api = {
  id: "650000000000000000000002",
  name: "Example API",
  identifier: defaultApiIdentifier,
  ...defaultLifetimes,
};

/** Its identifier follows from the tenant's domain, so only its lifetimes are kept between runs. */
export function managementApi(identifier: string, lifetimes: AccessTokenLifetimes): Api {
  return { id: "650000000000000000000001", name: "Auth0 Management API", identifier, ...lifetimes };
}

export function newApi(identifier: string, name: string, lifetimes: Partial<AccessTokenLifetimes>): Api {
  // As long as the ids that Auth0 gives.
  return { id: randomBytes(12).toString("hex"), name, identifier, ...defaultLifetimes, ...lifetimes };
}
