import { createInterface } from "node:readline";

/**
 * Asks on a terminal for the domain, which no finger types by accident.
 * @returns whether it was typed; the end of input is a no
 */
export function confirm(
  domain: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  // Not a `terminal` of Node's own: so Ctrl-C ends the command as it does anywhere.
  const lines = createInterface({ input, terminal: false });
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      resolve(line.trim() === domain);
      lines.close();
    });
    lines.once("close", () => {
      resolve(false);
    });
    output.write(`Auth0 can't undo a revocation. Type ${domain} to go on: `);
  });
}
