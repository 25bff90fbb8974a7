import { SigningKeyError } from "../errors";

/**
 * Runs a call of the engine's. The host prints the stack of whatever `check`, `diff`, `read` and `delete` throw;
 * a refusal is for the reader of a pipeline's log, so it goes without one.
 */
export async function withoutTraces<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof SigningKeyError) error.stack = "";
    throw error;
  }
}
