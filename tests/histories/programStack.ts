import { providerShell } from "../../src/shell";
import { Stack, UNKNOWN, type Action, type ProgramArgs, type RotationActions } from "../integration/stack";
import type { Properties } from "../support/providerHost";

/**
 * Who revokes: the rotation itself; a revocation of what is due, as in a rollover; a revocation of all that the rotation
 * retired; or one of keys that are written out.
 */
export type ProgramKind = "rotation" | "rollover" | "revocation" | "list";

/** What a program asks for, in the words of a rotation. */
export interface Program {
  readonly generation: number;
  readonly revokePrevious: boolean;
  readonly gracePeriod?: string | undefined;
  readonly revokeNow?: { readonly kid: string; readonly reason: string } | undefined;
  readonly minKeyAge: string;
  readonly expectedCurrentKid?: string | undefined;
  readonly verifyTimeout: string;
  /** The keys that are written out. */
  readonly listed: readonly string[];
}

export type Actions = RotationActions & { readonly revocation?: Action };

/** A stack with a rotation and, but for a program of kind `rotation`, a revocation after it. */
export class ProgramStack extends Stack {
  constructor(
    host: ConstructorParameters<typeof Stack>[0],
    private readonly kind: ProgramKind,
  ) {
    super(host);
  }

  async run(program: Program): Promise<Actions> {
    const actions = await this.up(this.rotationArgs(program));
    if (this.kind === "rotation") return actions;
    return { ...actions, revocation: await this.step("revocation", this.revocationInputs(program)) };
  }

  /** The rotation alone, as with `--target`. */
  async runRotation(program: Program): Promise<Action> {
    return this.upRotation(this.rotationArgs(program));
  }

  async plan(program: Program): Promise<Actions> {
    const actions = await this.preview(this.rotationArgs(program));
    if (this.kind === "rotation") return actions;
    const inputs = this.revocationInputs(program);
    const isKnown = actions.rotation === "same" || this.kind === "list";
    const { action: revocation } = await this.planned(
      "revocation",
      isKnown ? inputs : { ...inputs, retired: UNKNOWN },
    );
    return { ...actions, revocation };
  }

  /** A rollover has one of its own unless it is given. */
  gracePeriodOf({ gracePeriod }: Pick<Program, "gracePeriod">): string | undefined {
    return this.kind === "rollover" ? (gracePeriod ?? "auto") : gracePeriod;
  }

  private rotationArgs(program: Program): ProgramArgs {
    const { generation, revokePrevious, revokeNow, minKeyAge, expectedCurrentKid, verifyTimeout } = program;
    return {
      ...{ generation, revokeNow, minKeyAge, expectedCurrentKid, verifyTimeout },
      gracePeriod: this.gracePeriodOf(program),
      ...(this.kind === "rotation" && { revokePrevious }),
    };
  }

  private revocationInputs({ revokePrevious, verifyTimeout, listed }: Program): Properties {
    return {
      retired: this.toRevoke(listed),
      hold: !revokePrevious,
      verifyTimeout,
      __provider: providerShell("revocation"),
    };
  }

  private toRevoke(listed: readonly string[]): unknown {
    if (this.kind === "list") return listed;
    if (this.state.rotation === undefined) return UNKNOWN;
    const { retired, revocable } = this.outputs;
    return this.kind === "rollover" ? retired.filter(({ kid }) => revocable.includes(kid)) : retired;
  }
}
