/** `npm run emulator`: whatever set-up is missing, then the emulator in this very process, so that its end reaches it. */
import { setup, SetupFailed } from "./setup.mjs";

// npm starts this in a shell that does not pass signals on: the end of that shell is the signal.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
}, 500).unref();

try {
  // Standard output belongs to the start line.
  await setup({ log: (line) => console.error(line), engine: false });
} catch (error) {
  if (!(error instanceof SetupFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}
const main = new URL("../emulator/dist/main.js", import.meta.url);
await import(main.href);
