import type { Fault } from "../../support/emulator";
import type { Request } from "../tenants";

/** How long one request may take; the ring is watched for half as long again before a rotation is repeated. */
export const REQUEST_TIMEOUT = "3s";
/** An answer that comes after that, and an effect that comes while the ring is still being watched. */
const LATE_ANSWER_MS = 4_000;
const LATE_EFFECT_MS = 1_000;
/** More often than one update retries or looks, so that it fails; what is left meets the updates after it. */
const LASTING_TIMES = 6;

/** A fault, but not yet of which request. */
type AnyFault = Omit<Fault, "match" | "tenant">;

/** What goes wrong with a request. */
export interface Misbehaviour {
  readonly name: string;
  readonly fault: AnyFault;
}

const once = (fault: AnyFault, name: string = fault.fault): Misbehaviour => ({ name, fault });
const lasting = ({ name, fault }: Misbehaviour, times = LASTING_TIMES): Misbehaviour => ({
  name: `${name}, lasting`,
  fault: { ...fault, times },
});
const status = (code: number, more: Partial<AnyFault> = {}, name = `${code}`): Misbehaviour =>
  once({ fault: "status", status: code, ...more }, name);
const rewritten = (rewriting: string): Misbehaviour =>
  once({ fault: "rewrite", rewriting }, rewriting.replaceAll("-", " "));
const answered = (body: unknown, name: string): Misbehaviour => status(200, { body }, `200 ${name}`);

/** Seconds after which a rate limit ends that no update waits for. */
const FAR = 7_200;

const ON_ANY: readonly Misbehaviour[] = [
  ...[400, 401, 403, 404, 429, 500, 503].map((code) => status(code)),
  status(429, { headers: { "retry-after": "1" } }, "429, Retry-After"),
  status(429, { resetSeconds: 2, headers: { "retry-after": "" } }, "429, Reset"),
  status(429, { headers: { "x-ratelimit-reset": "1" } }, "429, Reset in the past"),
  status(429, { headers: { "x-ratelimit-reset": "soon", "retry-after": "later" } }, "429, Reset garbage"),
  status(429, { resetSeconds: FAR }, "429, Reset far ahead"),
  status(429, { headers: { "x-ratelimit-reset": "9999999999999" } }, "429, Reset beyond dates"),
  once({ fault: "html", status: 502 }, "502 HTML"),
  once({ fault: "html" }, "200 HTML"),
  answered(null, "null"),
  once({ fault: "reset" }),
  once({ fault: "delay", delayMs: LATE_ANSWER_MS }, "time-out"),
  once({ fault: "slow-body", delayMs: LATE_ANSWER_MS }, "slow body"),
  once({ fault: "truncate" }, "truncated"),
  lasting(status(401), 2),
  lasting(status(429)),
  lasting(status(503)),
];

/** A request without an effect can't tell these from the former. */
const ON_WRITES: readonly Misbehaviour[] = [
  ...[429, 500, 504].map((code) =>
    once({ fault: "status-after-effect", status: code }, `${code} after the effect`),
  ),
  once({ fault: "status-after-effect", status: 200, body: null }, "200 null after the effect"),
  once({ fault: "reset-after-effect" }, "reset after the effect"),
  once({ fault: "late-effect", delayMs: LATE_EFFECT_MS }, "reset, late effect"),
  answered({ kid: 7, cert: null }, "numeric kid"),
];

const STALE_JWKS = once({ fault: "stale-jwks" }, "stale JWKS");
const ON_EITHER_LIST_OF_KEYS = [rewritten("numeric-kids"), rewritten("keys-as-object")];

const ON: Readonly<Record<Request, readonly Misbehaviour[]>> = {
  token: [
    answered({ token_type: "Bearer", expires_in: 86_400 }, "no access_token"),
    answered({ access_token: 7, token_type: "Bearer" }, "numeric access_token"),
    answered({ access_token: "opaque", expires_in: "soon" }, "expires_in as text"),
  ],
  list: [
    ...ON_EITHER_LIST_OF_KEYS,
    rewritten("flags-as-text"),
    rewritten("second-current"),
    lasting(rewritten("second-current")),
    rewritten("no-next"),
    lasting(rewritten("no-next")),
    rewritten("revoked-cut-off"),
    lasting(rewritten("revoked-cut-off")),
  ],
  rotate: ON_WRITES,
  revoke: ON_WRITES,
  jwks: [...ON_EITHER_LIST_OF_KEYS, rewritten("foreign-keys"), STALE_JWKS, lasting(STALE_JWKS)],
  apis: [
    answered({ resource_servers: {} }, "object for array"),
    answered(
      { resource_servers: [{ identifier: "https://api", token_lifetime: "86400" }] },
      "lifetime as text",
    ),
  ],
  clients: [
    answered({ clients: {} }, "object for array"),
    answered({ clients: [{ client_id: 7 }] }, "numeric client_id"),
  ],
  canary: [],
};

/** Everything that can go wrong with a request. */
export function misbehavioursOf(request: Request): readonly Misbehaviour[] {
  return [...ON_ANY, ...ON[request]];
}

export function isWrite(request: Request): boolean {
  return request === "rotate" || request === "revoke";
}
