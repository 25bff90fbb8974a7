#!/usr/bin/env node
import { fstatSync } from "node:fs";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService, type IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Runtime } from "../lifecycle/runtime";
import { packageVersion } from "../packageVersion";
import { Cancellation } from "./cancellation";
import { Engine } from "./engine";
import { failure } from "./failure";
import { Empty, grpc } from "./grpc";
import { Provider } from "./provider";

const args = process.argv.slice(2);
// The engine asks neither; somebody who looks whether it is installed does.
if (args.some((argument) => ["--help", "-h", "--version"].includes(argument))) {
  process.stdout.write(
    `pulumi-resource-auth0-signing-keys ${packageVersion()}, which Pulumi's engine starts\n`,
  );
  process.exit();
}

/** The engine starts us with its address as the last word, after flags of its own. */
const address = args.filter((argument) => !argument.startsWith("-")).at(-1);
const engine = new Engine(address);
const cancellation = new Cancellation();
const runtime = new Runtime(
  cancellation.clock,
  () => process.env,
  async (line, kind) => {
    if (kind === "write") cancellation.check(line);
    await engine.say(line, kind);
  },
);
const provider = new Provider(runtime);

/** One call of the engine's: what is said meanwhile is about its resource. */
function call<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return ({ request }, callback) => {
    const { getUrn } = request as { getUrn?: () => string };
    void engine.about(getUrn?.call(request) ?? "", async () => {
      try {
        callback(null, await handle(request));
      } catch (error) {
        callback(failure(error));
      }
    });
  };
}

const service: Partial<IResourceProviderServer> = {
  getSchema: call(() => provider.getSchema()),
  checkConfig: call((request) => provider.checkConfig(request)),
  diffConfig: call((request) => provider.diffConfig(request)),
  configure: call((request) => provider.configure(request)),
  invoke: call((request) => provider.invoke(request)),
  check: call((request) => provider.check(request)),
  diff: call((request) => provider.diff(request)),
  create: call((request) => provider.create(request)),
  update: call((request) => provider.update(request)),
  read: call((request) => provider.read(request)),
  delete: call(async (request) => {
    await provider.delete(request);
    return new Empty();
  }),
  construct: call((request) => provider.construct(request)),
  cancel: call(() => {
    cancellation.cancel();
    return new Empty();
  }),
  getPluginInfo: call(() => new PluginInfo().setVersion(packageVersion())),
  attach: call((request: PluginAttach) => {
    engine.attach(request.getAddress());
    return new Empty();
  }),
};

const server = new grpc.Server();
server.addService(ResourceProviderService, service as IResourceProviderServer);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  // The engine reads from the first line where to find us.
  process.stdout.write(`${port}\n`);
});

// Our standard input ends with the engine: what is under way is finished, nothing is begun any more.
if (fstatSync(0).isFIFO()) {
  process.stdin.resume().once("end", () => {
    cancellation.cancel();
    server.tryShutdown(() => process.exit());
  });
}
