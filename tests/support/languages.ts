import { appendFileSync, copyFileSync, cpSync } from "node:fs";
import path from "node:path";
import { pluginFolder } from "./adapter";
import type { StackOptions } from "./engine";
import { checkout } from "./project";
import { generateSdks, pluginSchema, run } from "./sdk";

/** What the programs need: the pinned SDKs of Python and Go. */
const pinned = path.join(__dirname, "languages");

/** What is installed for one Python program alone. */
const PYTHON_PACKAGES = "packages";

/** Whatever the user's settings of Go are, what is pinned is what is built: without debug data, a quarter faster. */
const reproducible = { GOFLAGS: "-mod=readonly -ldflags=-w", GOWORK: "off" };

/** What a stack of an example in another language than Node's is made of. */
export type LanguageProject = Required<Pick<StackOptions, "project" | "env">>;

export function yamlExample(): LanguageProject {
  return { project: copyOf("yaml"), env: {} };
}

/** The first time on a machine it installs Pulumi's SDK. */
export function pythonExample(): LanguageProject {
  const environment = pythonEnvironment();
  const copy = copyOf("python");
  // As if it were activated: hosts of engines that are built here don't read the runtime's option `virtualenv`.
  const folders = [path.join(environment, "bin"), pluginFolder(), process.env["PATH"] ?? ""];
  return {
    project: (folder) => {
      copy(folder);
      installPythonSdk(environment, folder);
    },
    env: { PATH: folders.join(path.delimiter), PYTHONPATH: PYTHON_PACKAGES },
  };
}

/** The folder of a virtual environment with what programs and SDKs need, made the first time on a machine. */
export function pythonEnvironment(): string {
  const tool = path.join(checkout, "tools/pythonEnvironment.mjs");
  return run(process.execPath, [tool, path.join(pinned, "requirements.txt")], checkout).trim();
}

/** Makes the SDK for Python, and installs it beside a program. @returns the subfolder for PYTHONPATH */
export function installPythonSdk(environment: string, folder: string): string {
  generateSdks(pluginSchema(), folder, "python");
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"];
  const from = ["--no-build-isolation", "--target", PYTHON_PACKAGES, "./python"];
  run(path.join(environment, "bin/python"), [...pip, ...from], folder);
  return PYTHON_PACKAGES;
}

/** The first time on a machine it compiles Pulumi's SDK. */
export function goExample(): LanguageProject {
  const copy = copyOf("go");
  return {
    project: (folder) => {
      copy(folder);
      generateSdks(pluginSchema(), folder, "go");
      // What `pulumi package add` and `go mod tidy` come to, with the versions that are compiled already.
      for (const file of ["go.mod", "go.sum"]) copyFileSync(path.join(pinned, file), path.join(folder, file));
      const sdk = "pulumi-auth0-signing-keys/sdk/go";
      appendFileSync(path.join(folder, "go.mod"), `\nrequire ${sdk} v0.0.0\nreplace ${sdk} => ./go\n`);
      // An up would compile them, too, but within a deadline that is meant for an up.
      run("go", ["build", `${sdk}/...`], folder, reproducible);
    },
    env: { ...reproducible, GOPROXY: "off" },
  };
}

function copyOf(example: string): (folder: string) => void {
  return (folder) => {
    cpSync(path.join(checkout, "examples", example), folder, { recursive: true });
  };
}
