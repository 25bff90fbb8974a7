import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import * as v from "valibot";
import type { EmulatorOptions } from "./emulator.js";
import { rewritingNames } from "./rewritings.js";

export interface CliOptions extends EmulatorOptions {
  readonly json: boolean;
}

const optionsSchema = v.object({
  port: v.optional(v.number()),
  tenants: v.number(),
  data: v.optional(v.string()),
  json: v.boolean(),
  rotationsPerDay: v.number(),
  requestsPerSecond: v.number(),
  revokedListed: v.optional(v.number()),
  keyPairs: v.number(),
});

const faults = `
Faults: POST {"fault":NAME, "match", "times", "tenant"} to CONTROL_URL/faults; NAME and what else it takes:
  status, status-after-effect    "status", "body", "headers", "resetSeconds"
  html                           "status"
  delay, late-effect, slow-body  "delayMs"
  rewrite                        "rewriting": ${rewritingNames.join(", ")}
  reset, reset-after-effect, truncate, stale-jwks
`;

const examples = `
Examples:
  $ auth0-signing-keys-emulator
  $ auth0-signing-keys-emulator --json --tenants 3
  $ auth0-signing-keys-emulator --port 8443 --data tenant.json

The start line of --json: {"domain","audience","clientId","clientSecret","caFile","controlUrl"}.
Clients must trust the CA: NODE_EXTRA_CA_CERTS=<caFile> (Node.js), SSL_CERT_FILE=<caFile> (Go, curl).
It listens on 127.0.0.1 only. SIGTERM and SIGINT stop it with exit code 0.`;

/** Exits by itself on --help, --version and on wrong usage. */
export function parseCommandLine(argv: readonly string[]): CliOptions {
  const command = new Command("auth0-signing-keys-emulator")
    .description("A local Auth0 tenant, signing keys only: HTTPS, real keys, real tokens, faults on demand.")
    .version(packageVersion(), "-V, --version", "print the version")
    .option(
      "-p, --port <number>",
      "port of the first tenant, the next ones follow (default: the system's choice)",
      wholeNumber(1, 65_535),
    )
    .option("-t, --tenants <count>", "how many tenants, each on a port of its own", wholeNumber(1, 100), 1)
    .option(
      "-d, --data <file>",
      "keep everything in this file between runs, the CA included (private keys: mode 0600)",
    )
    .option("-j, --json", "print one line of JSON when ready", false)
    .option(
      "--rotations-per-day <count>",
      "rotations that the API allows in any 24 hours; 0: no limit",
      wholeNumber(0, 1_000_000),
      5,
    )
    .option(
      "--requests-per-second <count>",
      "Management API requests a second; 0: no limit",
      wholeNumber(0, 1_000_000),
      0,
    )
    .option(
      "--revoked-listed <count>",
      "revoked keys that the list shows, the last revoked first (default: all)",
      wholeNumber(0, 1_000_000),
    )
    .option(
      "--key-pairs <count>",
      "RSA key pairs to make at all, used over and over for keys with kids of their own, which is fast; 0: a new one for each key",
      wholeNumber(0, 1_000),
      0,
    )
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", faults + examples)
    .allowExcessArguments(false)
    .parse(argv);
  const options = v.parse(optionsSchema, command.opts());
  return { ...options, port: options.port, data: options.data };
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return v.parse(v.object({ version: v.string() }), JSON.parse(text)).version;
}
