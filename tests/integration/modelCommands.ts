import fc, { type AsyncCommand } from "fast-check";
import type { Emulator, TenantAccess } from "../support/emulator";
import { HostError, type ProviderHost } from "../support/providerHost";
import type { Model, Outcome, Wish } from "./model";
import { CheckFailed, codesIn, Stack, type ProgramArgs } from "./stack";
import { dashboard, effectsOn, PATHS, ringOf, tenantFields } from "./tenants";

/** What a sequence of commands is carried out on. */
export interface Real {
  readonly emulator: Emulator;
  readonly tenant: TenantAccess;
  readonly stack: Stack;
  /** Another run of the engine. */
  readonly nextHost: () => Promise<ProviderHost>;
  /** Told what was done, to be counted. */
  readonly count: (what: string) => void;
}

type Command = AsyncCommand<Model, Real>;
type Choice = "none" | "current" | "next" | "previous" | "unknown";

/** A wish in relation to what is recorded, since a sequence is made before it is carried out. */
interface Edit {
  /** Minutes that pass before it. */
  readonly later: number;
  readonly raise: number;
  readonly revokePrevious: boolean;
  readonly grace: number | undefined;
  readonly named: Choice;
  readonly minAge: number;
  readonly expected: "none" | "current" | "unknown";
}

function wishOf(model: Model, edit: Edit): Wish {
  const kids: Readonly<Record<Choice, string | undefined>> = {
    none: undefined,
    current: model.current,
    next: model.next,
    previous: model.previous.at(-1) ?? model.revoked.at(-1),
    unknown: "no-such-key",
  };
  const { raise, revokePrevious, grace, minAge } = edit;
  return {
    generation: Math.max((model.intent?.generation ?? 0) + raise, 0),
    ...{ revokePrevious, grace, minAge },
    named: kids[edit.named],
    expected: kids[edit.expected],
  };
}

function argsOf(
  { generation, revokePrevious, grace, named, minAge, expected }: Wish,
  { tenant }: Real,
): ProgramArgs {
  return {
    tenant: tenantFields(tenant),
    generation,
    revokePrevious,
    minKeyAge: `${minAge}m`,
    ...(grace !== undefined && { gracePeriod: `${grace}m` }),
    ...(named !== undefined && { revokeNow: { kid: named, reason: "leaked" } }),
    ...(expected !== undefined && { expectedCurrentKid: expected }),
  };
}

async function wait(length: number, model: Model, { emulator, tenant }: Real): Promise<void> {
  model.minute += length;
  if (length > 0) await emulator.advanceClock(`${length}m`, tenant.domain);
}

/** What it has really come to. */
async function outcomeOf(real: Real, act: () => Promise<unknown>): Promise<Outcome> {
  const before = await effectsOn(real.emulator, real.tenant);
  const refused = await act().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof CheckFailed) return ["check"];
      if (error instanceof HostError) return codesIn(error);
      throw error;
    },
  );
  const effects = (await effectsOn(real.emulator, real.tenant)).slice(before.length);
  if (refused === undefined) return { effects };
  expect(effects).toEqual([]);
  return { refused };
}

/** The outputs as the model has them. */
async function assertAsModelled(model: Model, { emulator, tenant, stack }: Real): Promise<void> {
  const { current, next, previous, revoked } = await ringOf(emulator, tenant);
  expect({ current, next }).toEqual({ current: model.current, next: model.next });
  expect([...previous].sort()).toEqual([...model.previous].sort());
  expect(revoked).toEqual(expect.arrayContaining(model.revoked));
  if (model.rotation === undefined || stack.state.rotation === undefined) {
    expect(stack.state.rotation).toBe(model.rotation);
    return;
  }
  const { generation, retired, foreign, pending, currentKey, nextKey } = stack.outputs;
  expect({ generation, pending, current: currentKey.kid, next: nextKey?.kid }).toEqual({
    generation: model.rotation.generation,
    pending: [],
    current: model.current,
    next: model.next,
  });
  expect([...foreign].sort()).toEqual([...model.foreign].sort());
  const asModelled = retired.map(({ kid, retiredAt, revokeDueAt, revokedAt }) => ({
    kid,
    grace: revokeDueAt === undefined ? undefined : (Date.parse(revokeDueAt) - Date.parse(retiredAt)) / 60_000,
    isRevoked: revokedAt !== undefined,
  }));
  expect(asModelled).toEqual(model.onRecord);
}

/** `pulumi up --refresh`, with the answer to its rotation lost if it rotates and that is asked for. */
class Up implements Command {
  constructor(
    private readonly edit: Edit,
    private readonly losesAnswer: boolean,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const { emulator, tenant, stack } = real;
    await wait(this.edit.later, model, real);
    const wish = wishOf(model, this.edit);
    if (this.losesAnswer)
      await emulator.fault({ fault: "reset-after-effect", match: PATHS.rotate, tenant: tenant.domain });
    const outcome = await outcomeOf(real, async () => {
      await stack.refresh();
      await stack.up(argsOf(wish, real));
    });
    await emulator.clearFaults();
    const refused = model.mean(wish);
    const { next } = await ringOf(emulator, tenant);
    const expected = refused.length > 0 ? { refused } : model.carryOut(wish, next);
    expect(outcome).toEqual(expected);
    await assertAsModelled(model, real);
    note(real, outcome);
  }

  toString(): string {
    return `up ${JSON.stringify(this.edit)}${this.losesAnswer ? ", answer lost" : ""}`;
  }
}

/** An update that is killed once the intent is recorded. */
class KilledUp implements Command {
  constructor(private readonly edit: Edit) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const wish = wishOf(model, this.edit);
    const outcome = await outcomeOf(real, () => real.stack.upIntent(argsOf(wish, real)));
    const refused = model.mean(wish);
    expect(outcome).toEqual(refused.length > 0 ? { refused } : { effects: [] });
    real.count("killed after the intent");
  }

  toString(): string {
    return `up, killed after the intent, ${JSON.stringify(this.edit)}`;
  }
}

/** What is done without a wish. */
class Plain implements Command {
  constructor(
    private readonly name: string,
    private readonly act: (model: Model, real: Real) => Promise<void>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.act(model, real);
    real.count(this.name);
  }

  toString(): string {
    return this.name;
  }
}

function note({ count }: Real, outcome: Outcome): void {
  if ("refused" in outcome) for (const code of outcome.refused) count(`refused: ${code}`);
  else for (const effect of outcome.effects) count(effect.replace(/ .*/, ""));
  count("up");
}

/** No sum of these is a grace period, so that the seconds a test takes decide nothing. */
const minutes = fc.constantFrom(47, 173);

/** Most often the first, so that more is carried out than refused. */
function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
}

const edit: fc.Arbitrary<Edit> = fc.record({
  later: fc.oneof(fc.constant(0), minutes),
  raise: fc.constantFrom(1, 1, 1, 0, 0, 0, 2, -1),
  revokePrevious: fc.constantFrom(true, true, false),
  grace: fc.constantFrom(60, 60, 60, 1_440, undefined),
  named: mostly<Choice>("none", "current", "next", "previous", "previous", "unknown"),
  minAge: mostly(0, 60),
  expected: mostly<Edit["expected"]>("none", "current", "unknown"),
});

/** The commands of which a sequence is made. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  ...Array.from({ length: 8 }, () => fc.tuple(edit, fc.constant(false)).map((given) => new Up(...given))),
  edit.map((given) => new Up(given, true)),
  edit.map((given) => new KilledUp(given)),
  minutes.map((length) => new Plain("wait", (model, real) => wait(length, model, real))),
  fc.constant(
    new Plain("somebody rotates", async (model, { emulator, tenant }) => {
      await dashboard(emulator, tenant, "rotate");
      model.rotate((await ringOf(emulator, tenant)).next);
    }),
  ),
  fc.constant(
    new Plain("somebody revokes", async (model, { emulator, tenant }) => {
      const kid = model.previous.at(-1);
      if (kid === undefined) return;
      await dashboard(emulator, tenant, `revoke/${kid}`);
      model.revoke(kid);
    }),
  ),
  edit.map(
    (given) =>
      new Plain("preview", async (model, real) => {
        const before = (await real.emulator.journal()).length;
        await outcomeOf(real, () => real.stack.preview(argsOf(wishOf(model, given), real)));
        expect(await real.emulator.journal()).toHaveLength(before);
      }),
  ),
  fc.constant(
    new Plain("refresh", async (model, real) => {
      await real.stack.refresh();
      await assertAsModelled(model, real);
    }),
  ),
  fc.constant(
    new Plain("destroy", async (model, real) => {
      expect(await outcomeOf(real, () => real.stack.destroy())).toEqual({ effects: [] });
      const isOpen = model.intent?.raises.at(-1)?.kid === model.current;
      [model.intent, model.rotation] = [undefined, undefined];
      // A run of the engine refuses a second raise from one key; what comes now is another run.
      if (isOpen) real.stack.useHost(await real.nextHost());
    }),
  ),
];
