import * as v from "valibot";
import { ApiError } from "./apiError.js";

/** The body of a Management API request, or a refusal that names every problem, in Auth0's words. */
export function parsePayload<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, body ?? {});
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const property = v.getDotPath(issue);
    return property === null ? issue.message : `'${issue.message}' on property ${property}`;
  });
  throw invalidBody(problems.join("; "));
}

export function invalidBody(problem: string): ApiError {
  return new ApiError(400, `Payload validation error: ${problem}.`, "invalid_body");
}

/**
 * An object with these properties. What the emulator doesn't keep is refused instead of being dropped without a word;
 * null is not: it takes away what isn't there.
 */
export function payload<E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, typeof explain> {
  const rest = v.null("Not supported by this emulator");
  // What a caller reads of it are the declared properties alone.
  return v.objectWithRest(entries, rest, explain) as unknown as v.ObjectSchema<E, typeof explain>;
}

function explain(issue: v.BaseIssue<unknown>): string {
  return issue.expected === "Object" ? "Expected type object" : "Missing required property";
}
