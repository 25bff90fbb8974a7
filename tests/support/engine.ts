import { spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isPlugin, pluginFolder } from "./adapter";
import { descendants, kill, killTree } from "./processes";
import { programProject } from "./project";
import { StateFile } from "./stateFile";
import { keepTrace } from "./traces";

/** No run of these tests takes longer; one that does hangs. */
const runDeadlineMs = 120_000;

const STACK = "test";

/** What a run of the `pulumi` command came to. */
export interface EngineRun {
  /** The exit code, or the signal that ended it. */
  readonly outcome: number | NodeJS.Signals;
  /** What it wrote, standard output and standard error together. */
  readonly output: string;
}

export interface StackOptions {
  /** The text of a program, JavaScript, that finds the package as if it were installed. */
  readonly program?: string;
  /** Instead of a program: puts a whole project into a folder. */
  readonly project?: (folder: string) => void;
  readonly env: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
  readonly secretConfig?: Readonly<Record<string, string>>;
  /** Keeps its state beside that of this stack, which it may then refer to. */
  readonly beside?: Stack;
}

/** A run that has not ended. */
export interface RunningEngine {
  /** Resolves when the command has ended, however it ended. */
  readonly ended: Promise<EngineRun>;
  /** SIGKILL to the command alone: what it has started lives on. */
  killCommand(): Promise<EngineRun>;
  /** SIGKILL to the command and to all that it has started. */
  killAll(): Promise<EngineRun>;
  /** Asks the command to end, as somebody at a terminal or a pipeline that is stopped does. */
  interrupt(signal: "SIGINT" | "SIGTERM"): Promise<EngineRun>;
}

/** A stack of a real engine with a state file of its own. */
export class Stack {
  /** What the engine has written to the terminal, run by run, to be searched for secrets. */
  readonly transcript: string[] = [];
  /** Every state that was exported. */
  readonly exports: string[] = [];
  readonly folder: string;
  readonly stateFile: StateFile;
  private readonly temporary: string;
  private readonly running = new Set<number>();
  private readonly orphans = new Set<number>();
  private readonly backend: string;
  private env: Readonly<Record<string, string>>;
  /** Whether a run has type-checked the program, which takes as long as all the rest of a run. */
  private isTypeChecked = false;

  constructor({
    program,
    project,
    env,
    beside,
  }: Pick<StackOptions, "program" | "project" | "env" | "beside">) {
    this.temporary = mkdtempSync(path.join(tmpdir(), "signing-keys-e2e-"));
    this.folder = path.join(this.temporary, "project");
    this.backend = beside?.backend ?? path.join(this.temporary, "backend");
    this.stateFile = new StateFile(this.backend, () => projectOf(this.folder));
    this.env = env;
    mkdirSync(this.backend, { recursive: true });
    mkdirSync(this.folder);
    (project ?? programProject)(this.folder);
    if (program !== undefined) this.write(program);
  }

  private get settings(): string {
    return path.join(this.folder, `Pulumi.${STACK}.yaml`);
  }

  /** Replaces the program. */
  write(program: string): void {
    writeFileSync(path.join(this.folder, isPlugin() ? "Pulumi.yaml" : "index.js"), program);
  }

  /** Changes the environment of later runs. */
  setEnvironment(env: Readonly<Record<string, string>>): void {
    this.env = { ...this.env, ...env };
  }

  /** `pulumi stack init`, or what that has left behind for another stack of the same program's project. */
  async initialise(fresh: FreshStack | undefined): Promise<FreshStack> {
    if (fresh === undefined) await this.mustRun(["stack", "init", STACK]);
    else this.copyFrom(fresh);
    return { backend: readFolder(this.backend), settings: readFileSync(this.settings) };
  }

  private copyFrom({ backend, settings }: FreshStack): void {
    for (const [name, content] of backend) {
      const file = path.join(this.backend, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    writeFileSync(this.settings, settings);
  }

  async configure(
    plain: Readonly<Record<string, string>>,
    secret: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const settings = [
      ...Object.entries(plain).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]),
      ...Object.entries(secret).flatMap(([key, value]) => ["--secret", `${key}=${value}`]),
    ];
    if (settings.length > 0) await this.mustRun(["config", "set-all", ...settings]);
  }

  /** Without a preview, which takes as long as the update, unless `--preview` is among the flags. */
  up(...flags: string[]): Promise<EngineRun> {
    return this.startUp(...flags).ended;
  }

  startUp(...flags: string[]): RunningEngine {
    const preview = flags.includes("--preview") ? [] : ["--skip-preview"];
    return this.start(["up", "--yes", ...preview, ...flags.filter((flag) => flag !== "--preview")]);
  }

  preview(...flags: string[]): Promise<EngineRun> {
    return this.startPreview(...flags).ended;
  }

  startPreview(...flags: string[]): RunningEngine {
    return this.start(["preview", ...flags]);
  }

  refresh(...flags: string[]): Promise<EngineRun> {
    return this.startRefresh(...flags).ended;
  }

  startRefresh(...flags: string[]): RunningEngine {
    return this.start(["refresh", "--yes", "--skip-preview", ...flags]);
  }

  destroy(...flags: string[]): Promise<EngineRun> {
    return this.start(["destroy", "--yes", "--skip-preview", ...flags]).ended;
  }

  /**
   * Runs commands as somebody types them who answers every question of the engine's with yes; ends at the first that
   * fails. As with `up`, no preview comes before an update: it says the same, and takes as long.
   */
  shell(commands: string): Promise<EngineRun> {
    return this.run("sh", ["-ec", commands], "terminal", {
      PULUMI_SKIP_CONFIRMATIONS: "true",
      PULUMI_OPTION_SKIP_PREVIEW: "true",
      NO_COLOR: "1",
    }).ended;
  }

  /** Runs a script as a pipeline does: bash, which ends at the first command that fails, in a pipe too. */
  script(text: string, env: Readonly<Record<string, string>> = {}): Promise<EngineRun> {
    return this.run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", text], "terminal", env).ended;
  }

  /** Takes away the lock that a killed command has left. */
  cancel(): Promise<EngineRun> {
    return this.mustRun(["cancel", "--yes"]);
  }

  /** The state as `pulumi stack export` writes it. */
  async export(): Promise<string> {
    const { output } = await this.mustRun(["stack", "export"], "data");
    this.exports.push(output);
    return output;
  }

  async import(state: string): Promise<void> {
    const file = path.join(this.temporary, "state.json");
    writeFileSync(file, state);
    await this.mustRun(["stack", "import", "--file", file]);
  }

  /** The stack's outputs, secret ones in the clear. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const { output } = await this.mustRun(["stack", "output", "--json", "--show-secrets"], "data");
    return JSON.parse(output) as Record<string, unknown>;
  }

  /** Everything that the engine has stored: the state, its history and its backups, and the stack's settings. */
  storedText(): string {
    // The stack beside which this one keeps its state may have taken it away, and has kept it.
    const stored = existsSync(this.backend)
      ? readdirSync(this.backend, { recursive: true, withFileTypes: true })
      : [];
    const settings = readdirSync(this.folder, { withFileTypes: true }).filter(({ name }) =>
      /^Pulumi\..+\.yaml$/.test(name),
    );
    return [...stored, ...settings]
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  /** Ends what killed commands have left behind: a provider would live on for good. */
  endOrphans(): void {
    for (const pid of this.orphans) killTree(pid);
    this.orphans.clear();
  }

  /** Ends whatever still runs in the folder and takes it away, and keeps what is to be searched. */
  dispose(): void {
    for (const pid of this.running) killTree(pid);
    this.endOrphans();
    keepTrace("terminal", this.transcript.join("\n"));
    keepTrace("exports", this.exports.join("\n"));
    keepTrace("stored", this.storedText());
    rmSync(this.temporary, { recursive: true, force: true });
  }

  /** @param kind `data` comes alone, without the engine's warnings, and may hold secrets on purpose. */
  private async mustRun(command: string[], kind: "terminal" | "data" = "terminal"): Promise<EngineRun> {
    const run = await this.start(command, kind).ended;
    if (run.outcome === 0) return run;
    throw new Error(`pulumi ${command.join(" ")}: ${run.outcome}\n${run.output}`);
  }

  private start(command: string[], kind: "terminal" | "data" = "terminal"): RunningEngine {
    return this.run("pulumi", ["--non-interactive", "--color", "never", ...command], kind);
  }

  private run(
    command: string,
    args: string[],
    kind: "terminal" | "data",
    more: Readonly<Record<string, string>> = {},
  ): RunningEngine {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...this.environment(), ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8");
    if (kind === "terminal") child.stderr.on("data", collect);
    else child.stderr.resume();
    const pid = child.pid ?? 0;
    if (child.pid !== undefined) this.running.add(child.pid);
    const ended = untilEnd(child, () => output).then((run) => {
      this.running.delete(pid);
      if (kind === "terminal") this.transcript.push(run.output);
      if (run.outcome === 0 && /\b(up|preview)\b/.test(args.join(" "))) this.isTypeChecked = true;
      return run;
    });
    return {
      ended,
      killCommand: () => {
        // Stopped, it starts nothing more that would be missed.
        kill(pid, "SIGSTOP");
        for (const orphan of descendants(pid)) this.orphans.add(orphan);
        kill(pid);
        return ended;
      },
      killAll: () => {
        killTree(pid);
        return ended;
      },
      interrupt: (signal) => {
        child.kill(signal);
        return ended;
      },
    };
  }

  private environment(): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(([name]) => !/^(PULUMI|AUTH0)_/.test(name));
    return {
      ...Object.fromEntries(own),
      ...(isPlugin() && { PATH: `${pluginFolder()}${path.delimiter}${process.env["PATH"] ?? ""}` }),
      PULUMI_HOME: path.join(this.temporary, "home"),
      PULUMI_BACKEND_URL: `file://${this.backend}`,
      PULUMI_STACK: STACK,
      PULUMI_CONFIG_PASSPHRASE: "only for tests",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...(this.isTypeChecked && { PULUMI_NODEJS_TRANSPILE_ONLY: "true" }),
      ...this.env,
    };
  }
}

/** What a stack is as long as nothing has been done with it. */
interface FreshStack {
  readonly backend: ReadonlyMap<string, Buffer>;
  /** The settings, with the salt of its encryption. */
  readonly settings: Buffer;
}

/** Made once a file of tests: the engine takes a second each time, and there are many. */
let freshStack: FreshStack | undefined;

/** A new stack, ready for `up`. */
export async function createStack(options: StackOptions): Promise<Stack> {
  const stack = new Stack(options);
  if (options.project === undefined) freshStack = await stack.initialise(freshStack);
  else await stack.initialise(undefined);
  await stack.configure(options.config ?? {}, options.secretConfig);
  return stack;
}

function projectOf(folder: string): string {
  const text = readFileSync(path.join(folder, "Pulumi.yaml"), "utf8");
  return /^name: (.+)$/m.exec(text)?.[1] ?? "";
}

function readFolder(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(folder, file), readFileSync(file)];
    }),
  );
}

async function untilEnd(child: ChildProcess, output: () => string): Promise<EngineRun> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      if (child.pid !== undefined) killTree(child.pid);
      reject(new Error(`${child.spawnargs.join(" ")} did not end:\n${output()}`));
    }, runDeadlineMs);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(deadline);
      resolve({ outcome: code ?? signal ?? 0, output: output() });
    });
  });
}
