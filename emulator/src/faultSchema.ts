import * as v from "valibot";
import { parseBody } from "./controlError.js";
import { exactObject } from "./exactObject.js";

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
  body: v.optional(v.unknown()),
};

const delayMs = wholeNumber(0, longestDelayMs);

const faultNames = [
  "status",
  "status-after-effect",
  "reset",
  "reset-after-effect",
  "late-effect",
  "delay",
  "html",
  "truncate",
  "stale-jwks",
];

const faultMessage = `must be one of ${faultNames.join(", ")}`;

const faultSchema = v.variant(
  "fault",
  [
    exactObject({ ...common, ...answer, fault: v.picklist(["status", "status-after-effect"]) }),
    exactObject({
      ...common,
      fault: v.picklist(["reset", "reset-after-effect", "html", "truncate", "stale-jwks"]),
    }),
    exactObject({ ...common, delayMs, fault: v.picklist(["late-effect", "delay"]) }),
  ],
  faultMessage,
);

/** For a body whose fault is none of these: lists that along with whatever else is wrong. */
const unknownFaultSchema = exactObject({
  ...common,
  status: v.optional(answer.status),
  resetSeconds: answer.resetSeconds,
  body: answer.body,
  delayMs: v.optional(delayMs),
  fault: v.picklist(faultNames, faultMessage),
});

export function parseFault(body: unknown): Fault {
  const named = v.is(v.looseObject({ fault: v.picklist(faultNames) }), body);
  if (!named) parseBody(unknownFaultSchema, body);
  return parseBody(faultSchema, body);
}

export type Fault = v.InferOutput<typeof faultSchema>;

/** A fault that is an answer. */
export type AnsweredFault = Extract<Fault, { status: number }>;
