import * as v from "valibot";

type ExactObject<E extends v.ObjectEntries> = v.StrictObjectSchema<E, typeof explain>;

/** An object with these properties and no others: as v.strictObject, which names only the first unknown one. */
export function exactObject<E extends v.ObjectEntries>(entries: E): ExactObject<E> {
  const rest = v.never("is not a property here");
  // The rest is never anything, so what comes out has the declared properties alone.
  return v.objectWithRest(entries, rest, explain) as unknown as ExactObject<E>;
}

function explain(issue: v.BaseIssue<unknown>): string {
  return issue.expected === "Object" ? "must be a JSON object" : "is missing";
}
