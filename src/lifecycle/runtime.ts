import { AuditTrail } from "../audit/trail";
import { systemClock, type Clock } from "../clock";
import { parseDuration } from "../duration";
import { SigningKeyError } from "../errors";
import type { CredentialSources, Credentials, TenantFields } from "../tenant/credentials";
import { Tenant } from "../tenant/tenant";
import { assertTlsVerified } from "../tenant/tlsVerification";
import { waitUntil } from "../tenant/wait";
import { credentialsFor } from "./inputs";
import { SecretInputs } from "./secretInputs";

/** How long one request to Auth0 may take. */
const DEFAULT_REQUEST_TIMEOUT = "10s";
export const REQUEST_TIMEOUT_VARIABLE = "AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT";
/** Read by Auth0's own provider as well, as a boolean of Go's. */
const DEBUG_VARIABLE = "AUTH0_DEBUG";

/** A warning asks somebody to look, progress is of interest while it lasts, and a write to Auth0 is about to be sent. */
export type MessageKind = "info" | "warning" | "progress" | "write";

/** What the engine's host gives to `configure`. */
export interface ConfigurationReader {
  /** Under which name a stack configures it; default `auth0`. */
  readonly namespace?: string;
  get(key: string): string | undefined;
}

/**
 * What the resources of one engine run share: stack configuration, tenants with their tokens, and which raises
 * this process recorded itself.
 */
export class Runtime {
  readonly clock: Clock;
  /** Raises recorded by this process: for these, nobody else's rotation can be in flight. */
  readonly recordedHere = new Set<string>();
  /** Kids retired in this engine run, by whatever domain the tenant was named: none is revoked in it for being due. */
  readonly retiredHere = new Set<string>();
  readonly secretInputs = new SecretInputs();
  private readonly claimedRaises = new Set<string>();
  /** The engine starts a process of the plugin for each provider of a run; the dynamic host is one for all resources. */
  private readonly startedAt: Date;
  private readonly environment: () => Readonly<Record<string, string | undefined>>;
  private readonly write: (line: string, kind: MessageKind) => Promise<void>;
  private readonly commandLine: () => readonly string[];
  private readonly tenants = new Map<string, Tenant>();
  private configuration: ConfigurationReader | undefined;

  constructor(
    clock: Clock = systemClock,
    environment: () => Readonly<Record<string, string | undefined>> = () => process.env,
    write: (line: string, kind: MessageKind) => Promise<void> = writeLine,
    commandLine: () => readonly string[] = () => process.argv,
  ) {
    this.clock = clock;
    this.startedAt = clock.now();
    this.environment = environment;
    this.write = write;
    this.commandLine = commandLine;
  }

  /** Keeps the configuration, and no more. */
  configure(configuration: ConfigurationReader): void {
    this.configuration = configuration;
  }

  get sources(): Omit<CredentialSources, "tenant"> {
    return {
      config: (key) => this.configuration?.get(key),
      namespace: this.configuration?.namespace,
      environment: this.environment(),
    };
  }

  /** Milliseconds that one request may take. */
  get requestTimeout(): number {
    const given = this.environment()[REQUEST_TIMEOUT_VARIABLE];
    const timeout = parseDuration(given ?? DEFAULT_REQUEST_TIMEOUT);
    if (timeout !== undefined && timeout > 0) return timeout;
    throw new SigningKeyError("invalid_input", {
      attempt: `reading ${REQUEST_TIMEOUT_VARIABLE}`,
      observation: `${JSON.stringify(given)} is not a duration`,
      remedy: 'set it to one such as "10s"',
    });
  }

  /** Milliseconds for which a ring must stand unchanged before nobody's rotation can be in flight any more. */
  get settleTime(): number {
    return this.requestTimeout * 1.5;
  }

  /** Whether each request to Auth0 is shown. The engine adds `-v=N` to our command line if it is run with `--logflow`. */
  private get logsRequests(): boolean {
    const given = this.environment()[DEBUG_VARIABLE] ?? "";
    const isSet = given !== "" && !/^(0|f|false)$/i.test(given);
    return isSet || this.commandLine().some((argument) => /^-v=[1-9]/.test(argument));
  }

  credentials(fields: Partial<TenantFields> | undefined): Credentials {
    return credentialsFor(fields, this.sources);
  }

  /** Where receipts of what is attempted go. */
  get audit(): AuditTrail {
    return new AuditTrail(this.environment(), this.clock, (message) => {
      this.say(message, "warning");
    });
  }

  /** The tenant that the inputs, stack configuration or environment name; one object and one token for each. */
  tenant(fields: Partial<TenantFields> | undefined): Tenant {
    const credentials = this.credentials(fields);
    assertTlsVerified(this.environment());
    this.audit.assertUsable();
    const key = JSON.stringify(credentials);
    const known = this.tenants.get(key);
    if (known !== undefined) return known;
    const tenant = new Tenant({
      credentials,
      clock: this.clock,
      requestTimeout: this.requestTimeout,
      say: (message) => {
        this.say(message);
      },
      logsRequests: this.logsRequests,
    });
    this.tenants.set(key, tenant);
    return tenant;
  }

  /**
   * Notes which of these keys have been retired since this process was started, by another one of this engine run.
   * @param now the tenant's time of day, in whole seconds
   */
  noteRetired(keys: readonly { readonly kid: string; readonly retiredAt?: string }[], now: Date): void {
    const started = now.getTime() - (this.clock.now().getTime() - this.startedAt.getTime()) - 1_000;
    for (const { kid, retiredAt = "" } of keys)
      if (Date.parse(retiredAt) >= started) this.retiredHere.add(kid);
  }

  /**
   * Notes that a raise starts from this key.
   * @throws SigningKeyError `tenant_managed_twice` if another resource of this program has just done so: both would rotate
   */
  claimRaise(domain: string, kid: string): void {
    if (this.claimedRaises.has(kid)) {
      throw new SigningKeyError("tenant_managed_twice", {
        attempt: `recording a raise on ${domain}`,
        observation: `another SigningKeyRotation of this program has just recorded one from the same key ${kid}`,
        remedy: "manage a tenant with one resource; nothing was recorded for this one",
      });
    }
    this.claimedRaises.add(kid);
  }

  /** Takes back that a raise starts from this key. */
  releaseRaise(kid: string): void {
    this.claimedRaises.delete(kid);
  }

  /**
   * Makes sure that the engine stores the intent before the rotation starts.
   * @throws SigningKeyError `invalid_input` if it is told to store nothing before the end
   */
  assertCheckpoints(): void {
    const given = this.environment()["PULUMI_SKIP_CHECKPOINTS"];
    if (given === undefined || !/^(1|t|true)$/i.test(given)) return;
    throw new SigningKeyError("invalid_input", {
      attempt: "recording a raise before it is carried out",
      observation: "PULUMI_SKIP_CHECKPOINTS is set, so a rotation that is killed half-way would be repeated",
      remedy: "unset it and run it again; nothing was changed",
    });
  }

  /** Asks until there is an answer, as `waitUntil` does, and shows that it takes time. @param deadline milliseconds */
  waitUntil<T>(
    subject: string,
    probe: () => Promise<T | undefined>,
    deadline: number,
  ): Promise<T | undefined> {
    const say = (message: string): void => {
      this.say(message, "progress");
    };
    return waitUntil(subject, probe, { clock: this.clock, deadline, say });
  }

  /** Shows a line in the engine's output. */
  say(message: string, kind: MessageKind = "info"): void {
    this.write(message, kind).catch(() => undefined);
  }

  /**
   * Shows a line before a write to Auth0, and makes sure that somebody is there to record the outcome.
   * @throws SigningKeyError `engine_gone` if the engine that started this process has ended; `cancelled` if it is about to
   */
  async announce(message: string): Promise<void> {
    try {
      await this.write(message, "write");
    } catch (cause) {
      if (cause instanceof SigningKeyError) throw cause;
      throw new SigningKeyError("engine_gone", {
        attempt: message,
        observation: "the engine that asked for it has ended",
        remedy: "nothing was done; run it again",
        cause,
      });
    }
  }
}

/** Standard output is a pipe to the engine: a write fails once the engine is gone. */
function writeLine(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
