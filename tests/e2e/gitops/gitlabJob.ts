import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { parse } from "yaml";
import type { EngineRun, Stack } from "../../support/engine";
import { examples } from "../readme";

interface Job {
  readonly variables?: Readonly<Record<string, string>>;
  readonly script: readonly string[];
  readonly after_script?: readonly string[];
}

/** A job of the example's pipeline. */
function gitlabJob(name: string): Job {
  const text = readFileSync(path.join(examples, "gitops/gitlab/.gitlab-ci.yml"), "utf8");
  const job = (parse(text) as Readonly<Record<string, Job>>)[name];
  if (job === undefined) throw new Error(`no job ${name}`);
  return job;
}

/**
 * Runs the script of a job as GitLab's runner does, in one shell and in the folder of a stack, where `before_script` has
 * got to. The project's folder is the one above.
 * @param isLast where to stop (default: at the end)
 * @returns besides, the variables that the script has set
 */
export async function runGitlabJob(
  stack: Stack,
  name: string,
  env: Readonly<Record<string, string>>,
  isLast: (line: string) => boolean = () => false,
): Promise<EngineRun & { readonly variables: Readonly<Record<string, string>> }> {
  const { variables, script } = gitlabJob(name);
  const last = script.findIndex(isLast);
  const lines = last === -1 ? script : script.slice(0, last + 1);
  const file = path.join(stack.folder, "../variables");
  const run = await stack.script([`trap 'set -o posix; set > "${file}"' EXIT`, ...lines].join("\n"), {
    ...variables,
    CI_PROJECT_DIR: path.dirname(stack.folder),
    CI_PIPELINE_SOURCE: "push",
    CI_PIPELINE_ID: "42",
    PULUMI_ORGANIZATION: "organization",
    ...env,
  });
  const set = [...readFileSync(file, "utf8").matchAll(/^(\w+)=(.*)$/gm)];
  return {
    ...run,
    variables: Object.fromEntries(set.map(([, variable = "", value = ""]) => [variable, value])),
  };
}

/** GitLab's API on the loopback interface: JSON, or text, by the path asked for; 404 for others. */
export async function startGitlabApi(
  answers: Readonly<Record<string, unknown>>,
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const answer =
      request.headers["private-token"] === "a-token-of-gitlab" ? answers[request.url ?? ""] : undefined;
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
