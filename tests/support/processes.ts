import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** SIGKILL, unless another is given; a process that has ended already is no error. */
export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * SIGKILL to a process and to all that it has started, at once: they are stopped first, so that none of them starts
 * another that would be missed.
 */
export function killTree(root: number): void {
  const stopped = new Set<number>();
  for (let found = [root]; found.length > 0;) {
    for (const pid of found) {
      kill(pid, "SIGSTOP");
      stopped.add(pid);
    }
    found = descendants(root).filter((pid) => !stopped.has(pid));
  }
  for (const pid of stopped) kill(pid);
}

/** The processes that a process has started, and those that they have started. */
export function descendants(root: number): number[] {
  const parents = parentOfEach();
  const found = [root];
  for (const known of found) {
    for (const [pid, parent] of parents) if (parent === known) found.push(pid);
  }
  return found.slice(1);
}

/** Process groups don't do: the engine puts its plugins into groups of their own. */
function parentOfEach(): [pid: number, parent: number][] {
  // Slim images have no `ps`, and macOS has no `/proc`.
  if (!existsSync("/proc/self/stat")) {
    const table = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).stdout;
    return [...table.matchAll(/^\s*(\d+)\s+(\d+)/gm)].map(([, pid, parent]) => [Number(pid), Number(parent)]);
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [Number(pid), parentOf(pid)]);
}

function parentOf(pid: string): number {
  try {
    // The name of the command, in parentheses, may itself hold spaces and parentheses.
    return Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
