import { readFile, rename, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { defaultLifetimes, exampleApi } from "./api.js";
import { applicationSchema, grantSchema } from "./storedApplication.js";
import { logEventSchema } from "./tenantLog.js";

const time = v.pipe(v.string(), v.isoTimestamp());

const stateSchema = v.variant("status", [
  v.strictObject({ status: v.literal("next") }),
  v.strictObject({ status: v.literal("current"), since: time }),
  v.strictObject({ status: v.literal("previous"), since: time, until: time }),
  v.strictObject({ status: v.literal("revoked"), since: time, until: time, revokedAt: time }),
]);

const seconds = v.pipe(v.number(), v.integer(), v.minValue(1));

const lifetimesSchema = v.strictObject({ accessTokenSeconds: seconds, accessTokenForWebSeconds: seconds });

const apiSchema = v.strictObject({
  id: v.string(),
  name: v.string(),
  identifier: v.string(),
  ...lifetimesSchema.entries,
});

/** Lifetimes, APIs and grants have defaults for the files of versions that could not set them. */
const tenantSchema = v.strictObject({
  name: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  clockOffsetMs: v.pipe(v.number(), v.minValue(0)),
  keys: v.array(
    v.strictObject({ kid: v.string(), certificate: v.string(), privateKey: v.string(), state: stateSchema }),
  ),
  publishedBefore: v.array(v.string()),
  rotations: v.array(time),
  applications: v.array(applicationSchema),
  grants: v.optional(v.array(grantSchema), []),
  managementLifetimes: v.optional(lifetimesSchema, defaultLifetimes),
  apis: v.optional(v.array(apiSchema), [exampleApi]),
  log: v.array(logEventSchema),
});

const fileSchema = v.strictObject({
  version: v.literal(1),
  certificateAuthority: v.strictObject({ certificate: v.string(), privateKey: v.string() }),
  tenants: v.array(tenantSchema),
});

export type StoredTenant = v.InferOutput<typeof tenantSchema>;
export type StoredEmulator = v.InferOutput<typeof fileSchema>;

/** What an earlier run left in the file; `undefined` if there is no file yet. */
export async function load(file: string): Promise<StoredEmulator | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`reading the data file ${file}: ${String(error)}; name a file that can be read`, {
      cause: error,
    });
  }
  try {
    return v.parse(fileSchema, JSON.parse(text));
  } catch (error) {
    throw new Error(
      `reading the data file ${file}: it is not one that this version of the emulator wrote; ` +
        "name another file, or remove this one to begin anew",
      { cause: error },
    );
  }
}

/** Writes the emulator's memory after each change; the journal and waiting faults are of one run only. */
export class Store {
  readonly #file: string | undefined;
  readonly #snapshot: () => Promise<StoredEmulator>;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string | undefined, snapshot: () => Promise<StoredEmulator>) {
    this.#file = file;
    this.#snapshot = snapshot;
  }

  /** One write at a time, each of the whole and by renaming, so that a kill never leaves half a file. */
  async save(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    const write = this.#last.then(async () => {
      const content = JSON.stringify(await this.#snapshot());
      const draft = `${file}.${process.pid}.tmp`;
      try {
        // It holds private keys and secrets.
        await writeFile(draft, content, { mode: 0o600 });
        await rename(draft, file);
      } catch (error) {
        throw new Error(`writing the data file ${file}: ${String(error)}; name a file that can be written`, {
          cause: error,
        });
      }
    });
    // A failed write is its caller's to report and must not stop the next.
    this.#last = write.catch(() => undefined);
    await write;
  }
}
