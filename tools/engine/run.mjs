import { spawn } from "node:child_process";

/** @typedef {(line: string) => void} Log */

/**
 * @typedef {object} Finished
 * @property {number} code the exit code; 127 if the program could not be started
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeoutSeconds] none: as long as it takes
 * @property {string} [label] what is being done, for progress lines; none: it is done silently
 * @property {Log} [log]
 * @property {(stderr: string) => string} [describe] what the output so far says about progress
 * @property {boolean} [show] show the program's output as it comes, besides collecting it
 */

const FIRST_PROGRESS_SECONDS = 2;
const PROGRESS_INTERVAL_SECONDS = 10;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/**
 * A build that outlives its starter would go on writing into a folder that the next one clears away.
 *
 * @param {NodeJS.Signals} signal
 */
function stopChildren(signal) {
  for (const child of running) child.kill(signal);
  for (const name of SIGNALS) process.removeListener(name, stopChildren);
  process.kill(process.pid, signal);
}

/**
 * Runs a program to its end. Never throws for a program that fails or is missing: see `code`.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Finished>}
 */
export function run(command, args, options = {}) {
  let stdout = "";
  let stderr = "";
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    timeout: options.timeoutSeconds === undefined ? undefined : options.timeoutSeconds * 1000,
    stdio: [options.show ? "inherit" : "ignore", "pipe", "pipe"],
  });
  if (running.size === 0) for (const name of SIGNALS) process.on(name, stopChildren);
  running.add(child);
  child.stdout?.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text) => (stderr += text));
  if (options.show) {
    child.stdout?.on("data", (text) => process.stdout.write(text));
    child.stderr?.on("data", (text) => process.stderr.write(text));
  }
  const stopProgress = startProgress(options, () => options.describe?.(stderr) ?? "");
  return new Promise((resolve) => {
    child.once("error", (error) => {
      // A child that has started reports its end by "close"; this is one that has not.
      if (child.pid === undefined) finish(127, `${stderr}${error.message}`);
    });
    child.once("close", (code, signal) =>
      finish(code ?? 1, signal ? `${stderr}\nended by ${signal}` : stderr),
    );
    /** @type {(code: number, errors: string) => void} */
    const finish = (code, errors) => {
      stopProgress();
      running.delete(child);
      if (running.size === 0) for (const name of SIGNALS) process.removeListener(name, stopChildren);
      resolve({ code, stdout, stderr: errors });
    };
  });
}

/**
 * Says every ten seconds, and once after two, that something is still going on.
 *
 * @param {{label?: string, log?: Log}} options
 * @param {() => string} describe
 * @returns {() => void} stops it
 */
export function startProgress({ label, log }, describe = () => "") {
  if (label === undefined || log === undefined) return () => {};
  const startedAt = Date.now();
  const report = () => {
    const detail = describe();
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    log(`${label} … ${duration(seconds)}${detail ? `, ${detail}` : ""}`);
  };
  /** @type {NodeJS.Timeout | undefined} */
  let interval;
  const first = setTimeout(() => {
    report();
    interval = setInterval(report, PROGRESS_INTERVAL_SECONDS * 1000);
  }, FIRST_PROGRESS_SECONDS * 1000);
  return () => {
    clearTimeout(first);
    clearInterval(interval);
  };
}

/** @param {number} seconds */
function duration(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * The end of what a program said, for an error message.
 *
 * @param {Finished} finished
 * @param {number} [lines]
 */
export function lastLines(finished, lines = 6) {
  const said = `${finished.stdout}\n${finished.stderr}`.split("\n").filter((line) => line.trim() !== "");
  return said.slice(-lines).join("\n");
}
