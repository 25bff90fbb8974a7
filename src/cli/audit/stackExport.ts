import { readFile } from "node:fs/promises";
import { text as wholeOf } from "node:stream/consumers";
import * as v from "valibot";
import { SigningKeyError } from "../../errors";
import { isoDate } from "../../isoDate";
import { kindOf } from "../../kinds";

const text = v.string();
const key = v.looseObject({ kid: text, since: v.optional(isoDate) });
const dated = v.looseObject({
  kid: text,
  retiredAt: isoDate,
  revokeDueAt: v.optional(isoDate),
  revokedAt: v.optional(isoDate),
});
const pendingStep = v.looseObject({ step: text, kid: text, since: isoDate });

const rotationSchema = v.looseObject({
  domain: text,
  generation: v.number(),
  revokePrevious: v.boolean(),
  currentKey: key,
  nextKey: v.optional(key),
  retired: v.array(dated),
  foreign: v.array(text),
  pending: v.array(pendingStep),
  reason: v.optional(text),
  observedAt: isoDate,
});
const revocationSchema = v.looseObject({
  domain: text,
  keys: v.array(dated),
  pending: v.array(pendingStep),
  hold: v.boolean(),
});

const exportSchema = v.looseObject({
  deployment: v.nullable(
    v.looseObject({
      resources: v.optional(
        v.array(v.looseObject({ type: text, outputs: v.optional(v.record(text, v.unknown())) })),
        [],
      ),
    }),
  ),
});

/** What a stack knows of one tenant's keys. */
export interface RecordedTenant {
  domain: string;
  /** Absent of a stack that only revokes. */
  rotation?: v.InferOutput<typeof rotationSchema>;
  /** The valid keys that it is to revoke, each from then on. */
  due: { kid: string; revokeDueAt?: string }[];
  pending: v.InferOutput<typeof pendingStep>[];
}

/**
 * What `pulumi stack export` printed, from a file or, for `-`, standard input.
 * @throws SigningKeyError `receipt_unusable`
 */
export async function readStackExport(file: string, stdin: NodeJS.ReadableStream): Promise<RecordedTenant[]> {
  const unusable = (observation: string): SigningKeyError =>
    new SigningKeyError("receipt_unusable", {
      attempt:
        file === "-" ? "reading a stack's state from standard input" : `reading a stack's state in ${file}`,
      observation,
      remedy: "give what pulumi stack export prints",
    });
  let read: string;
  try {
    read = await (file === "-" ? wholeOf(stdin) : readFile(file, "utf8"));
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : String(error));
  }
  const parsed = v.safeParse(v.pipe(text, v.parseJson(), exportSchema), read);
  if (!parsed.success) throw unusable("it is no state of a stack");
  const resources = parsed.output.deployment?.resources ?? [];
  // One that was never finished has put out nothing.
  const finished = resources.filter(({ outputs = {} }) => outputs["domain"] !== undefined);
  const readAs = <S extends v.GenericSchema>(schema: S, outputs: unknown): v.InferOutput<S> => {
    const { success, output, issues } = v.safeParse(schema, outputs);
    if (success) return output;
    throw unusable(`its signing keys can't be read: ${v.getDotPath(issues[0]) ?? "all"}`);
  };
  return finished.flatMap(({ type, outputs }) => {
    const kind = kindOf(type);
    if (kind === "rotation") return [ofRotation(readAs(rotationSchema, outputs))];
    return kind === "revocation" ? [ofRevocation(readAs(revocationSchema, outputs))] : [];
  });
}

function ofRotation(rotation: v.InferOutput<typeof rotationSchema>): RecordedTenant {
  const { domain, retired, pending, revokePrevious } = rotation;
  return { domain, rotation, due: revokePrevious ? stillValid(retired) : [], pending };
}

function ofRevocation({
  domain,
  keys,
  pending,
  hold,
}: v.InferOutput<typeof revocationSchema>): RecordedTenant {
  return { domain, due: hold ? [] : stillValid(keys), pending };
}

function stillValid(keys: readonly v.InferOutput<typeof dated>[]): RecordedTenant["due"] {
  return keys
    .filter(({ revokedAt }) => revokedAt === undefined)
    .map(({ kid, revokeDueAt }) => ({ kid, ...(revokeDueAt !== undefined && { revokeDueAt }) }));
}
