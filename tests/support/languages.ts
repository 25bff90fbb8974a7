import { execFile } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { StackOptions } from "./engine";
import { checkout } from "./project";

const run = promisify(execFile);

/** What the programs need: the pinned SDKs of Python and Go. */
const pinned = path.join(__dirname, "languages");

/** What a stack of a program in another language than Node's is made of. */
export type LanguageProject = Required<Pick<StackOptions, "project" | "env">>;

/** @param program the whole of Pulumi.yaml but for its name and its runtime */
export function yamlProject(program: string): LanguageProject {
  return { project: writer("yaml", { "Pulumi.yaml": program }), env: {} };
}

/** The first time on a machine it installs Pulumi's SDK. @param program the text of `__main__.py` */
export async function pythonProject(program: string): Promise<LanguageProject> {
  const tool = path.join(checkout, "tools/pythonEnvironment.mjs");
  const { stdout } = await run(process.execPath, [tool, path.join(pinned, "requirements.txt")]);
  // As if it were activated: hosts of engines that are built here don't read the runtime's option `virtualenv`.
  const programs = path.join(stdout.trim(), "bin");
  return {
    project: writer("python", { "__main__.py": program }),
    env: { PATH: `${programs}${path.delimiter}${process.env["PATH"] ?? ""}` },
  };
}

/** The first time on a machine it compiles Pulumi's SDK. @param program the text of `main.go` */
export async function goProject(program: string): Promise<LanguageProject> {
  // An up would compile it, too, but within a deadline that is meant for an up.
  await run("go", ["build", "./..."], { cwd: pinned, env: { ...process.env, ...reproducible } });
  const write = writer("go", { "main.go": program });
  return {
    project: (folder) => {
      write(folder);
      for (const file of ["go.mod", "go.sum"]) copyFileSync(path.join(pinned, file), path.join(folder, file));
    },
    env: { ...reproducible, GOPROXY: "off" },
  };
}

/** Whatever the user's settings of Go are, what is pinned is what is built: without debug data, a quarter faster. */
const reproducible = { GOFLAGS: "-mod=readonly -ldflags=-w", GOWORK: "off" };

function writer(runtime: string, files: Readonly<Record<string, string>>): (folder: string) => void {
  return (folder) => {
    const settings = `name: e2e\nruntime: ${runtime}\n`;
    for (const [name, text] of Object.entries({ "Pulumi.yaml": "", ...files })) {
      writeFileSync(path.join(folder, name), name === "Pulumi.yaml" ? `${settings}${text}` : text);
    }
  };
}
