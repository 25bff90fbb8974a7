import { AsyncLocalStorage } from "node:async_hooks";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { MessageKind } from "../lifecycle/runtime";
import { answerTo, grpc } from "./grpc";

const SEVERITIES: Readonly<Record<MessageKind, LogSeverity>> = {
  info: LogSeverity.INFO,
  progress: LogSeverity.INFO,
  write: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
};

/** The engine that started this process: what is said is shown at the resource that is being dealt with. */
export class Engine {
  private readonly subject = new AsyncLocalStorage<string>();
  private client: EngineClient | undefined;

  /** @param address absent if the engine attaches later */
  constructor(address: string | undefined) {
    if (address !== undefined) this.attach(address);
  }

  attach(address: string): void {
    this.client?.close();
    this.client = new EngineClient(address, grpc.credentials.createInsecure());
  }

  /** Deals with a resource: whatever is said until then is about it. */
  about<T>(urn: string, call: () => T): T {
    return this.subject.run(urn, call);
  }

  /** @throws Error if the engine is not there any more */
  async say(message: string, kind: MessageKind): Promise<void> {
    const request = new LogRequest()
      .setSeverity(SEVERITIES[kind])
      .setMessage(message)
      .setUrn(this.subject.getStore() ?? "")
      .setEphemeral(kind === "progress");
    const { client } = this;
    if (client === undefined) throw new Error("no engine is attached");
    await answerTo((callback) => client.log(request, callback));
  }
}
