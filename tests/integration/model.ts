/** What a program asks for; times are minutes. */
export interface Wish {
  readonly generation: number;
  readonly revokePrevious: boolean;
  readonly grace: number | undefined;
  readonly named: string | undefined;
  readonly minAge: number;
  readonly expected: string | undefined;
}

/** A raise on record: from which generation, and from which key. */
type Raise = Pick<Wish, "generation" | "grace"> & { readonly from: number; readonly kid: string };
type Intent = Pick<Wish, "generation" | "named"> & { readonly raises: readonly Raise[] };
interface Rotation {
  readonly generation: number;
  readonly named: string | undefined;
  /** The grace period of each retired key, if it has one. */
  readonly retired: ReadonlyMap<string, number | undefined>;
}

/** What a command comes to: it is refused with these codes, or changes the ring so. */
export type Outcome = { readonly refused: readonly string[] } | { readonly effects: readonly string[] };

/** The rules of a rotation in the least words: a ring, a clock, what is meant and what is on record. */
export class Model {
  minute = 0;
  previous: string[] = [];
  revoked: string[] = [];
  intent: Intent | undefined;
  rotation: Rotation | undefined;
  private since = 0;
  private readonly retiredAt = new Map<string, number>();

  constructor(
    public current: string,
    public next: string,
  ) {}

  /** Anybody's rotation, which made this key. */
  rotate(made: string): void {
    this.previous.push(this.current);
    this.retiredAt.set(this.current, this.minute);
    [this.current, this.next, this.since] = [this.next, made, this.minute];
  }

  revoke(kid: string): void {
    this.previous = this.previous.filter((other) => other !== kid);
    this.revoked.push(kid);
  }

  get foreign(): string[] {
    return this.previous.filter((kid) => this.rotation?.retired.has(kid) !== true);
  }

  get onRecord(): { kid: string; grace: number | undefined; isRevoked: boolean }[] {
    const retired = [...(this.rotation?.retired ?? [])];
    return retired.map(([kid, grace]) => ({ kid, grace, isRevoked: this.revoked.includes(kid) }));
  }

  /** The intent's half of an update: the codes of what is refused. */
  mean(wish: Wish): readonly string[] {
    const { generation, named, expected } = wish;
    const before = this.intent ?? { generation: 0, named: undefined, raises: [] };
    const isFirst = this.intent === undefined;
    if (isAccident(wish, isFirst ? retiresFirst(wish) : generation > before.generation)) return ["check"];
    const raises =
      generation > before.generation && (!isFirst || generation === 1 || expected === this.current);
    const isOpen = before.raises.at(-1)?.kid === this.current;
    const refused = raises ? this.raiseRefusals(wish) : [];
    if (named !== before.named && !this.canBeRevoked(named, raises || isOpen)) refused.push("not_revocable");
    if (refused.length > 0) return refused;
    let recorded = before.raises;
    if (raises) {
      const valid = recorded.filter(({ kid }) => !this.revoked.includes(kid));
      recorded = [...valid, { from: before.generation, generation, kid: this.current, grace: wish.grace }];
    } else if (generation < before.generation) {
      const undone = recorded.filter((raise) => raise.generation > generation);
      const [first] = undone;
      const isUntouched = undone.every(({ kid }) => kid === this.current);
      if (first === undefined || first.from > generation || !isUntouched) return ["generation_lowered"];
      recorded = recorded.filter((raise) => raise.generation <= generation);
      if (generation > first.from) recorded = [...recorded, { ...first, generation }];
    }
    this.intent = { generation, named, raises: recorded };
    return [];
  }

  /** The rotation's half; what key a rotation makes, the tenant says. */
  carryOut(wish: Wish, made: string): Outcome {
    const { generation, revokePrevious, grace, named } = wish;
    const raises = this.intent?.raises ?? [];
    const before = this.rotation ?? {
      generation: 0,
      named: undefined,
      retired: new Map<string, undefined>(),
    };
    const isFirst = this.rotation === undefined;
    const retires = isFirst ? retiresFirst(wish) || raises.length > 0 : generation > before.generation;
    if (generation < before.generation || isAccident(wish, retires)) return { refused: ["check"] };
    const open = raises.filter((raise) => raise.generation > before.generation);
    const rotates = open.at(-1)?.kid === this.current;
    const isNamed = named !== undefined && named !== before.named;
    if (isNamed && !this.canBeRevoked(named, rotates)) return { refused: ["not_revocable"] };
    const effects = rotates ? [`rotate ${this.current}`] : [];
    const retired = new Map(before.retired);
    for (const { kid, grace: own } of open)
      if (kid !== this.current && !retired.has(kid)) retired.set(kid, grace ?? own);
    if (rotates) {
      retired.set(this.current, grace ?? open.at(-1)?.grace);
      this.rotate(made);
    }
    for (const kid of retired.keys())
      if (grace !== undefined && !this.revoked.includes(kid)) retired.set(kid, grace);
    const isDue = (kid: string): boolean =>
      revokePrevious &&
      before.retired.has(kid) &&
      (this.retiredAt.get(kid) ?? 0) + (retired.get(kid) ?? 0) <= this.minute;
    for (const kid of [...(isNamed ? [named] : []), ...[...retired.keys()].filter(isDue)]) {
      if (!this.previous.includes(kid)) continue;
      this.revoke(kid);
      effects.push(`revoke ${kid}`);
    }
    this.rotation = { generation, named: named ?? before.named, retired };
    return { effects };
  }

  private raiseRefusals({ expected, named, minAge, ...wish }: Wish): string[] {
    const refused = expected !== undefined && expected !== this.current ? ["current_kid_mismatch"] : [];
    if (named === this.current) return refused;
    if (wish.revokePrevious && wish.grace === undefined) refused.push("no_grace_period");
    return this.minute - this.since < minAge ? [...refused, "key_too_young"] : refused;
  }

  /** Whether a key that is named can be revoked, if one is: a previous one, or the current one that retires. */
  private canBeRevoked(kid: string | undefined, retires: boolean): boolean {
    const allowed = [...this.previous, ...this.revoked, ...(retires ? [this.current] : [])];
    return kid === undefined || allowed.includes(kid);
  }
}

/** Whether a first update rotates, by what is written. */
function retiresFirst({ generation, expected }: Wish): boolean {
  return generation === 1 || (generation > 1 && expected !== undefined);
}

/** An update that would revoke what it retires. */
function isAccident({ revokePrevious, grace, named }: Wish, retires: boolean): boolean {
  return retires && revokePrevious && grace === undefined && named === undefined;
}
