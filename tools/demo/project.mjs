import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * A copy of an example with a stack and a state file of its own, outside the checkout.
 * @param {{root: string, example: string, engineDir: string, caFile: string, env?: Record<string, string>, log: (line: string) => void}} options
 *   `env`: what the program reads besides
 */
export async function createProject({ root, example, engineDir, caFile, env: more = {}, log }) {
  const folder = await mkdtemp(path.join(tmpdir(), "auth0-signing-keys-demo-"));
  const project = path.join(folder, "project");
  await cp(path.join(root, "examples", example), project, { recursive: true });
  await mkdir(path.join(project, "node_modules"));
  await mkdir(path.join(folder, "state"));
  await symlink(root, path.join(project, "node_modules/pulumi-auth0-signing-keys"));
  for (const shared of ["@pulumi", "@types", "typescript"]) {
    await symlink(path.join(root, "node_modules", shared), path.join(project, "node_modules", shared));
  }
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PULUMI|AUTH0)_/.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    PATH: `${engineDir}${path.delimiter}${process.env.PATH ?? ""}`,
    NODE_EXTRA_CA_CERTS: caFile,
    PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "demo",
    PULUMI_HOME: path.join(folder, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...more,
  };

  /**
   * Runs the engine.
   * @param {string[]} args
   * @param {{input?: string}} [options]
   * @returns {Promise<{code: number | null, output: string}>}
   */
  const pulumi = (args, { input = "" } = {}) => {
    log(`$ pulumi ${args.join(" ")}`);
    return new Promise((resolve, reject) => {
      const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
        cwd: project,
        env,
      });
      let output = "";
      child.stdout.on("data", (data) => (output += data));
      child.stderr.on("data", (data) => (output += data));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, output }));
      child.stdin.end(input);
    });
  };
  return {
    pulumi,
    /** Everything that the engine has stored: the state, its history and its backups. */
    async stored() {
      const entries = await readdir(path.join(folder, "state"), { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return Promise.all(files.map((file) => readFile(path.join(file.parentPath, file.name), "utf8")));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * What the product and the engine said, without the engine's progress lines.
 * @param {string} output
 */
export function messages(output) {
  const lines = output.split("\n").map((line) => line.trim());
  const diagnostics = lines.slice(lines.indexOf("Diagnostics:") + 1);
  return lines.includes("Diagnostics:")
    ? diagnostics
        .slice(
          0,
          diagnostics.findIndex((line) => /^(Outputs|Resources):$/.test(line)),
        )
        .filter((line) => line !== "" && !/^pulumi\S* \(.*\):$/.test(line))
    : [];
}
