import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import path from "node:path";
import { createInterface } from "node:readline";
import { keepTrace, keepUsedSecrets, tracesAreKept } from "./traces";

const main = path.join(__dirname, "../../emulator/dist/main.js");
const startDeadlineMs = 60_000;

/** How a client reaches a tenant, as the emulator's start line says it. */
export interface TenantAccess {
  readonly domain: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly caFile: string;
  readonly controlUrl: string;
}

export interface JournalEntry {
  readonly at: string;
  readonly tenant: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly effect?: "rotate" | "revoke";
  readonly kid?: string;
}

export interface Fault {
  readonly fault:
    | "status"
    | "status-after-effect"
    | "reset"
    | "reset-after-effect"
    | "late-effect"
    | "delay"
    | "slow-body"
    | "html"
    | "truncate"
    | "stale-jwks"
    | "rewrite";
  readonly match?: { readonly method?: string; readonly path?: string };
  readonly times?: number;
  readonly tenant?: string;
  readonly status?: number;
  readonly delayMs?: number;
  readonly resetSeconds?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly rewriting?: string;
}

export interface TenantSummary extends TenantAccess {
  readonly name: string;
  readonly hostname: string;
  readonly now: string;
  readonly ring: {
    readonly current: string;
    readonly next: string;
    readonly previous: readonly string[];
    readonly revoked: readonly string[];
  };
}

export interface ControlAnswer {
  readonly status: number;
  /** Parsed JSON; `undefined` if there was no body. */
  readonly body: unknown;
}

/** An answer of a tenant. */
export interface TenantAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; throws if it is none. */
  json(): unknown;
}

export interface TenantRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  /** Sent as JSON, but a string as it is. */
  readonly body?: unknown;
  /** Another tenant than the first one, or another name of it. */
  readonly domain?: string;
  /** Called when the answer begins, its body still to come. */
  readonly onHeaders?: () => void;
}

export interface Emulator extends TenantAccess {
  readonly process: ChildProcess;
  /** The CA's certificate, PEM. */
  readonly ca: string;
  control(method: string, path: string, body?: unknown): Promise<ControlAnswer>;
  /** @param tenant a domain; all of them if left out. */
  journal(tenant?: string): Promise<JournalEntry[]>;
  clearJournal(): Promise<void>;
  fault(fault: Fault): Promise<void>;
  /** @param tenant a domain: only those asked for it; all of them if left out. */
  clearFaults(tenant?: string): Promise<void>;
  /** @param by a duration such as "25h". @param tenant a domain; all of them if left out. */
  advanceClock(by: string, tenant?: string): Promise<void>;
  tenants(): Promise<TenantSummary[]>;
  /** A request over HTTPS on a connection of its own; rejects when the connection breaks. */
  request(path: string, request?: TenantRequest): Promise<TenantAnswer>;
  /** An access token by client credentials, of the default application unless others are given. */
  token(options?: {
    readonly audience?: string;
    readonly access?: Pick<TenantAccess, "domain" | "audience" | "clientId" | "clientSecret">;
  }): Promise<string>;
  /** Everything that its tenants have issued since the start: tokens and client secrets. */
  issued(): Promise<{ readonly tokens: readonly string[]; readonly secrets: readonly string[] }>;
  /** @returns the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** More than a ring holds in these tests, used in turn: a new pair for each key would take minutes of the whole suite. */
const KEY_PAIRS = 6;

/** The flags for so many tenants that allow so many rotations a day, 0 for any number. */
export function tenantFlags(tenants: number, rotationsPerDay: number): string[] {
  const flags = { tenants, "rotations-per-day": rotationsPerDay, "key-pairs": KEY_PAIRS };
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** Starts the built emulator (`emulator/dist`) as a process of its own, on this Node or another. */
export async function startEmulator(flags: string[] = [], node = process.execPath): Promise<Emulator> {
  const child = spawn(node, [main, "--json", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const access = await startLine(child, () => complaints);
  const ca = readFileSync(access.caFile, "utf8");

  async function control(method: string, path: string, body?: unknown): Promise<ControlAnswer> {
    const response = await fetch(access.controlUrl + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  async function mustControl(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await control(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`emulator: ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  function request(path: string, options: TenantRequest = {}): Promise<TenantAnswer> {
    return tenantRequest(ca, access.domain, path, options);
  }

  const issued = async () => (await mustControl("GET", "/issued")) as Awaited<ReturnType<Emulator["issued"]>>;

  async function keepWhatWasUsed(): Promise<void> {
    if (!tracesAreKept()) return;
    const { tokens, secrets } = await issued();
    keepUsedSecrets([...tokens, ...secrets]);
    keepTrace("emulator", complaints);
  }

  return {
    ...access,
    process: child,
    ca,
    control,
    request,
    issued,
    journal: async (tenant) => (await mustControl("GET", `/journal${ofTenant(tenant)}`)) as JournalEntry[],
    clearJournal: async () => {
      await mustControl("DELETE", "/journal");
    },
    fault: async (fault) => {
      await mustControl("POST", "/faults", fault);
    },
    clearFaults: async (tenant) => {
      await mustControl("DELETE", `/faults${ofTenant(tenant)}`);
    },
    advanceClock: async (advance, tenant) => {
      await mustControl("POST", "/clock", { advance, ...(tenant === undefined ? {} : { tenant }) });
    },
    tenants: async () => (await mustControl("GET", "/tenants")) as TenantSummary[],
    async token({ audience, access: other = access } = {}) {
      const answer = await request("/oauth/token", {
        method: "POST",
        domain: other.domain,
        body: {
          grant_type: "client_credentials",
          client_id: other.clientId,
          client_secret: other.clientSecret,
          audience: audience ?? other.audience,
        },
      });
      if (answer.status !== 200) throw new Error(`emulator: no token: ${answer.status} ${answer.text}`);
      return (answer.json() as { access_token: string }).access_token;
    },
    async stop(signal = "SIGTERM") {
      const { exitCode, signalCode } = child;
      if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode ?? 0;
      await keepWhatWasUsed();
      const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      child.kill(signal);
      const [code, killedBy] = await exited;
      return code ?? killedBy ?? 0;
    },
  };
}

function ofTenant(domain: string | undefined): string {
  return domain === undefined ? "" : `?tenant=${encodeURIComponent(domain)}`;
}

async function startLine(child: ChildProcess, complaints: () => string): Promise<TenantAccess> {
  if (child.stdout === null) throw new Error("emulator: no stdout");
  const lines = createInterface({ input: child.stdout });
  const deadline = setTimeout(() => child.kill(), startDeadlineMs);
  const [outcome] = (await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => [
      new Error(
        `emulator: ${code === null ? `no start line within ${startDeadlineMs} ms` : `exited with ${String(code)}`}: ${complaints()}`,
      ),
    ]),
  ])) as [string | Error];
  clearTimeout(deadline);
  if (outcome instanceof Error) throw outcome;
  return JSON.parse(outcome) as TenantAccess;
}

function tenantRequest(
  ca: string,
  firstDomain: string,
  path: string,
  { method = "GET", headers = {}, token, body, domain = firstDomain, onHeaders }: TenantRequest,
): Promise<TenantAnswer> {
  const content = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const { hostname, port } = new URL(`https://${domain}`);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        // Names under localhost need not resolve on every machine; the certificate is checked for them all the same.
        host: "127.0.0.1",
        port,
        servername: hostname,
        path,
        method,
        ca,
        agent: false,
        headers: {
          host: domain,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(content === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(content) }),
          ...headers,
        },
      },
      (incoming) => {
        onHeaders?.();
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            json: () => JSON.parse(text) as unknown,
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(content);
  });
}
