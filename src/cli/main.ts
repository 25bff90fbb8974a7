#!/usr/bin/env node
import { CommanderError } from "commander";
import { commandLine } from "./commandLine";
import { Ended, EXIT, Output } from "./output";

const { env: environment, stdin, stdout, stderr } = process;

// Whoever reads may stop reading (`| head`): that ends no emergency half-way.
for (const stream of [stdout, stderr]) stream.on("error", () => undefined);

commandLine({ environment, stdin, stdout, stderr })
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = exitCodeFor(error);
  });

function exitCodeFor(error: unknown): number {
  // It has said itself what is wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Ended) return error.exitCode;
  new Output({ stdout, stderr }, false, environment).fail(error);
  return EXIT.failed;
}
