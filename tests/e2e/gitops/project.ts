import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Stack } from "../../support/engine";
import { checkout, linkDependencies } from "../../support/project";
import { policyPack } from "../policyPack";
import { examples } from "../readme";

/**
 * Puts a program of the example into a folder as its users have it: the settings of one tenant, the package and its
 * command line as if installed, and the policy pack beside it.
 */
export function gitopsProgram(name: "rotation" | "revocation"): (folder: string) => void {
  return (folder) => {
    cpSync(path.join(examples, "gitops", name), folder, { recursive: true });
    renameSync(path.join(folder, "Pulumi.production.yaml"), path.join(folder, "Pulumi.test.yaml"));
    linkDependencies(folder);
    const bin = path.join(folder, "node_modules/.bin");
    mkdirSync(bin);
    const main = path.join(checkout, "dist/cli/main.js");
    writeFileSync(path.join(bin, "auth0-signing-keys"), `#!/bin/sh\nexec node '${main}' "$@"\n`, {
      mode: 0o755,
    });
    policyPack(path.join(folder, "../signing-keys-policy"), binOf(folder));
  };
}

/** Where the tests put commands that a runner has. */
export function binOf(folder: string): string {
  return path.join(folder, "../bin");
}

function git({ folder }: Stack, ...args: string[]): string {
  const author = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  return execFileSync("git", [...author, ...args], { cwd: folder, encoding: "utf8" });
}

/** Commits what has changed in the folder of a stack, and says which commit has changed it last. */
export function commit(stack: Stack): string {
  git(stack, "init", "--quiet");
  git(stack, "add", "--", "*.ts", "*.yaml");
  if (git(stack, "status", "--porcelain", "--untracked-files=no") !== "")
    git(stack, "commit", "--quiet", "--message", "edit");
  return git(stack, "log", "-1", "--format=%H").trim();
}

/** Its content, as git names it. */
export function treeOf(stack: Stack): string {
  return git(stack, "rev-parse", "HEAD:./").trim();
}

/** What a fresh checkout would not have. */
export function discardEdits(stack: Stack): void {
  git(stack, "checkout", "--quiet", "--", ".");
}
