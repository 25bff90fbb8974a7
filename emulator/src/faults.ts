import type { Fault } from "./faultSchema.js";
import { jwksPath } from "./publicRoutes.js";
import { rewrites } from "./rewritings.js";
import type { Tenant } from "./tenant.js";

/** The faults that requests are still to meet, first come first served. */
export class Faults {
  #waiting: Fault[] = [];

  get waiting(): readonly Fault[] {
    return this.#waiting;
  }

  add(fault: Fault): void {
    this.#waiting.push(fault);
  }

  /** Those that only this tenant's requests can meet. */
  waitingFor({ domain, name }: Pick<Tenant, "domain" | "name">): readonly Fault[] {
    return this.#waiting.filter(({ tenant }) => tenant === domain || tenant === name);
  }

  /** @param tenant only those that only its requests can meet; all of them if left out */
  clear(tenant?: Pick<Tenant, "domain" | "name">): void {
    const cleared = tenant === undefined ? this.#waiting : this.waitingFor(tenant);
    this.#waiting = this.#waiting.filter((fault) => !cleared.includes(fault));
  }

  /** The fault that this request meets, which then has one time less to go. */
  take(request: {
    readonly tenants: readonly string[];
    readonly method: string;
    readonly path: string;
  }): Fault | null {
    const fault = this.#waiting.find((candidate) => fits(candidate, request));
    if (fault === undefined) return null;
    const left = { ...fault, times: fault.times - 1 };
    this.#waiting = this.#waiting.flatMap((other) => (other !== fault ? other : left.times > 0 ? left : []));
    return fault;
  }
}

function fits(
  fault: Fault,
  request: { readonly tenants: readonly string[]; readonly method: string; readonly path: string },
): boolean {
  const { match, tenant } = fault;
  if (fault.fault === "stale-jwks" && request.path !== jwksPath) return false;
  if (fault.fault === "rewrite" && !rewrites(fault.rewriting, request)) return false;
  return (
    (tenant === undefined || request.tenants.includes(tenant)) &&
    (match.method === undefined || match.method === request.method) &&
    (match.path === undefined || wildcard(match.path).test(request.path))
  );
}

function wildcard(pattern: string): RegExp {
  const literal = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`);
}
