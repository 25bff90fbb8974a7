import { EngineNotFound, findEngine } from "../engine/find.mjs";
import { setup, SetupFailed } from "../setup.mjs";

/**
 * Does whatever set-up is missing; ends the process with a message if that can't be done.
 * @param {{log: (line: string) => void, json: boolean}} options
 * @returns {Promise<string>} the folder of the engine's binaries
 */
export async function prepare({ log, json }) {
  try {
    await setup({ log });
    return (await findEngine({ log })).dir;
  } catch (error) {
    if (!(error instanceof SetupFailed || error instanceof EngineNotFound)) throw error;
    log(error.message);
    if (json) console.log(JSON.stringify({ ok: false, error: error.message }));
    return process.exit(1);
  }
}
