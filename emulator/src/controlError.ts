import * as v from "valibot";
import type { Tenant } from "./tenant.js";

/** A refusal by the control API: every problem, each beginning with the property it is about. */
export class ControlError extends Error {
  readonly statusCode: number;
  readonly problems: readonly string[];

  constructor(statusCode: number, problems: readonly string[]) {
    super(problems.join("; "));
    this.statusCode = statusCode;
    this.problems = problems;
  }

  /** Fastify's own refusals (no JSON, too large) carry a status; anything else is a fault of ours. */
  static from(error: unknown): ControlError {
    if (error instanceof ControlError) return error;
    const { statusCode, message } = v.parse(fastifyError, error);
    return new ControlError(statusCode, [message]);
  }

  body(): { error: string; problems: readonly string[] } {
    return { error: this.message, problems: this.problems };
  }
}

const fastifyError = v.object({ statusCode: v.optional(v.number(), 500), message: v.string() });

export function parseBody<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, body ?? {});
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const property = v.getDotPath(issue);
    return property === null ? issue.message : `${property}: ${issue.message}`;
  });
  throw new ControlError(400, problems);
}

/** By domain or by name. */
export function findTenant(tenants: readonly Tenant[], wanted: string, statusCode: 400 | 404): Tenant {
  const tenant = tenants.find(({ domain, name }) => domain === wanted || name === wanted);
  if (tenant !== undefined) return tenant;
  const known = tenants.map(({ domain, name }) => `${name} (${domain})`).join(", ");
  throw new ControlError(statusCode, [`tenant: ${wanted} is not one of ${known}`]);
}
