#!/usr/bin/env node
import { parseCommandLine } from "./cli.js";
import { startEmulator } from "./emulator.js";
import { humanStartText } from "./startLine.js";

const options = parseCommandLine(process.argv);
try {
  const emulator = await startEmulator(options);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      // Exiting does not wait for answers that a fault is still holding back.
      void emulator.stop().finally(() => process.exit(0));
    });
  }
  process.stdout.write(options.json ? `${JSON.stringify(emulator.line)}\n` : humanStartText(emulator.line));
} catch (error) {
  console.error(`auth0-signing-keys-emulator: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
