import { providerShell } from "../../src/shell";
import type { SigningKeyErrorCode } from "../../src/errors";
import type { RevocationOutputs } from "../../src/lifecycle/revocation";
import type { Baseline, RevokeNow, RotationOutputs } from "../../src/lifecycle/state";
import { HostError, type CheckAnswer, type Properties, type ProviderHost } from "../support/providerHost";

/** What a program writes, of any shape: bad input is tested too. */
export interface ProgramArgs {
  readonly generation?: unknown;
  readonly revokePrevious?: unknown;
  readonly gracePeriod?: unknown;
  readonly jwksCacheAllowance?: unknown;
  readonly revokeNow?: unknown;
  readonly minKeyAge?: unknown;
  readonly expectedCurrentKid?: unknown;
  readonly verifyTimeout?: unknown;
  readonly reason?: unknown;
  readonly tenant?: unknown;
  readonly [other: string]: unknown;
}

/** A resource as the engine's state holds it. */
export interface Recorded {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly initErrors: readonly string[];
}

export interface IntentOutputs {
  readonly generation: number;
  readonly baselines: readonly Baseline[];
  readonly revokeNow?: RevokeNow;
  readonly domain: string;
  readonly kids: readonly string[];
}

export type Action = "create" | "update" | "same";
export type ResourceName = "intent" | "rotation" | "revocation";
export type RotationActions = Record<"intent" | "rotation", Action>;

export type StackState = { readonly [name in ResourceName]?: Recorded };

/** How the Node SDK writes what a preview doesn't know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine stops at faults that `check` finds. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";

  constructor(readonly failures: CheckAnswer["failures"]) {
    super(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  }
}

/**
 * A stack with one `SigningKeyRotation`, and perhaps a `SigningKeyRevocation`, as the engine deals with it: which calls
 * it makes in which order, and what it records of the answers, that of a failed call included.
 */
export class Stack {
  state: StackState = {};

  constructor(private host: ProviderHost) {}

  /** The next command of the engine starts a host of its own. */
  useHost(host: ProviderHost): this {
    this.host = host;
    return this;
  }

  /** `pulumi up`: the intent, then the rotation; throws where the engine would stop. */
  async up(args: ProgramArgs): Promise<RotationActions> {
    const intent = await this.step("intent", intentInputs(args));
    const rotation = await this.step("rotation", rotationInputs(args, this.intent));
    return { intent, rotation };
  }

  /** The intent's half of an update: what a refusal, or a kill in between, leaves behind. */
  upIntent(args: ProgramArgs): Promise<Action> {
    return this.step("intent", intentInputs(args));
  }

  /** The rotation's half, with the intent as it stands in state. */
  upRotation(args: ProgramArgs): Promise<Action> {
    return this.step("rotation", rotationInputs(args, this.intent));
  }

  /** The update of a revocation, which comes after the rotation's. */
  upRevocation(args: Properties): Promise<Action> {
    return this.step("revocation", { ...args, __provider: providerShell("revocation") });
  }

  /** `pulumi preview`: only check and diff are called, and what the intent will put out is unknown. */
  async preview(args: ProgramArgs): Promise<RotationActions> {
    const { action: intent } = await this.planned("intent", intentInputs(args));
    const outputs =
      intent === "same"
        ? this.intent
        : { ...intentInputs(args), baselines: UNKNOWN as unknown as Baseline[] };
    const { action: rotation } = await this.planned("rotation", rotationInputs(args, outputs));
    return { intent, rotation };
  }

  /** `pulumi refresh`: nothing is recorded of either if one fails. It erases init errors. */
  async refresh(): Promise<void> {
    const { intent, rotation, revocation } = this.state;
    this.state = {
      ...(intent && { intent: await this.refreshed(intent) }),
      ...(rotation && { rotation: await this.refreshed(rotation) }),
      ...(revocation && { revocation: await this.refreshed(revocation) }),
    };
  }

  async destroy(): Promise<void> {
    for (const name of ["revocation", "rotation", "intent"] as const) {
      const { [name]: old, ...others } = this.state;
      if (old) await this.host.delete(old.id, old.outputs);
      this.state = others;
    }
  }

  get intent(): IntentOutputs {
    return recorded(this.state.intent).outputs as unknown as IntentOutputs;
  }

  get outputs(): RotationOutputs {
    return recorded(this.state.rotation).outputs as unknown as RotationOutputs;
  }

  get revocation(): RevocationOutputs {
    return recorded(this.state.revocation).outputs as unknown as RevocationOutputs;
  }

  /** @returns with the inputs as `check` leaves them, which are those that the engine goes on with and stores */
  protected async planned(
    name: ResourceName,
    given: Properties,
  ): Promise<{ action: Action; news: Properties }> {
    const old = this.state[name];
    const { failures, inputs: news } = await this.host.check(old?.inputs ?? {}, given);
    if (failures.length > 0) throw new CheckFailed(failures);
    if (old === undefined) return { action: "create", news };
    const { changes, replaces } = await this.host.diff(old.id, old.outputs, news);
    if (replaces.length > 0) throw new Error(`the ${name} would be replaced`);
    return { action: changes || old.initErrors.length > 0 ? "update" : "same", news };
  }

  protected async step(name: ResourceName, given: Properties): Promise<Action> {
    const { action, news } = await this.planned(name, given);
    const old = this.state[name];
    try {
      if (old === undefined) {
        const { id, properties } = await this.host.create(news);
        this.record(name, { id, inputs: news, outputs: properties, initErrors: [] });
      } else {
        const outputs = action === "same" ? old.outputs : await this.host.update(old.id, old.outputs, news);
        this.record(name, { id: old.id, inputs: news, outputs, initErrors: [] });
      }
    } catch (error) {
      if (error instanceof HostError && error.initFailure !== undefined) {
        const { id, properties, reasons } = error.initFailure;
        // The engine keeps the old inputs of a partly failed update.
        this.record(name, { id, inputs: old?.inputs ?? news, outputs: properties, initErrors: reasons });
      }
      throw error;
    }
    return action;
  }

  private record(name: keyof StackState, resource: Recorded): void {
    this.state = { ...this.state, [name]: resource };
  }

  private async refreshed(old: Recorded): Promise<Recorded> {
    const { id, properties } = await this.host.read(old.id, old.outputs);
    if (id === "") throw new Error("the engine would drop the resource");
    return { id, inputs: old.inputs, outputs: properties, initErrors: [] };
  }
}

function recorded(resource: Recorded | undefined): Recorded {
  if (resource === undefined) throw new Error("there is no such resource in the state");
  return resource;
}

/** What the class hands to the intent: everything. */
export function intentInputs(args: ProgramArgs): Properties {
  return { ...args, __provider: providerShell("intent") };
}

/** What the class hands to the rotation. */
export function rotationInputs(
  {
    revokePrevious,
    gracePeriod,
    jwksCacheAllowance,
    verifyTimeout,
    reason,
    expectedCurrentKid,
    tenant,
  }: ProgramArgs,
  { generation, baselines, revokeNow }: Partial<IntentOutputs>,
): Properties {
  return {
    ...{
      generation,
      baselines,
      revokeNow,
      revokePrevious,
      gracePeriod,
      jwksCacheAllowance,
      verifyTimeout,
      reason,
      expectedCurrentKid,
      tenant,
    },
    __provider: providerShell("rotation"),
  };
}

/** The error of a call that must fail, whichever kind it is; that it carries no stack trace holds for every one. */
export async function refusal(call: Promise<unknown>): Promise<HostError | CheckFailed> {
  const error = await call.then(
    () => new Error("it was expected to fail, and succeeded"),
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  if (!(error instanceof HostError || error instanceof CheckFailed)) throw error;
  if (STACK_TRACE.test(error.message)) throw new Error(`a stack trace is shown: ${error.message}`);
  return error;
}

/** A token, or the beginning of one; a kid may hold the same letters, but is shorter. */
export const TOKEN = /eyJ[\w-]{30,}/;

export const STACK_TRACE = /\n\s+at /;

/** The codes in a message, in order. */
export function codesIn({ message }: Error): SigningKeyErrorCode[] {
  return [...message.matchAll(/ \[([a-z0-9_]+)\]/g)].map(([, code]) => code as SigningKeyErrorCode);
}
