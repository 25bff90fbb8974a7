import * as v from "valibot";
import { ApiError } from "./apiError.js";

const wholeNumber = v.pipe(v.string(), v.regex(/^\d+$/, "must be a whole number"), v.transform(Number));

const querySchema = v.object({
  page: v.optional(wholeNumber, "0"),
  per_page: v.optional(v.pipe(wholeNumber, v.maxValue(100, "must be 100 at most")), "50"),
  include_totals: v.optional(v.picklist(["true", "false"], "must be true or false"), "false"),
});

/** Auth0's pages: a bare array, or with `include_totals=true` an object that holds it under its name. */
export function paginate(name: string, items: readonly object[], query: unknown): object {
  const parsed = v.safeParse(querySchema, query);
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => `'${v.getDotPath(issue) ?? ""}' ${issue.message}`);
    throw new ApiError(400, `Query validation error: ${problems.join("; ")}`, "invalid_query_string");
  }
  const { page, per_page: limit, include_totals: includeTotals } = parsed.output;
  const start = page * limit;
  const shown = items.slice(start, start + limit);
  return includeTotals === "true"
    ? { start, limit, length: shown.length, total: items.length, [name]: shown }
    : shown;
}
