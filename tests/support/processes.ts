import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** SIGKILL; a process that has ended already is no error. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
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
