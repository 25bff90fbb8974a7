import * as v from "valibot";

const text = v.optional(v.string());

/** What /oauth/token understands of a body, JSON or form; anything else in it is ignored, as RFC 6749 asks. */
export const tokenParametersSchema = v.object({
  grant_type: text,
  client_id: text,
  client_secret: text,
  client_assertion: text,
  client_assertion_type: text,
  audience: text,
  scope: text,
});

export type TokenParameters = v.InferOutput<typeof tokenParametersSchema>;
