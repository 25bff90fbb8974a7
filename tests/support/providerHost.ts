import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { received } from "../../src/plugin/properties";
import { INTENT_RESOURCE, REVOCATION_RESOURCE, RING_RESOURCE } from "../../src/plugin/tokens";
import { providerShell } from "../../src/shell";
import { isPlugin } from "./adapter";
import { keepTrace } from "./traces";

const root = path.join(__dirname, "../..");
const startDeadlineMs = 30_000;

/** Properties as they stand in requests and in state: JSON, with `__provider` among them. */
export type Properties = Record<string, unknown>;

export interface CheckAnswer {
  readonly inputs: Properties;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

export interface DiffAnswer {
  readonly changes: boolean;
  readonly replaces: readonly string[];
}

export interface ReadAnswer {
  readonly id: string;
  readonly properties: Properties;
}

/** What the engine records of a call that failed after something had happened. */
export interface InitFailure {
  readonly id: string;
  readonly properties: Properties;
  readonly reasons: readonly string[];
}

/** A call that the host answered with an error. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(
    message: string,
    /** Absent for a plain error, after which the engine keeps the state as it was. */
    readonly initFailure: InitFailure | undefined,
  ) {
    super(message);
  }
}

export interface ProviderHostOptions {
  /** Stack configuration, `auth0:domain` and so on, secrets in the clear; as the engine hands it over. */
  readonly config?: Readonly<Record<string, string>>;
  /** In addition to this process's environment, without its `AUTH0_*` and `NODE_EXTRA_CA_CERTS`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The engine's view of whatever serves the resources: which of them is meant, `__provider` says. */
export interface ProviderHost {
  configure(config: Readonly<Record<string, string>>): Promise<void>;
  check(olds: Properties, news: Properties): Promise<CheckAnswer>;
  diff(id: string, olds: Properties, news: Properties): Promise<DiffAnswer>;
  create(properties: Properties): Promise<ReadAnswer>;
  update(id: string, olds: Properties, news: Properties): Promise<Properties>;
  read(id: string, properties: Properties): Promise<ReadAnswer>;
  delete(id: string, properties: Properties): Promise<void>;
  /** What was said since the start, the port left out: the engine shows it on the stack, or at the resource. */
  stdout(): string;
  /** The engine shows this too, as errors. */
  stderr(): string;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
  /** The same with SIGKILL, in the middle of whatever it does. */
  kill(): Promise<void>;
}

/**
 * Starts Pulumi's own host of dynamic providers, or the plugin in tests of that, as the engine does, in the root of this
 * package, and configures it.
 */
export async function startProviderHost({
  config = {},
  env = {},
}: ProviderHostOptions = {}): Promise<ProviderHost> {
  const adapter = isPlugin() ? plugin : dynamicHost;
  const engine = await startEngineLog();
  const child = spawn(process.execPath, [adapter.main, engine.address], {
    cwd: root,
    env: { ...bareEnvironment(), ...env },
    // The engine holds the other end of its standard input.
    stdio: ["pipe", "pipe", "pipe"],
  });
  let printed = "";
  let complaints = "";
  const refusals: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const port = await announcedPort(
    child,
    () => printed,
    () => complaints,
  );
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

  async function end(signal: NodeJS.Signals): Promise<void> {
    client.close();
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    }
    engine.stop();
    keepTrace("host", [printed, engine.said(), complaints, ...refusals.splice(0)].join("\n"));
  }

  /** The engine shows what a call is refused with as well. */
  async function answered<T>(call: Call<T>, about: Properties = {}): Promise<T> {
    try {
      return await answerTo(call, (struct) => adapter.kept(struct, about));
    } catch (error) {
      refusals.push(String(error));
      throw error;
    }
  }

  const host: ProviderHost = {
    async configure(settings) {
      await answered<rpc.ConfigureResponse>((callback) =>
        client.configure(new rpc.ConfigureRequest().setArgs(toStruct(adapter.settings(settings))), callback),
      );
    },
    async check(olds, news) {
      const request = new rpc.CheckRequest()
        .setUrn(adapter.urnOf(news))
        .setOlds(toStruct(adapter.sent(olds)))
        .setNews(toStruct(adapter.sent(news)));
      const answer = await answered<rpc.CheckResponse>((callback) => client.check(request, callback));
      const failures = answer
        .getFailuresList()
        .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
      refusals.push(...failures.map(({ reason }) => reason));
      return { inputs: adapter.kept(answer.getInputs(), news), failures };
    },
    async diff(id, olds, news) {
      const request = new rpc.DiffRequest()
        .setId(id)
        .setUrn(adapter.urnOf(news))
        .setOlds(toStruct(adapter.sent(olds)))
        .setNews(toStruct(adapter.sent(news)));
      const answer = await answered<rpc.DiffResponse>((callback) => client.diff(request, callback));
      return {
        changes: answer.getChanges() !== rpc.DiffResponse.DiffChanges.DIFF_NONE,
        replaces: answer.getReplacesList(),
      };
    },
    async create(properties) {
      const request = new rpc.CreateRequest()
        .setUrn(adapter.urnOf(properties))
        .setProperties(toStruct(adapter.sent(properties)));
      const answer = await answered<rpc.CreateResponse>(
        (callback) => client.create(request, callback),
        properties,
      );
      return { id: answer.getId(), properties: adapter.kept(answer.getProperties(), properties) };
    },
    async update(id, olds, news) {
      const request = new rpc.UpdateRequest()
        .setId(id)
        .setUrn(adapter.urnOf(news))
        .setOlds(toStruct(adapter.sent(olds)))
        .setNews(toStruct(adapter.sent(news)));
      const answer = await answered<rpc.UpdateResponse>((callback) => client.update(request, callback), news);
      return adapter.kept(answer.getProperties(), news);
    },
    async read(id, properties) {
      const request = new rpc.ReadRequest()
        .setId(id)
        .setUrn(adapter.urnOf(properties))
        .setProperties(toStruct(adapter.sent(properties)));
      const answer = await answered<rpc.ReadResponse>((callback) => client.read(request, callback));
      return { id: answer.getId(), properties: adapter.kept(answer.getProperties(), properties) };
    },
    async delete(id, properties) {
      const request = new rpc.DeleteRequest()
        .setId(id)
        .setUrn(adapter.urnOf(properties))
        .setProperties(toStruct(adapter.sent(properties)));
      await answered((callback) => client.delete(request, callback));
    },
    stdout: () => printed.slice(printed.indexOf("\n") + 1) + engine.said(),
    stderr: () => complaints,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
  await host.configure(config);
  return host;
}

/** What the machine's user has set must not decide how a test ends. */
function bareEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AUTH0_|PULUMI_|NODE_EXTRA_CA_CERTS$)/.test(name)),
  );
}

async function announcedPort(
  child: ChildProcess,
  printed: () => string,
  complaints: () => string,
): Promise<number> {
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    const port = /^(\d+)\n/.exec(printed())?.[1];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`provider host: it ended before it was ready: ${complaints()}`);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`provider host: no port within ${startDeadlineMs} ms: ${complaints()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Call<T> = (callback: (error: grpc.ServiceError | null, answer: T) => void) => unknown;

type Kept = (struct: Struct | undefined) => Properties;

function answerTo<T>(call: Call<T>, kept: Kept): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    call((error, answer) => {
      if (error === null) resolve(answer);
      else reject(new HostError(error.details, initFailure(error, kept)));
    });
  });
}

function initFailure(error: grpc.ServiceError, kept: Kept): InitFailure | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!(packed instanceof Buffer)) return undefined;
  for (const detail of Status.deserializeBinary(packed).getDetailsList()) {
    const failed = detail.unpack(
      (bytes) => rpc.ErrorResourceInitFailed.deserializeBinary(bytes),
      "pulumirpc.ErrorResourceInitFailed",
    );
    if (failed === null) continue;
    return {
      id: failed.getId(),
      properties: kept(failed.getProperties()),
      reasons: failed.getReasonsList(),
    };
  }
  return undefined;
}

/** How what a test says and what an adapter is told differ. */
interface Adapter {
  readonly main: string;
  /** Stack configuration, as the adapter is given it. */
  settings(config: Readonly<Record<string, string>>): Properties;
  urnOf(properties: Properties): string;
  sent(properties: Properties): Properties;
  /** What the engine would store of an answer about these inputs. */
  kept(answer: Struct | undefined, inputs: Properties): Properties;
}

const dynamicHost: Adapter = {
  main: path.join(root, "node_modules/@pulumi/pulumi/cmd/dynamic-provider"),
  settings: (config) => config,
  urnOf: () => "",
  sent: (properties) => properties,
  kept: fromStruct,
};

const PLUGIN_TYPES: Readonly<Record<string, string>> = {
  [providerShell("intent")]: INTENT_RESOURCE,
  [providerShell("rotation")]: RING_RESOURCE,
  [providerShell("revocation")]: REVOCATION_RESOURCE,
};

/** A plugin knows a resource by its URN, and nothing of `__provider`. */
const plugin: Adapter = {
  main: path.join(root, "dist/plugin/main.js"),
  settings: (config) =>
    Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("auth0:", ""), value])),
  urnOf: ({ __provider }) => `urn:pulumi:test::test::${PLUGIN_TYPES[String(__provider)] ?? ""}::keys`,
  sent: (properties) =>
    Object.fromEntries(Object.entries(properties).filter(([name]) => name !== "__provider")),
  kept: (answer, { __provider }) => ({ ...received(answer).properties, __provider }),
};

interface EngineLog {
  readonly address: string;
  said(): string;
  stop(): void;
}

/** As much of an engine as is told what to show. */
async function startEngineLog(): Promise<EngineLog> {
  const lines: string[] = [];
  const server = new grpc.Server();
  const log: grpc.handleUnaryCall<LogRequest, Empty> = ({ request }, callback) => {
    lines.push(`${request.getMessage()}\n`);
    callback(null, new Empty());
  };
  server.addService({ log: EngineService.log }, { log });
  const port = await promisify(server.bindAsync.bind(server))(
    "127.0.0.1:0",
    grpc.ServerCredentials.createInsecure(),
  );
  return {
    address: `127.0.0.1:${port}`,
    said: () => lines.join(""),
    stop: () => {
      server.forceShutdown();
    },
  };
}

/** Through JSON, as the engine has it: what is `undefined` is absent. */
function toStruct(properties: Properties): Struct {
  return Struct.fromJavaScript(
    JSON.parse(JSON.stringify(properties)) as Parameters<typeof Struct.fromJavaScript>[0],
  );
}

function fromStruct(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}
