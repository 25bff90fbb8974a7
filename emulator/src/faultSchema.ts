import * as v from "valibot";
import { parseBody } from "./controlError.js";
import { exactObject } from "./exactObject.js";
import { rewritingNames } from "./rewritings.js";

const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.number("must be a number"),
    v.integer("must be a whole number"),
    v.minValue(min, `must be ${min} at least`),
    v.maxValue(max, `must be ${max} at most`),
  );

const longestDelayMs = 600_000;

const common = {
  match: v.optional(
    exactObject({
      method: v.optional(v.pipe(v.string("must be a string"), v.toUpperCase())),
      path: v.optional(
        v.pipe(
          v.string("must be a string"),
          v.regex(/^[/*]/, "must begin with / or *: a path, with * for any characters"),
        ),
      ),
    }),
    {},
  ),
  times: v.optional(wholeNumber(1, 1_000_000), 1),
  tenant: v.optional(v.string("must be a domain or a name")),
};

const answer = {
  status: wholeNumber(200, 599),
  resetSeconds: v.optional(wholeNumber(0, 10_000_000)),
  headers: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[\w-]+$/, "must be the name of a header")),
      v.pipe(v.string("must be a string"), v.regex(/^[\t\x20-\x7e]*$/, "must be printable ASCII")),
      "must be an object of headers",
    ),
  ),
  body: v.optional(v.unknown()),
};

const delayMs = wholeNumber(0, longestDelayMs);
const rewriting = v.picklist(rewritingNames, `must be one of ${rewritingNames.join(", ")}`);

const faultNames = [
  "status",
  "status-after-effect",
  "reset",
  "reset-after-effect",
  "late-effect",
  "delay",
  "slow-body",
  "html",
  "truncate",
  "stale-jwks",
  "rewrite",
];

const faultMessage = `must be one of ${faultNames.join(", ")}`;

const answeredFault = exactObject({
  ...common,
  ...answer,
  fault: v.picklist(["status", "status-after-effect"]),
});

const faultSchema = v.variant(
  "fault",
  [
    answeredFault,
    exactObject({
      ...common,
      fault: v.picklist(["reset", "reset-after-effect", "truncate", "stale-jwks"]),
    }),
    exactObject({ ...common, status: v.optional(answer.status, 200), fault: v.literal("html") }),
    exactObject({ ...common, delayMs, fault: v.picklist(["late-effect", "delay", "slow-body"]) }),
    exactObject({ ...common, rewriting, fault: v.literal("rewrite") }),
  ],
  faultMessage,
);

/** For a body whose fault is none of these: lists that along with whatever else is wrong. */
const unknownFaultSchema = exactObject({
  ...common,
  status: v.optional(answer.status),
  resetSeconds: answer.resetSeconds,
  headers: answer.headers,
  body: answer.body,
  delayMs: v.optional(delayMs),
  rewriting: v.optional(rewriting),
  fault: v.picklist(faultNames, faultMessage),
});

export function parseFault(body: unknown): Fault {
  const named = v.is(v.looseObject({ fault: v.picklist(faultNames) }), body);
  if (!named) parseBody(unknownFaultSchema, body);
  return parseBody(faultSchema, body);
}

export type Fault = v.InferOutput<typeof faultSchema>;

/** A fault that is an answer. */
export type AnsweredFault = v.InferOutput<typeof answeredFault>;
