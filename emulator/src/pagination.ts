import * as v from "valibot";
import { ApiError } from "./apiError.js";

/** What Auth0 pages through: the name of the items in an answer, and what tells one of them from the others. */
export interface Listing<Item extends object> {
  readonly name: string;
  readonly items: readonly Item[];
  readonly idOf: (item: Item) => string;
}

const wholeNumber = v.pipe(v.string(), v.regex(/^\d+$/, "must be a whole number"), v.transform(Number));

const offsetEntries = {
  page: v.optional(wholeNumber, "0"),
  per_page: v.optional(v.pipe(wholeNumber, v.maxValue(100, "must be 100 at most")), "50"),
  include_totals: v.optional(v.picklist(["true", "false"], "must be true or false"), "false"),
};

const checkpointEntries = {
  take: v.optional(
    v.pipe(wholeNumber, v.minValue(1, "must be 1 at least"), v.maxValue(100, "must be 100 at most")),
    "50",
  ),
  from: v.optional(v.string("must be given once")),
};

const offsetSchema = v.object(offsetEntries);
const checkpointSchema = v.object(checkpointEntries);

/** How far `page` and `per_page` reach; what lies beyond takes checkpoints. */
const offsetReach = 1_000;

/** Auth0's pages: a bare array, or with `include_totals=true` an object that holds it under its name. */
export function offsetPage<Item extends object>(
  listing: Omit<Listing<Item>, "idOf">,
  query: unknown,
): object {
  const { page, per_page: limit, include_totals: includeTotals } = parseQuery(offsetSchema, query);
  const start = page * limit;
  if (start + limit > offsetReach) {
    throw new ApiError(
      400,
      `Requesting page ${page} exceeds the allowed maximum of ${offsetReach} records. ` +
        `To fetch results beyond ${offsetReach}, use the checkpoint pagination method.`,
      "invalid_paging",
    );
  }
  const { name, items } = listing;
  const shown = items.slice(start, start + limit);
  return includeTotals === "true"
    ? { start, limit, length: shown.length, total: items.length, [name]: shown }
    : shown;
}

/** Auth0's checkpoints: `next`, unless this is the last page, is the `from` of the next request. */
export function checkpointPage<Item extends object>(
  { name, items, idOf }: Listing<Item>,
  query: unknown,
): object {
  const { take, from } = parseQuery(checkpointSchema, query);
  const start = from === undefined ? 0 : items.findIndex((item) => cursorAfter(idOf(item)) === from) + 1;
  if (from !== undefined && start === 0) {
    throw new ApiError(400, "'from' is no checkpoint of this list", "invalid_paging");
  }
  const shown = items.slice(start, start + take);
  const last = shown.at(-1);
  const complete = start + shown.length >= items.length;
  return { ...(last === undefined || complete ? {} : { next: cursorAfter(idOf(last)) }), [name]: shown };
}

/** Where Auth0 has both: `take` asks for checkpoints, `from` alone does unless there is an offset beside it. */
export function anyPage<Item extends object>(listing: Listing<Item>, query: unknown): object {
  const given = v.parse(v.record(v.string(), v.unknown()), query);
  const byCheckpoint = "take" in given || ("from" in given && !("page" in given || "per_page" in given));
  return byCheckpoint ? checkpointPage(listing, query) : offsetPage(listing, query);
}

/** A filter that isn't emulated is refused: an answer that ignores it would look as if it had been met. */
export function refuseOtherParameters(query: object, known: readonly string[]): void {
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const problems = unknown.map((name) => `'${name}' is not supported by this emulator`);
  throw new ApiError(400, `Query validation error: ${problems.join("; ")}`, "invalid_query_string");
}

function cursorAfter(id: string): string {
  return Buffer.from(`after ${id}`).toString("base64url");
}

function parseQuery<S extends v.GenericSchema>(schema: S, query: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, query);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `'${v.getDotPath(issue) ?? ""}' ${issue.message}`);
  throw new ApiError(400, `Query validation error: ${problems.join("; ")}`, "invalid_query_string");
}
