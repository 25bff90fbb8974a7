import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { keepTrace } from "./traces";

const root = path.join(__dirname, "../..");
const main = path.join(root, "node_modules/@pulumi/pulumi/cmd/dynamic-provider");
const startDeadlineMs = 30_000;
/** The host is told of an engine only to report to; these calls are answered without it. */
const noEngine = "127.0.0.1:1";

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

/** The engine's view of Pulumi's host of dynamic providers: which resource is meant, `__provider` says. */
export interface ProviderHost {
  configure(config: Readonly<Record<string, string>>): Promise<void>;
  check(olds: Properties, news: Properties): Promise<CheckAnswer>;
  diff(id: string, olds: Properties, news: Properties): Promise<DiffAnswer>;
  create(properties: Properties): Promise<ReadAnswer>;
  update(id: string, olds: Properties, news: Properties): Promise<Properties>;
  read(id: string, properties: Properties): Promise<ReadAnswer>;
  delete(id: string, properties: Properties): Promise<void>;
  /** What was printed since the start, the port left out: the engine shows it on the stack. */
  stdout(): string;
  /** The engine shows this too, as errors. */
  stderr(): string;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
  /** The same with SIGKILL, in the middle of whatever it does. */
  kill(): Promise<void>;
}

/** Starts Pulumi's own host as the engine does, in the root of this package, and configures it. */
export async function startProviderHost({
  config = {},
  env = {},
}: ProviderHostOptions = {}): Promise<ProviderHost> {
  const child = spawn(process.execPath, [main, noEngine], {
    cwd: root,
    env: { ...bareEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
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
    keepTrace("host", [printed, complaints, ...refusals.splice(0)].join("\n"));
  }

  /** The engine shows what a call is refused with as well. */
  async function answered<T>(call: Call<T>): Promise<T> {
    try {
      return await answerTo(call);
    } catch (error) {
      refusals.push(String(error));
      throw error;
    }
  }

  const host: ProviderHost = {
    async configure(settings) {
      await answered<rpc.ConfigureResponse>((callback) =>
        client.configure(new rpc.ConfigureRequest().setArgs(toStruct(settings)), callback),
      );
    },
    async check(olds, news) {
      const request = new rpc.CheckRequest().setOlds(toStruct(olds)).setNews(toStruct(news));
      const answer = await answered<rpc.CheckResponse>((callback) => client.check(request, callback));
      const failures = answer
        .getFailuresList()
        .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
      refusals.push(...failures.map(({ reason }) => reason));
      return { inputs: fromStruct(answer.getInputs()), failures };
    },
    async diff(id, olds, news) {
      const request = new rpc.DiffRequest().setId(id).setOlds(toStruct(olds)).setNews(toStruct(news));
      const answer = await answered<rpc.DiffResponse>((callback) => client.diff(request, callback));
      return {
        changes: answer.getChanges() !== rpc.DiffResponse.DiffChanges.DIFF_NONE,
        replaces: answer.getReplacesList(),
      };
    },
    async create(properties) {
      const request = new rpc.CreateRequest().setProperties(toStruct(properties));
      const answer = await answered<rpc.CreateResponse>((callback) => client.create(request, callback));
      return { id: answer.getId(), properties: fromStruct(answer.getProperties()) };
    },
    async update(id, olds, news) {
      const request = new rpc.UpdateRequest().setId(id).setOlds(toStruct(olds)).setNews(toStruct(news));
      const answer = await answered<rpc.UpdateResponse>((callback) => client.update(request, callback));
      return fromStruct(answer.getProperties());
    },
    async read(id, properties) {
      const request = new rpc.ReadRequest().setId(id).setProperties(toStruct(properties));
      const answer = await answered<rpc.ReadResponse>((callback) => client.read(request, callback));
      return { id: answer.getId(), properties: fromStruct(answer.getProperties()) };
    },
    async delete(id, properties) {
      const request = new rpc.DeleteRequest().setId(id).setProperties(toStruct(properties));
      await answered((callback) => client.delete(request, callback));
    },
    stdout: () => printed.slice(printed.indexOf("\n") + 1),
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

function answerTo<T>(call: Call<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    call((error, answer) => {
      if (error === null) resolve(answer);
      else reject(new HostError(error.details, initFailure(error)));
    });
  });
}

function initFailure(error: grpc.ServiceError): InitFailure | undefined {
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
      properties: fromStruct(failed.getProperties()),
      reasons: failed.getReasonsList(),
    };
  }
  return undefined;
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
