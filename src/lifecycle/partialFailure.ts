/** Tells the engine that something has happened although the call failed, so that it is recorded. */
export class PartialFailure extends Error {
  readonly reasons: string[];

  constructor(
    cause: Error,
    readonly id: string,
    readonly properties: Record<string, unknown>,
  ) {
    super(cause.message, { cause });
    this.reasons = [cause.message];
  }
}
