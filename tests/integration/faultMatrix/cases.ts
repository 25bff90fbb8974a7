import type { SigningKeyErrorCode } from "../../../src/errors";
import type { Request } from "../tenants";
import { isWrite, misbehavioursOf, type Misbehaviour } from "./misbehaviours";
import { SCENARIOS, type Scenario } from "./scenarios";

/** One request of one scenario that goes wrong in one way. */
export interface Case {
  readonly name: string;
  readonly scenario: Scenario;
  readonly request: Request;
  /** The how-manieth request of its kind meets the fault. */
  readonly nth: number;
  readonly misbehaviour: Misbehaviour;
}

export const CASES: readonly Case[] = SCENARIOS.flatMap((scenario) =>
  scenario.requests.flatMap((request, index) => {
    if (scenario.faulty?.includes(request) === false) return [];
    const nth = scenario.requests.slice(0, index + 1).filter((other) => other === request).length;
    return misbehavioursOf(request).map((misbehaviour): Case => {
      const name = `${scenario.name}, ${request} ${nth}: ${misbehaviour.name}`;
      return { name, scenario, request, nth, misbehaviour };
    });
  }),
);

export function isLasting({ misbehaviour }: Case): boolean {
  return misbehaviour.fault.times !== undefined;
}

/** How the command that meets the fault ends: with this code, or, `undefined`, well in spite of it. */
export function expectedCode(each: Case): SigningKeyErrorCode | undefined {
  const { request, misbehaviour } = each;
  // Only the status of its answer counts, and it is called until its time is over.
  if (request === "canary") return isLasting(each) ? "canary_failed" : undefined;
  switch (misbehaviour.fault.fault) {
    case "rewrite":
      return codeOfRewriting(each);
    case "stale-jwks":
      return isLasting(each) ? "verification_timeout" : undefined;
    case "html":
      return misbehaviour.fault.status === 502 || isWrite(request) ? undefined : "unexpected_answer";
    case "status":
      return codeOfStatus(each);
    default:
      return undefined;
  }
}

function codeOfRewriting(each: Case): SigningKeyErrorCode | undefined {
  const { nth, scenario, misbehaviour } = each;
  switch (misbehaviour.fault.rewriting) {
    case "foreign-keys":
    case "revoked-cut-off":
      return undefined;
    case "no-next":
      if (!scenario.requests.includes("rotate")) return undefined;
      // The first list is the intent's, which refuses to record a raise; after a rotation the next key must appear.
      if (nth === 1) return "no_next_key";
      return isLasting(each) ? "verification_timeout" : undefined;
    default:
      return "unexpected_answer";
  }
}

function codeOfStatus(each: Case): SigningKeyErrorCode | undefined {
  const { request, misbehaviour, scenario } = each;
  const isPublic = request === "jwks";
  switch (misbehaviour.fault.status) {
    case 200:
      return isWrite(request) ? undefined : "unexpected_answer";
    case 400:
      return "refused_by_auth0";
    case 401:
      if (request === "token") return "access_denied";
      if (isPublic) return "refused_by_auth0";
      // It is asked for again with a fresh token: a key that was revoked may have signed the one in use.
      return isLasting(each) ? "unauthorized" : undefined;
    case 403:
      if (request === "token") return "access_denied";
      if (isPublic) return "refused_by_auth0";
      // What is on record of lifetimes stands until the next update.
      if (scenario.refreshes && (request === "apis" || request === "clients")) return undefined;
      return "insufficient_scope";
    case 404:
      return "tenant_not_found";
    case 429:
      return isLasting(each) || resetsTooLate(misbehaviour.fault) ? "rate_limited" : undefined;
    default:
      if (!isLasting(each)) return undefined;
      return isWrite(request) ? "outcome_unknown" : "unreachable";
  }
}

/** Whether no update waits for the rate limit to end. */
function resetsTooLate({ resetSeconds = 0, headers = {} }: Misbehaviour["fault"]): boolean {
  const reset = Number(headers["x-ratelimit-reset"]);
  return resetSeconds > 120 || reset * 1000 > Date.now() + 120_000;
}
