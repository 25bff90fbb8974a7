import * as v from "valibot";

/** Of what ISO 8601 allows as a time, what can be reckoned with: "+00" for an offset can't. */
export const isoDate = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);
