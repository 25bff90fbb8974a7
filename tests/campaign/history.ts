import { countSecrets } from "../e2e/leftBehind";
import { rotationOf, rotationProgram } from "../e2e/program";
import { startTenant, type TestTenant } from "../e2e/tenants";
import { dashboard, tenantConfig, tenantFields } from "../integration/tenants";
import type { JournalEntry } from "../support/emulator";
import { createStack, type EngineRun, type RunningEngine, type Stack } from "../support/engine";
import type { Attempt, Command, Dashboard, HistoryPlan, Recovery, Round } from "./plan";
import { isWriteOfTheRun, strike, untilRequests } from "./strike";
import { describeAccount, judge, type RoundAccount, type Verdict } from "./verdict";

/** Before which of a run's requests it was struck. */
export type Phase = "before the first request" | "between the first request and a write" | "after a write";

/** What a history came to. */
export interface HistoryOutcome {
  /** The runs ended with SIGKILL, by when. */
  readonly kills: Record<Phase, number>;
  /** The runs ended with SIGTERM and SIGINT. */
  readonly interrupts: number;
  /** Recoveries that needed more than one update. */
  readonly retriedRecoveries: number;
  /** Kills that left a file of the engine's empty, which had to be deleted before it went on. */
  readonly repairedStates: number;
  /** What was done and recorded in each, for people who look for a fault. */
  readonly accounts: readonly string[];
  readonly verdict: Verdict;
  readonly secretsFound: number;
  /** Why it ended before its time, in words. */
  readonly failure?: string;
}

/** A recovery that fails is tried again this often, as a pipeline would: a machine under load may be slower than a time-out. */
const RECOVERY_ATTEMPTS = 3;

/**
 * Carries out a plan with a tenant, a stack and a state of its own, until so many runs have been ended with SIGKILL.
 * @param say what goes on, for people
 */
export async function runHistory(
  plan: HistoryPlan,
  kills: number,
  say: (line: string) => void,
): Promise<HistoryOutcome> {
  const tenant = await startTenant();
  let stack: Stack | undefined;
  const cleanUp = (): void => {
    stack?.dispose();
    tenant.emulator.process.kill();
  };
  // Ctrl-C ends the process, and must leave neither providers nor folders behind.
  process.once("exit", cleanUp);
  try {
    stack = await createStack(stackOptions(plan, tenant));
    return await new History(plan, tenant, stack, say).run(kills);
  } finally {
    process.off("exit", cleanUp);
    cleanUp();
  }
}

function stackOptions({ credentials }: HistoryPlan, tenant: TestTenant): Parameters<typeof createStack>[0] {
  if (credentials === "environment") return { env: tenant.env };
  if (credentials === "inputs") return { env: tenant.bareEnv };
  const { "auth0:clientSecret": secret = "", ...config } = tenantConfig(tenant);
  return { env: tenant.bareEnv, config, secretConfig: { "auth0:clientSecret": secret } };
}

/** What a program of the round asks for, and what has been asked for so far. */
interface Asked extends Pick<Round, "revokePrevious" | "graceSeconds" | "reason"> {
  raises: number;
  readonly named: string[];
  revokeNow?: { readonly kid: string; readonly reason: string } | undefined;
}

class History {
  private generation = 0;
  private readonly accounts: RoundAccount[] = [];
  private readonly kills: Record<Phase, number> = {
    "before the first request": 0,
    "between the first request and a write": 0,
    "after a write": 0,
  };
  private interrupts = 0;
  private retriedRecoveries = 0;
  private repairedStates = 0;
  /** How long an undisturbed run of each command takes; the last one tells. */
  private readonly usualMs: Record<Command, number> = {
    up: 3_000,
    "up --refresh": 3_500,
    refresh: 1_500,
    preview: 2_500,
  };

  constructor(
    private readonly plan: HistoryPlan,
    private readonly tenant: TestTenant,
    private readonly stack: Stack,
    private readonly say: (line: string) => void,
  ) {}

  async run(kills: number): Promise<HistoryOutcome> {
    let failure: string | undefined;
    try {
      for (const round of this.plan.rounds) {
        if (this.killed >= kills) break;
        await this.round(round, kills);
      }
      if (this.killed < kills) throw new Error(`its rounds are over after ${this.killed} of ${kills} kills`);
      await this.revokeAll();
    } catch (error) {
      failure = `round ${this.accounts.length}: ${error instanceof Error ? error.message : String(error)}`;
    }
    const text = [...this.stack.transcript, ...this.stack.exports, this.stack.storedText()].join("\n");
    return {
      kills: this.kills,
      interrupts: this.interrupts,
      retriedRecoveries: this.retriedRecoveries,
      repairedStates: this.repairedStates,
      accounts: this.accounts.map(describeAccount),
      verdict: judge(this.accounts),
      secretsFound: countSecrets(text, [this.tenant.clientSecret]),
      ...(failure !== undefined && { failure }),
    };
  }

  private get killed(): number {
    return Object.values(this.kills).reduce((sum, count) => sum + count, 0);
  }

  private async round(round: Round, kills: number): Promise<void> {
    const { revokePrevious, reason } = round;
    // A raise with the flag on is refused without a grace period.
    const graceSeconds = round.graceSeconds ?? (revokePrevious ? 2 : undefined);
    const asked: Asked = { revokePrevious, graceSeconds, reason, raises: 0, named: [] };
    await this.tenant.emulator.clearJournal();
    for (const [index, attempt] of round.attempts.entries()) {
      if (index > 0) await this.unlock();
      await this.edit(attempt, asked);
      // There is nothing to strike any more in a run after one that has succeeded.
      if (!(await this.attempt(attempt)) || this.killed >= kills) break;
    }
    await this.recover(round.recovery);
    await this.account(asked);
  }

  /** Writes the program. */
  private async edit({ raise, revokeNow }: Attempt, asked: Asked): Promise<void> {
    const { current, previous } = await this.tenant.ring();
    // A stack that is created at a generation above 1 takes it as carried out.
    const isCreation = this.accounts.length === 0;
    const raised = isCreation ? Math.min(raise, 1 - this.generation) : raise;
    this.generation += raised;
    if (raised > 0) asked.raises += 1;
    const ours = this.accounts.at(-1)?.retired.map((key) => key.kid) ?? [];
    const candidates = { "the current key": raised > 0 ? [current] : [], "a retired key": ours };
    const valid = [current, ...previous];
    const kid =
      revokeNow === undefined ? undefined : candidates[revokeNow].find((one) => valid.includes(one));
    asked.revokeNow = kid === undefined ? undefined : { kid, reason: "leaked" };
    if (kid !== undefined) asked.named.push(kid);
    this.write(asked);
  }

  private write({ revokePrevious, graceSeconds, reason, revokeNow }: Omit<Asked, "raises" | "named">): void {
    this.stack.write(
      rotationProgram({
        generation: this.generation,
        minKeyAge: "0s",
        revokePrevious,
        ...(graceSeconds !== undefined && { gracePeriod: `${graceSeconds}s` }),
        ...(reason !== undefined && { reason }),
        ...(revokeNow && { revokeNow }),
        ...(this.plan.credentials === "inputs" && { tenant: tenantFields(this.tenant) }),
      }),
    );
  }

  /** @returns whether the run was struck, or failed by itself */
  private async attempt({ command, moment, strike: how, fault, dashboard }: Attempt): Promise<boolean> {
    const { emulator, domain } = this.tenant;
    await emulator.clearFaults();
    if (fault !== undefined) await emulator.fault({ ...fault, tenant: domain });
    if (dashboard?.afterRequests === 0) await this.changeInDashboard(dashboard);
    const before = (await this.tenant.journal()).length;
    const run = this.start(command);
    const requests = async (): Promise<JournalEntry[]> => (await this.tenant.journal()).slice(before);
    const struck = { run, requests, usualMs: this.usualMs[command] };
    const meanwhile =
      dashboard === undefined || dashboard.afterRequests === 0
        ? undefined
        : untilRequests(dashboard.afterRequests, struck).then(() => this.changeInDashboard(dashboard));
    const { outcome, struck: hit } = await strike(how, moment, struck);
    await meanwhile;
    if (outcome === "SIGKILL") {
      const phase = phaseOf(await requests());
      this.kills[phase] += 1;
      this.say(`${command}: ${how} ${phase}${fault === undefined ? "" : `, fault ${fault.fault}`}`);
    } else if (hit) {
      this.interrupts += 1;
      this.say(`${command}: ${how}`);
    } else this.say(`${command}: over before its moment, with ${outcome}`);
    return outcome !== 0;
  }

  private start(command: Command): RunningEngine {
    switch (command) {
      case "up":
        return this.stack.startUp();
      case "up --refresh":
        return this.stack.startUp("--refresh");
      case "refresh":
        return this.stack.startRefresh();
      case "preview":
        return this.stack.startPreview();
    }
  }

  private async changeInDashboard({ what }: Dashboard): Promise<void> {
    if (what === "rotate") return dashboard(this.tenant.emulator, this.tenant, "rotate");
    const [kid] = (await this.tenant.ring()).previous;
    if (kid !== undefined) await dashboard(this.tenant.emulator, this.tenant, `revoke/${kid}`);
  }

  /** Goes on until an update has succeeded; nothing stands in its way any more. */
  private async recover(recovery: Recovery): Promise<void> {
    await this.tenant.emulator.clearFaults();
    await this.unlock();
    const runs: readonly Command[] = recovery === "refresh, then up" ? ["refresh", "up"] : [recovery];
    let output = "";
    for (let attempt = 1; attempt <= RECOVERY_ATTEMPTS; attempt += 1) {
      if (attempt === 2) this.retriedRecoveries += 1;
      const ended: EngineRun[] = [];
      for (const command of runs) ended.push(await this.timed(command));
      // What killed commands have started need not outlive the recovery.
      this.stack.endOrphans();
      if (ended.every(({ outcome }) => outcome === 0)) return;
      output = ended.map((run) => run.output).join("\n");
      this.say(`recovery by ${recovery} failed:\n${output}`);
    }
    throw new Error(`${recovery} did not recover in ${RECOVERY_ATTEMPTS} attempts:\n${output}`);
  }

  /** What has to be done after a kill before the engine can be run again. */
  private async unlock(): Promise<void> {
    const repairs = this.stack.stateFile.deleteEmptyAttributes();
    if (repairs > 0) this.say("the kill has left the engine an empty file of attributes; it is deleted");
    this.repairedStates += Math.min(repairs, 1);
    await this.stack.cancel();
  }

  private async timed(command: Command): Promise<EngineRun> {
    const start = performance.now();
    const run = await this.start(command).ended;
    if (run.outcome === 0) this.usualMs[command] = performance.now() - start;
    return run;
  }

  private async account(asked: Omit<Asked, "revokeNow">, isLast = false): Promise<void> {
    const { generation, pending, retired, foreign } = rotationOf(this.stack);
    this.accounts.push({ ...asked, journal: await this.tenant.journal(), retired, foreign, isLast });
    if (generation === this.generation && pending.length === 0) return;
    throw new Error(
      `generation ${this.generation} is asked for, ${generation} is recorded, with ${pending.length} steps pending`,
    );
  }

  /** With every retired key due, each is revoked, and nothing but these. */
  private async revokeAll(): Promise<void> {
    const asked: Asked = { revokePrevious: true, graceSeconds: 1, raises: 0, named: [] };
    await this.tenant.emulator.clearJournal();
    this.write(asked);
    await this.recover("up --refresh");
    await this.recover("up");
    await this.account(asked, true);
  }
}

function phaseOf(requests: readonly JournalEntry[]): Phase {
  if (requests.some(isWriteOfTheRun)) return "after a write";
  return requests.length > 0 ? "between the first request and a write" : "before the first request";
}
