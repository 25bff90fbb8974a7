import { Command, InvalidArgumentError, Option } from "commander";
import * as v from "valibot";
import { FILE_VARIABLE } from "../audit/trail";
import { systemClock } from "../clock";
import { parseDuration } from "../duration";
import { DEFAULT_VERIFY_TIMEOUT, POSITIVE_ALLOWED, positiveDuration, words } from "../lifecycle/inputs";
import { packageVersion } from "../packageVersion";
import { domainFault } from "../tenant/credentials";
import type { AuditedTenant, AuditRequest } from "./audit/audit";
import type { ReceiptRequest } from "./audit/receipt";
import { JOBS, type Job } from "./doctor/tokenFindings";
import type { EmergencyRequest } from "./emergency/request";
import { Output, PROGRAM, type Environment } from "./output";

/** The process as a command sees it. */
export interface Process {
  readonly environment: Environment;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

interface StatusOptions {
  tenant?: string;
  expectCurrentKid?: string;
  json?: boolean;
}

const CREDENTIALS = `
Credentials come from the environment: AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET (or
AUTH0_CLIENT_ASSERTION_PRIVATE_KEY, or AUTH0_API_TOKEN); AUTH0_AUDIENCE with a custom domain.`;

const EMERGENCY_HELP = `
It rotates the compromised keys out and revokes them, one after the other, with nothing but the tenant's credentials. What
it means to do and has done stands in the receipt; killed or failed half-way, the same command goes on from there, and
run once more after the end it does nothing. On another machine, name the compromised keys with --kid.
${CREDENTIALS}
AUTH0_DOMAIN may be left out.

Examples:
  $ auth0-signing-keys emergency --tenant acme.eu.auth0.com --compromised current --reason "leaked in INC-42" --dry-run
  $ auth0-signing-keys emergency --tenant acme.eu.auth0.com --compromised both --reason "backup was public"`;

const RECEIPT_HELP = `
Examples:
  $ pulumi stack export | auth0-signing-keys receipt --state - >> "$GITHUB_STEP_SUMMARY"
  $ auth0-signing-keys receipt --audit audit.jsonl --json`;

const AUDIT_HELP = `${CREDENTIALS}
With --tenant acme.eu.auth0.com=ACME those of a tenant are ACME_AUTH0_CLIENT_ID and so on. Scopes: read:signing_keys, and
read:logs for the tenant's own log. Exit code 1 if a change has no receipt, a receipt no change, or a tenant was not asked.

Example:
  $ auth0-signing-keys audit --since 365d --receipts receipts/ --tenant acme.eu.auth0.com=ACME --tenant acme.us.auth0.com=US`;

/**
 * The command line. A command resolves when it is done and throws what it fails with; wrong usage throws a
 * CommanderError. What a command needs is loaded when it is run.
 */
export function commandLine({ environment, stdin, stdout, stderr }: Process): Command {
  const outputOf = (json: boolean | undefined): Output =>
    new Output({ stdout, stderr }, json === true, environment);
  const program = new Command(PROGRAM)
    .description("Auth0's application signing keys: look at them, check the set-up, and act in an emergency.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride()
    .enablePositionalOptions()
    .addHelpText(
      "after",
      "\nExit codes: 0 done or fine, 1 refused, failed or a check failed, 2 wrong usage, 130 Ctrl-C.",
    );

  withTenant(program.command("status"), "print one line of JSON, certificates included")
    .description("show the key ring and how many rotations are left today; writes nothing")
    .option("--expect-current-kid <kid>", "fail if another key is the current one")
    .action(async ({ tenant, expectCurrentKid, json }: StatusOptions) => {
      const { status } = await import("./status.js");
      await status(tenant, expectCurrentKid, { environment, output: outputOf(json) });
    });

  withTenant(program.command("doctor"), "print one line of JSON")
    .description("check credentials, scopes, keys, JWKS and clock, each with a remedy; writes nothing")
    .addOption(
      new Option("--for <job>", "what the application is for, which decides which scopes it needs")
        .choices(JOBS)
        .default("rotation"),
    )
    .action(async ({ tenant, for: job, json }: { tenant?: string; for: Job; json?: boolean }) => {
      const { doctor } = await import("./doctor/doctor.js");
      await doctor(tenant, job, { environment, output: outputOf(json) });
    });

  withTenant(program.command("verify"), "print one line of JSON")
    .description("say which key has signed a token, and until when it is accepted; writes nothing")
    .argument("[token]", "an ID or access token; - for standard input, which no list of processes shows", "-")
    .action(async (token: string, { tenant, json }: { tenant?: string; json?: boolean }) => {
      const { verify } = await import("./verify.js");
      await verify(token, tenant, { environment, output: outputOf(json), stdin });
    });

  program
    .command("emergency")
    .description("rotate compromised keys out and revoke them at once, without a stack or its state")
    .requiredOption("--tenant <domain>", "the tenant's domain", tenantDomain)
    .addOption(
      new Option("--compromised <keys>", "the current key, or the next one as well (2 of 5 rotations a day)")
        .choices(["current", "both"])
        .makeOptionMandatory(),
    )
    .requiredOption("--reason <words>", "why, for the receipt", textOf(words, "1 to 500 characters"))
    .addOption(
      new Option(
        "--kid <kid>",
        "a compromised key by name; twice for both, in the order in which they are retired",
      )
        .argParser((kid: string, given: readonly string[]) => [...given, kid])
        .default([], "what is current and next now"),
    )
    .option("--receipt <file>", "where the receipt is (default: ./auth0-emergency-DOMAIN.json)")
    .option("--dry-run", "print the plan, write nothing")
    .option("--ignore-budget", "begin although too few of the day's rotations seem to be left")
    .option("--yes", "don't ask for confirmation on a terminal")
    .option(
      "--verify-timeout <duration>",
      "how long to wait for the JWKS to show a change",
      textOf(positiveDuration, POSITIVE_ALLOWED),
      DEFAULT_VERIFY_TIMEOUT,
    )
    .option("--json", "print the receipt, or with --dry-run the plan, as one line of JSON")
    .addHelpText("after", EMERGENCY_HELP)
    .action(async (options: EmergencyRequest & { json?: boolean }, command: Command) => {
      const { json, ...request } = options;
      const most = request.compromised === "both" ? 2 : 1;
      if (request.kid.length !== 0 && request.kid.length !== most)
        command.error(
          `error: --compromised ${request.compromised} takes ${most === 2 ? "two --kid, or none: the key that was current, then the one that was next" : "one --kid, or none"}`,
        );
      const { emergency } = await import("./emergency/emergency.js");
      const keyboard = stdin.isTTY ? { input: stdin, prompt: stderr } : undefined;
      await emergency(request, { environment, output: outputOf(json), keyboard });
    });

  program
    .command("receipt")
    .description(
      "sum up a stack and what a run attempted, as Markdown for a pull request or a job; asks nobody",
    )
    .option("--state <file>", "what pulumi stack export printed; - for standard input")
    .option("--audit <file>", `the receipts of the run (default: ${FILE_VARIABLE})`)
    .option("--json", "print one line of JSON")
    .addHelpText("after", RECEIPT_HELP)
    .action(async ({ json, ...request }: ReceiptRequest & { json?: boolean }) => {
      const { receipt } = await import("./audit/receipt.js");
      await receipt(request, { environment, output: outputOf(json), clock: systemClock, stdin });
    });

  program
    .command("audit")
    .description("hold receipts, key rings and the tenants' logs against each other; writes nothing")
    .addOption(
      new Option("--since <time>", "a duration before now, or a date")
        .argParser(pointInTime)
        .default(pointInTime("365d"), "365d"),
    )
    .addOption(
      new Option(
        "--receipts <place>",
        "a file of receipts, or a folder of .jsonl files; more than once for more",
      )
        .argParser((place: string, given: readonly string[]) => [...given, place])
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--tenant <domain[=PREFIX]>",
        "a tenant; more than once for more (default: that of AUTH0_DOMAIN)",
      )
        .argParser((text: string, given: readonly AuditedTenant[]) => [...given, auditedTenant(text)])
        .default([], "AUTH0_DOMAIN"),
    )
    .option("--json", "print one line of JSON")
    .addHelpText("after", AUDIT_HELP)
    .action(
      async ({
        json,
        tenant,
        ...request
      }: Omit<AuditRequest, "tenants"> & { json?: boolean; tenant: AuditedTenant[] }) => {
        const { audit } = await import("./audit/audit.js");
        await audit({ ...request, tenants: tenant }, { environment, output: outputOf(json) });
      },
    );

  program
    .command("emulator")
    .description("run the package auth0-signing-keys-emulator, a local tenant; all flags are its own")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .argument("[flags...]")
    .action(async (flags: string[]) => {
      const { emulator } = await import("./emulator.js");
      await emulator(flags);
    });
  return program;
}

function withTenant(command: Command, jsonHelp: string): Command {
  return command
    .option("--tenant <domain>", "the tenant's domain (default: AUTH0_DOMAIN)", tenantDomain)
    .option("--json", jsonHelp)
    .addHelpText("after", CREDENTIALS);
}

function tenantDomain(text: string): string {
  const fault = domainFault(text);
  if (fault !== undefined)
    throw new InvalidArgumentError(`${fault[0]?.toUpperCase() ?? ""}${fault.slice(1)}.`);
  return text.toLowerCase();
}

function auditedTenant(text: string): AuditedTenant {
  const [, domain = "", prefix = ""] = /^([^=]*)(?:=(.*))?$/.exec(text) ?? [];
  if (!/^(|[A-Z][A-Z0-9_]*)$/i.test(prefix))
    throw new InvalidArgumentError("Allowed after =: letters, digits and _.");
  return { domain: tenantDomain(domain), prefix };
}

function pointInTime(text: string): Date {
  const before = parseDuration(text);
  const at = before === undefined ? Date.parse(text) : systemClock.now().getTime() - before;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Allowed: a duration such as "365d", or a date such as 2026-01-31.');
  return new Date(at);
}

function textOf(schema: v.GenericSchema<string, string>, allowed: string): (text: string) => string {
  return (text) => {
    const parsed = v.safeParse(schema, text);
    if (parsed.success) return parsed.output;
    throw new InvalidArgumentError(`Allowed: ${allowed}.`);
  };
}
