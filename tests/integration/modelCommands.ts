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

class Command implements AsyncCommand<Model, Real> {
  constructor(
    private readonly name: string,
    private readonly act: (model: Model, real: Real) => Promise<void>,
    private readonly edit?: Edit,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.act(model, real);
    real.count(this.name);
  }

  toString(): string {
    return this.edit === undefined ? this.name : `${this.name} ${JSON.stringify(this.edit)}`;
  }
}

/** `pulumi up --refresh`, with the answer to its rotation lost if it rotates and that is asked for. */
function up(edit: Edit, losesAnswer: boolean): Command {
  const act = async (model: Model, real: Real): Promise<void> => {
    const { emulator, tenant, stack } = real;
    await wait(edit.later, model, real);
    const wish = wishOf(model, edit);
    if (losesAnswer)
      await emulator.fault({ fault: "reset-after-effect", match: PATHS.rotate, tenant: tenant.domain });
    const outcome = await outcomeOf(real, async () => {
      await stack.refresh();
      await stack.up(argsOf(wish, real));
    });
    await emulator.clearFaults();
    const refused = model.mean(wish);
    const { next } = await ringOf(emulator, tenant);
    expect(outcome).toEqual(refused.length > 0 ? { refused } : model.carryOut(wish, next));
    await assertAsModelled(model, real);
    note(real, outcome);
  };
  return new Command(losesAnswer ? "up, answer lost" : "up", act, edit);
}

/** An update that is killed once the intent is recorded. */
function killedUp(edit: Edit): Command {
  const act = async (model: Model, real: Real): Promise<void> => {
    const wish = wishOf(model, edit);
    const outcome = await outcomeOf(real, () => real.stack.upIntent(argsOf(wish, real)));
    const refused = model.mean(wish);
    expect(outcome).toEqual(refused.length > 0 ? { refused } : { effects: [] });
  };
  return new Command("killed after the intent", act, edit);
}

function note({ count }: Real, outcome: Outcome): void {
  if ("refused" in outcome) for (const code of outcome.refused) count(`refused: ${code}`);
  else for (const effect of outcome.effects) count(effect.replace(/ .*/, ""));
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
  minAge: fc.constantFrom(0, 0, 0, 60),
  expected: mostly<Edit["expected"]>("none", "current", "unknown"),
});

const somebodyRotates = fc.constant(
  new Command("somebody rotates", async (model, { emulator, tenant }) => {
    await dashboard(emulator, tenant, "rotate");
    model.rotate((await ringOf(emulator, tenant)).next);
  }),
);

/** The commands of which a sequence is made. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  ...Array.from({ length: 8 }, () => edit.map((given) => up(given, false))),
  edit.map((given) => up(given, true)),
  edit.map(killedUp),
  edit.map(killedUp),
  minutes.map((length) => new Command("wait", (model, real) => wait(length, model, real))),
  somebodyRotates,
  somebodyRotates,
  fc.constant(
    new Command("somebody revokes", async (model, { emulator, tenant }) => {
      const kid = model.previous.at(-1);
      if (kid === undefined) return;
      await dashboard(emulator, tenant, `revoke/${kid}`);
      model.revoke(kid);
    }),
  ),
  edit.map(
    (given) =>
      new Command(
        "preview",
        async (model, real) => {
          const before = (await real.emulator.journal()).length;
          await outcomeOf(real, () => real.stack.preview(argsOf(wishOf(model, given), real)));
          expect(await real.emulator.journal()).toHaveLength(before);
        },
        given,
      ),
  ),
  fc.constant(
    new Command("refresh", async (model, real) => {
      await real.stack.refresh();
      await assertAsModelled(model, real);
    }),
  ),
  fc.constant(
    new Command("destroy", async (model, real) => {
      expect(await outcomeOf(real, () => real.stack.destroy())).toEqual({ effects: [] });
      const isOpen = model.intent?.raises.at(-1)?.kid === model.current;
      [model.intent, model.rotation] = [undefined, undefined];
      // A run of the engine refuses a second raise from one key; what comes now is another run.
      if (isOpen) real.stack.useHost(await real.nextHost());
    }),
  ),
];
