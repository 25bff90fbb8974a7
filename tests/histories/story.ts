import type { RotationOutputs } from "../../src/lifecycle/state";
import { CheckFailed, codesIn, type StackState } from "../integration/stack";
import { HostError } from "../support/providerHost";
import { EngineRun, Killed, type Ask, type Witness } from "./engineRun";
import type { Edit, History, Step, UpPart } from "./history";
import { inProcessHost } from "./inProcessHost";
import { ProgramStack, type Actions, type Program } from "./programStack";
import { Rules } from "./rules";
import { SimulatedAuth0 } from "./simulatedAuth0";
import type { Trouble } from "./troubles";

/** How a command ended; what is refused has changed nothing, and the program is to be corrected. */
export type Ending =
  | { readonly kind: "done" }
  | { readonly kind: "killed" }
  | { readonly kind: "failed" | "refused"; readonly codes: readonly string[]; readonly message: string };

const REFUSALS: readonly string[] = [
  "current_kid_mismatch",
  "generation_lowered",
  "key_too_young",
  "no_grace_period",
  "not_revocable",
];

/** What is counted of what is said, since only the lifecycle knows it. */
const TOLD: readonly (readonly [string, RegExp])[] = [
  ["rotation found done", /has happened already/],
  ["rotations crossed", /two rotations crossed/],
  ["raise taken back", /is taken back$/],
  ["ring watched", /watching the key ring/],
  ["state lost", /no state for generation .*: taken as carried out/],
];

/** A tenant, the stack that manages it and what has happened: carries out steps and judges each by the rules. */
export class Story implements Witness {
  readonly auth0: SimulatedAuth0;
  readonly rules: Rules;
  program: Program;
  state: StackState = {};
  /** Written out only when something is wrong. */
  private readonly told: unknown[] = [];
  private readonly checkpoints: StackState[] = [];

  constructor(
    private readonly history: History,
    private readonly count: (what: string) => void,
  ) {
    this.program = history.program;
    this.auth0 = new SimulatedAuth0(history.tenant);
    this.rules = new Rules(this.auth0);
  }

  /** Whether the keys to be revoked are written out in the program. */
  get isListed(): boolean {
    return this.history.kind === "list";
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "up": {
        const before = this.program;
        this.program = this.edited(step.edit);
        const { kind } = await this.up(step.troubles, step.part);
        if (kind === "refused" && step.revertsIfRefused) this.program = before;
        return;
      }
      case "preview":
        return this.preview(this.edited(step.edit));
      case "refresh":
        await this.refresh(step.troubles);
        return;
      case "destroy":
        return this.destroy(step.troubles);
      case "restore":
        this.restore(step.back);
        return;
      case "wait":
        this.auth0.advance(step.milliseconds === "until due" ? this.untilDue() : step.milliseconds);
        return;
      case "lifetime":
        this.auth0.setLifetime(step.seconds);
        return;
      case "somebody rotates":
        this.auth0.rotate();
        return;
      case "somebody revokes":
        this.auth0.revokeAny(step.which);
    }
  }

  async up(troubles: readonly Trouble[] = [], part: UpPart = "all"): Promise<Ending> {
    return this.command("up", troubles, async (stack) => {
      if (part === "refresh first") await stack.refresh();
      if (part === "rotation alone" && stack.state.intent !== undefined)
        await stack.runRotation(this.program);
      else await stack.run(this.program);
    });
  }

  refresh(troubles: readonly Trouble[] = []): Promise<Ending> {
    return this.command("refresh", troubles, (stack) => stack.refresh());
  }

  /** What the next update would do to each resource. */
  async plan(): Promise<readonly string[]> {
    let planned: Actions | undefined;
    await this.command("preview", [], async (stack) => (planned = await stack.plan(this.program)));
    return planned === undefined ? this.fail("there is no preview") : Object.values(planned);
  }

  /** Milliseconds until the next key on record is due, and nothing if none will be. */
  private untilDue(): number {
    const { retired = [] } = (this.state.rotation?.outputs ?? {}) as Partial<RotationOutputs>;
    const now = this.auth0.now().getTime();
    const due = retired
      .filter(({ revokedAt }) => revokedAt === undefined)
      .map(({ revokeDueAt = "" }) => Date.parse(revokeDueAt) - now)
      .filter((milliseconds) => milliseconds > 0);
    return due.length === 0 ? 0 : Math.min(...due);
  }

  private async preview(program: Program): Promise<void> {
    const ending = await this.command("preview", [], (stack) => stack.plan(program));
    if (ending.kind !== "done" && ending.kind !== "refused") this.fail(`a preview ${ending.kind}`);
  }

  private async destroy(troubles: readonly Trouble[]): Promise<void> {
    const { kind } = await this.command("destroy", troubles, (stack) => stack.destroy());
    if (kind === "done") this.rules.forget();
  }

  private restore(back: number): void {
    const checkpoint = this.checkpoints.at(-1 - back);
    if (checkpoint === undefined || checkpoint === this.state) return;
    this.count("checkpoint restored");
    this.told.push(["restored", checkpoint]);
    this.state = checkpoint;
    this.rules.forget();
  }

  private async command(
    name: string,
    troubles: readonly Trouble[],
    act: (stack: ProgramStack) => Promise<unknown>,
  ): Promise<Ending> {
    this.told.push([this.auth0.now(), name, this.program]);
    const run = new EngineRun(this.auth0, this, troubles, this.history.aheadMilliseconds);
    const stack = new ProgramStack(inProcessHost(run), this.history.kind);
    stack.state = this.state;
    const ending = await act(stack).then(() => ({ kind: "done" as const }), endingOf);
    const { rotation } = stack.state;
    this.told.push([ending, rotation?.outputs]);
    this.count(`${name} ${ending.kind}`);
    if (name === "preview" && run.requests > 0) this.fail("a preview made a request");
    this.rules.judgeRecord(this.state, stack.state, stack.gracePeriodOf(this.program));
    this.rules.judgeRaise(this.state, stack.state, this.program);
    this.rules.judgeRotations();
    if (ending.kind !== "killed") this.rules.judgeDone(run, stack.state);
    if (ending.kind === "done" && name === "up") this.rules.judgeSuccess(run, stack.state);
    this.state = stack.state;
    this.checkpoints.push(this.state);
    this.assertRules();
    return ending;
  }

  asked(ask: Ask, earlier: readonly Ask[]): void {
    this.rules.judge(ask, earlier);
    this.told.push([ask.kind, ask.kid ?? ask.seen.current.kid, ask.call.resource]);
  }

  noted(what: string, detail: string): void {
    this.told.push([what, detail]);
    if (what !== "said") this.count(what);
    else for (const [name, words] of TOLD) if (words.test(detail)) this.count(name);
  }

  /** Whether something was noted, with its detail. */
  happened(what: string): boolean {
    return this.told.some((event) => Array.isArray(event) && event.join(" ") === what);
  }

  /** Ends the story with what was done, to be read from the end. */
  fail(what: string): never {
    const told = this.told.map((event) =>
      JSON.stringify(event, (name, value: unknown) => (name === "__provider" ? undefined : value)),
    );
    throw new Error(`${what}\n${told.join("\n")}`);
  }

  private assertRules(): void {
    if (this.rules.broken.length > 0) this.fail(this.rules.broken.join("\n"));
  }

  private edited(edit: Edit): Program {
    const { program, auth0 } = this;
    const kids = auth0.allKids();
    const chosen = (choice: number): string => kids[choice % kids.length] ?? "";
    const { raise, gracePeriod, revokeNow, expectedCurrentKid, listed } = edit;
    const named = typeof revokeNow === "number" ? chosen(revokeNow) : "no-such-key";
    const expected = expectedCurrentKid === "right" ? auth0.currentKid() : "another-key";
    return {
      generation: Math.max(program.generation + raise, 0),
      revokePrevious: edit.revokePrevious ?? program.revokePrevious,
      minKeyAge: edit.minKeyAge ?? program.minKeyAge,
      verifyTimeout: edit.verifyTimeout ?? program.verifyTimeout,
      listed: listed?.map(chosen) ?? program.listed,
      gracePeriod: given(gracePeriod, "none", gracePeriod, program.gracePeriod),
      revokeNow: given(revokeNow, "nothing", { kid: named, reason: "leaked" }, program.revokeNow),
      expectedCurrentKid: given(expectedCurrentKid, "none", expected, program.expectedCurrentKid),
    };
  }
}

/** What an edit makes of an input: it may leave it alone or take it away. */
function given<T, E>(edit: E | undefined, nothing: E, value: T, before: T): T | undefined {
  if (edit === undefined) return before;
  return edit === nothing ? undefined : value;
}

function endingOf(error: unknown): Ending {
  if (error instanceof Killed) return { kind: "killed" };
  if (!(error instanceof HostError || error instanceof CheckFailed)) throw error;
  const codes = codesIn(error);
  const isRefused = error instanceof CheckFailed || codes.some((code) => REFUSALS.includes(code));
  return { kind: isRefused ? "refused" : "failed", codes, message: error.message };
}
