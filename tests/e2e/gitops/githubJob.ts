import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { EngineRun, Stack } from "../../support/engine";
import { examples } from "../readme";

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What a job came to. */
export interface JobRun extends EngineRun {
  /** The names of the steps that ran. */
  readonly ran: readonly string[];
  /** `steps.ID.outputs.NAME`. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What the steps have written into `GITHUB_ENV`. */
  readonly variables: Readonly<Record<string, string>>;
  /** `runner.temp`. */
  readonly temporary: string;
}

function readWorkflow(name: string): Workflow {
  return parse(readFileSync(path.join(examples, "gitops/github/workflows", name), "utf8")) as Workflow;
}

export interface JobOptions {
  /** What stands for the expressions, by their text; one that is missing is an error. */
  readonly values: Readonly<Record<string, string>>;
  /** What GitHub's runner has in the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What whoever copies the workflow edits, by the name of the variable. */
  readonly edits?: Readonly<Record<string, string>>;
  /** Which steps, by name (default: all). */
  readonly isWanted?: (step: string) => boolean;
}

/**
 * Runs the commands of a job as GitHub's runner does, in the folder of a stack. What an action would do (`uses`) and the
 * installation are left out.
 */
export async function runGithubJob(
  stack: Stack,
  [workflowName, jobName]: readonly [workflow: string, job: string],
  { values, env, edits = {}, isWanted = () => true }: JobOptions,
): Promise<JobRun> {
  const workflow = readWorkflow(workflowName);
  const job = workflow.jobs[jobName];
  if (job === undefined) throw new Error(`${workflowName} has no job ${jobName}`);
  const temporary = mkdtempSync(path.join(stack.folder, "../runner-"));
  const files = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"].map(
    (variable) => [variable, path.join(temporary, variable)] as const,
  );
  for (const [, file] of files) writeFileSync(file, "");
  const textOf = (variable: string): string => readFileSync(path.join(temporary, variable), "utf8");
  mkdirSync(path.join(temporary, "temp"));
  const known: Record<string, string> = { ...values, "runner.temp": path.join(temporary, "temp") };
  const given = { ...env, ...Object.fromEntries(files), RUNNER_TEMP: known["runner.temp"] ?? "" };
  const ran: string[] = [];
  let run: EngineRun = { outcome: 0, output: "" };
  for (const step of job.steps) {
    if (step.run === undefined || step.run.startsWith("npm ci ")) continue;
    if (!isWanted(step.name ?? step.run) || !isToRun(step.if, run.outcome === 0, known)) continue;
    ran.push(step.name ?? step.run);
    const stepEnv = evaluated({ ...workflow.env, ...job.env, ...step.env }, known);
    const { outcome, output } = await stack.script(step.run, {
      ...given,
      ...lines(textOf("GITHUB_ENV")),
      ...stepEnv,
      ...edits,
    });
    run = { outcome: run.outcome === 0 ? outcome : run.outcome, output: run.output + output };
    const outputs = lines(textOf("GITHUB_OUTPUT"));
    writeFileSync(path.join(temporary, "GITHUB_OUTPUT"), "");
    for (const [name, value] of Object.entries(outputs))
      known[`steps.${step.id ?? "without an id"}.outputs.${name}`] = value;
  }
  return {
    ...run,
    ran,
    outputs: known,
    summary: textOf("GITHUB_STEP_SUMMARY"),
    variables: lines(textOf("GITHUB_ENV")),
    temporary: given.RUNNER_TEMP,
  };
}

function lines(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^([^=\n]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

function evaluated(
  env: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, text]) => [
      name,
      text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => valueOf(expression, values)),
    ]),
  );
}

function valueOf(expression: string, values: Readonly<Record<string, string>>): string {
  const value = values[expression];
  if (value === undefined) throw new Error(`no value is given for ${expression}`);
  return value;
}

function isToRun(
  condition: string | undefined,
  succeeded: boolean,
  values: Readonly<Record<string, string>>,
): boolean {
  if (condition === undefined) return succeeded;
  if (condition === "${{ !cancelled() }}") return true;
  const [, always, expression, text] =
    /^(?:\$\{\{ (always\(\)) && )?(\S+) == '(.*?)'(?: \}\})?$/.exec(condition) ?? [];
  if (expression === undefined) throw new Error(`a condition that the tests don't know: ${condition}`);
  // An output of a step that was left out is empty, as GitHub has it.
  const value = expression.startsWith("steps.") ? values[expression] : valueOf(expression, values);
  return (succeeded || always !== undefined) && value === text;
}
