import { SigningKeyError } from "../../src/errors";
import { IntentLifecycle } from "../../src/lifecycle/intent";
import { PartialFailure } from "../../src/lifecycle/partialFailure";
import { RevocationLifecycle } from "../../src/lifecycle/revocation";
import { RotationLifecycle } from "../../src/lifecycle/rotation";
import { providerShell } from "../../src/shell";
import { HostError, type Properties, type ProviderHost } from "../support/providerHost";
import type { Call, EngineRun, ResourceName } from "./engineRun";

const RESOURCES: readonly ResourceName[] = ["intent", "rotation", "revocation"];

type AnyLifecycle = IntentLifecycle | RotationLifecycle | RevocationLifecycle;

/** What Pulumi's host of dynamic providers does with the engine's calls, without a process and a network between. */
export function inProcessHost(run: EngineRun): ProviderHost {
  const lifecycles: Readonly<Record<ResourceName, AnyLifecycle>> = {
    intent: new IntentLifecycle(run.runtime),
    rotation: new RotationLifecycle(run.runtime),
    revocation: new RevocationLifecycle(run.runtime),
  };

  async function answer<T>(
    method: Call["method"],
    news: Properties,
    olds: Properties,
    call: (lifecycle: AnyLifecycle, sent: Properties) => Promise<T>,
  ): Promise<T> {
    const resource = resourceOf(news);
    run.call = { resource, method, olds, news };
    run.reach("call");
    const outcome = await call(lifecycles[resource], withoutUndefined(news)).then(
      (value) => () => value,
      (error: unknown) => () => {
        throw toldOf(error);
      },
    );
    // A call that is over is not recorded yet.
    run.reach("answer");
    return outcome();
  }

  const nothing = (): Promise<void> => Promise.resolve();
  return {
    configure: nothing,
    check: (olds, news) =>
      answer("check", news, olds, async (lifecycle, sent) => {
        const result = await lifecycle.check(olds, sent);
        return { inputs: result.inputs as Properties, failures: result.failures ?? [] };
      }),
    diff: (id, olds, news) =>
      answer("diff", news, olds, async (lifecycle, sent) => {
        const { changes, replaces } = await lifecycle.diff(id, olds, sent);
        return { changes: changes === true, replaces: replaces ?? [] };
      }),
    create: (news) =>
      answer("create", news, {}, async (lifecycle, sent) => {
        const result = await lifecycle.create(sent);
        return { id: result.id, properties: stored(result.outs, news) };
      }),
    update: (id, olds, news) =>
      answer("update", news, olds, async (lifecycle, sent) => {
        const result = await lifecycle.update(id, olds, sent);
        return stored(result.outs, news);
      }),
    read: (id, properties) =>
      answer("read", properties, properties, async (lifecycle) => {
        const result = await lifecycle.read(id, properties);
        return { id: result.id ?? "", properties: stored(result.props, properties) };
      }),
    delete: (id, properties) =>
      answer("delete", properties, properties, async (lifecycle) => {
        if ("delete" in lifecycle) await lifecycle.delete(id, properties);
      }),
    stdout: () => "",
    stderr: () => "",
    stop: nothing,
    kill: nothing,
  };
}

function resourceOf({ __provider: shell }: Properties): ResourceName {
  const resource = RESOURCES.find((name) => providerShell(name) === shell);
  if (resource === undefined) throw new Error(`no resource of this package: ${String(shell)}`);
  return resource;
}

/** As the engine has it: what is `undefined` is absent. */
function withoutUndefined(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}

/** What the host answers: outputs and where their provider is. The engine can store JSON alone, and fails on `undefined`. */
function stored(outputs: unknown, { __provider }: Properties): Properties {
  const found = undefinedIn(outputs, "");
  if (found !== undefined) throw new Error(`the outputs hold undefined at ${found}`);
  return { ...(structuredClone(outputs) as Properties), __provider };
}

function undefinedIn(value: unknown, path: string): string | undefined {
  if (value === undefined) return path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = undefinedIn(inner, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The engine is told of a partial failure what to record; of any other failure, nothing. A slip of ours is none. */
function toldOf(error: unknown): unknown {
  const isPartial = error instanceof PartialFailure;
  if (!((isPartial ? error.cause : error) instanceof SigningKeyError)) return error;
  if (!isPartial) return new HostError((error as SigningKeyError).message, undefined);
  const { id, properties, reasons, message } = error;
  return new HostError(message, { id, properties: stored(properties, properties), reasons });
}
