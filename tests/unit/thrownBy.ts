import { SigningKeyError } from "../../src/errors";

/** The refusal that a call ends in; a test that gets none, or another error, fails. */
export function thrownBy(call: () => unknown): SigningKeyError {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    if (error instanceof SigningKeyError) return error;
    throw error;
  }
  throw new Error(`no refusal, but ${JSON.stringify(result)}`);
}

/** The same for a call that answers later. */
export async function rejectedBy(call: () => Promise<unknown>): Promise<SigningKeyError> {
  const outcome = await call().then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  return thrownBy(outcome);
}
