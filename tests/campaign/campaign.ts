import { runHistory, type HistoryOutcome, type Phase } from "./history";
import { planHistories } from "./plan";

export interface CampaignOptions {
  /** How many runs of the engine are to be ended with SIGKILL, at least. */
  readonly kills: number;
  /** The same edits, faults and moments for the same seed, as far as time repeats itself. */
  readonly seed: number;
  /** How many histories run at a time. */
  readonly workers: number;
  /** Takes a line for people on what goes on. */
  readonly say: (line: string) => void;
}

/** What `npm run campaign -- --json` prints. */
export interface Figures {
  readonly kills: number;
  readonly generations: number;
  readonly rotations: number;
  readonly doubleRotations: number;
  readonly wrongRevocations: number;
  readonly lostRecords: number;
  readonly secretsFound: number;
}

export interface CampaignResult {
  readonly figures: Figures;
  /** Everything that is not as promised, in words. */
  readonly faults: readonly string[];
  readonly summary: string;
}

/** Few enough for a fault to be found again quickly, and for a state that stays small. */
const KILLS_A_HISTORY = 10;

/** Kills the engine again and again, each history with a tenant and a stack of its own, and judges what became of the keys. */
export async function runCampaign({ kills, seed, workers, say }: CampaignOptions): Promise<CampaignResult> {
  const shares = sharesOf(kills);
  const plans = planHistories(seed, shares.length);
  const waiting = [...plans.entries()];
  const outcomes: HistoryOutcome[] = [];
  const faults: string[] = [];
  let killed = 0;
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, plan] = next;
      const name = `history ${index}`;
      const outcome = await runHistory(plan, shares[index] ?? 0, (line) => {
        say(`${name}: ${line}`);
      });
      outcomes.push(outcome);
      killed += sum(Object.values(outcome.kills));
      const found = faultsOf(outcome).map((fault) => `seed ${seed}, ${name}, ${fault}`);
      faults.push(...found);
      for (const line of found.length > 0 ? [...outcome.accounts, ...found] : []) say(line);
      say(`${name}: done with ${outcome.accounts.length} rounds; ${killed} of ${kills} kills`);
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, plans.length) }, work));
  return { figures: figuresOf(outcomes), faults, summary: summaryOf(outcomes, faults) };
}

function sharesOf(kills: number): number[] {
  const count = Math.ceil(kills / KILLS_A_HISTORY);
  return Array.from({ length: count }, (_, index) =>
    Math.min(KILLS_A_HISTORY, kills - index * KILLS_A_HISTORY),
  );
}

function faultsOf({ verdict, secretsFound, failure }: HistoryOutcome): string[] {
  const { doubleRotations, omittedRotations, wrongRevocations, lostRecords } = verdict;
  return [
    ...doubleRotations,
    ...omittedRotations,
    ...wrongRevocations,
    ...lostRecords,
    ...(secretsFound > 0 ? [`${secretsFound} secrets in what the engine wrote and stored`] : []),
    ...(failure === undefined ? [] : [failure]),
  ];
}

function figuresOf(outcomes: readonly HistoryOutcome[]): Figures {
  const verdicts = outcomes.map(({ verdict }) => verdict);
  return {
    kills: sum(outcomes.flatMap(({ kills }) => Object.values(kills))),
    generations: sum(verdicts.map(({ generations }) => generations)),
    rotations: sum(verdicts.map(({ rotations }) => rotations)),
    doubleRotations: sum(verdicts.map(({ doubleRotations }) => doubleRotations.length)),
    wrongRevocations: sum(verdicts.map(({ wrongRevocations }) => wrongRevocations.length)),
    lostRecords: sum(verdicts.map(({ lostRecords }) => lostRecords.length)),
    secretsFound: sum(outcomes.map(({ secretsFound }) => secretsFound)),
  };
}

function summaryOf(outcomes: readonly HistoryOutcome[], faults: readonly string[]): string {
  const figures = figuresOf(outcomes);
  const phases = Object.keys(outcomes[0]?.kills ?? {}) as Phase[];
  const when = phases.map((phase) => `${sum(outcomes.map(({ kills }) => kills[phase]))} ${phase}`);
  const revocations = sum(outcomes.map(({ verdict }) => verdict.revocations));
  const retried = sum(outcomes.map(({ retriedRecoveries }) => retriedRecoveries));
  const repaired = sum(outcomes.map(({ repairedStates }) => repairedStates));
  return [
    `${figures.kills} kills (${when.join(", ")}) and ${sum(outcomes.map(({ interrupts }) => interrupts))} interrupts`,
    `${sum(outcomes.map(({ accounts }) => accounts.length))} rounds in ${outcomes.length} histories; ${retried} recoveries took more than one attempt, ${repaired} needed an empty file of the engine's deleted`,
    `${figures.generations} generations by ${figures.rotations} rotations, ${revocations} revocations`,
    `${figures.doubleRotations} double rotations, ${figures.wrongRevocations} wrong revocations, ${figures.lostRecords} lost records, ${figures.secretsFound} secrets found`,
    ...faults,
  ].join("\n");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
