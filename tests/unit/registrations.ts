import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor, setMocks } from "@pulumi/pulumi/runtime/mocks";

export type Properties = Readonly<Record<string, unknown>>;

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What a program asks the engine for. */
export interface Registrations {
  /** The resources to register, in that order. */
  registered: () => RegisterResourceRequest[];
  /** The one to register by that name. */
  named: (name: string) => RegisterResourceRequest;
  /** The ids that were looked up. */
  lookedUp: string[];
}

/**
 * Puts Pulumi's mocks in the place of the engine.
 * @param outputs what resources put out besides their inputs, by name
 */
export async function standInForEngine(
  outputs: Readonly<Record<string, Properties>> = {},
): Promise<Registrations> {
  const lookedUp: string[] = [];
  await setMocks({
    newResource: ({ name, id, inputs }) => {
      if (id !== undefined && id !== "") lookedUp.push(id);
      return { id: `id of ${name}`, state: { ...(inputs as Properties), ...outputs[name] } };
    },
    call: () => ({}),
  });
  // The mocks are not told of options, so the requests themselves are looked at.
  const { calls } = jest.spyOn(MockMonitor.prototype, "registerResource").mockClear().mock;
  const registered = (): RegisterResourceRequest[] =>
    calls.map(([request]) => request as RegisterResourceRequest);
  const named = (name: string): RegisterResourceRequest => {
    const found = registered().find((request) => request.getName() === name);
    if (found === undefined) throw new Error(`${name} was not registered`);
    return found;
  };
  return { registered, named, lookedUp };
}

/** The value of an output, once there is one. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => {
      resolve(value);
    });
  });
}

/** The inputs of a request as the engine gets them. */
export function inputsOf(request: RegisterResourceRequest): Properties {
  return request.getObject()?.toJavaScript() ?? {};
}

/** How the engine gets a secret. */
export function secret(value: unknown): Properties {
  return { [SIGNATURE_KEY]: SECRET, value };
}
