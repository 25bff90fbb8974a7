import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { checkout } from "../support/project";

const run = promisify(execFile);
const NO_ENGINE = "127.0.0.1:1";
const outputLimit = 64 * 1024 * 1024;

/** A tarball of one of the two packages, as a release makes it. */
export interface Tarball {
  readonly file: string;
  readonly paths: readonly string[];
  readonly bytes: number;
}

/** Packs what is built, without the build of `prepare`: it would rewrite what other tests are running. */
export async function pack(destination: string, folder = checkout): Promise<Tarball> {
  const flags = ["--ignore-scripts", "--json", "--pack-destination", destination];
  const { stdout } = await run("npm", ["pack", ...flags], { cwd: folder, maxBuffer: outputLimit });
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }];
  return {
    file: path.join(destination, packed.filename),
    paths: packed.files.map((file) => file.path).sort(),
    bytes: packed.size,
  };
}

export type PackageManager = keyof typeof MANAGERS;

const MANAGERS = {
  npm: { command: ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund"], files: {} },
  // Its default layout, in which a package finds nothing but what it names itself.
  pnpm: { command: [process.execPath, script("pnpm", "bin/pnpm.cjs"), "add", "--prefer-offline"], files: {} },
  yarn: {
    command: [process.execPath, script("@yarnpkg/cli-dist", "bin/yarn.js"), "add"],
    files: { ".yarnrc.yml": "nodeLinker: node-modules\nenableTelemetry: false\n", "yarn.lock": "" },
  },
} satisfies Record<string, { command: readonly string[]; files: Readonly<Record<string, string>> }>;

function script(name: string, file: string): string {
  return path.join(checkout, "node_modules", name, file);
}

/** A folder in which a user has installed a tarball beside Pulumi and TypeScript, in the versions used here. */
export class Consumer {
  readonly folder = mkdtempSync(path.join(tmpdir(), "signing-keys-consumer-"));
  private readonly manager: (typeof MANAGERS)[PackageManager];

  constructor(manager: PackageManager) {
    this.manager = MANAGERS[manager];
    this.write("package.json", '{ "name": "consumer", "private": true }\n');
    for (const [name, text] of Object.entries(this.manager.files)) this.write(name, text);
  }

  async install({ file }: Tarball): Promise<void> {
    const own = `./${path.basename(file)}`;
    cpSync(file, path.join(this.folder, own));
    const beside = ["@pulumi/pulumi", "@types/node", "typescript"].map(
      (name) => `${name}@${installedVersion(name)}`,
    );
    const [command = "", ...args] = this.manager.command;
    await run(command, [...args, own, ...beside], {
      cwd: this.folder,
      maxBuffer: outputLimit,
      // Yarn has a registry of its own unless it is told the one that npm uses.
      env: { ...process.env, YARN_NPM_REGISTRY_SERVER: await registry() },
    });
  }

  write(name: string, text: string): void {
    writeFileSync(path.join(this.folder, name), text);
  }

  /** Puts a project with this program, which uses what is installed here, into a folder. */
  project({ main, text }: Program): (folder: string) => void {
    const options = main.endsWith(".ts") ? "" : "  options:\n    typescript: false\n";
    return (folder) => {
      const files = {
        "Pulumi.yaml": `name: consumer\nmain: ${main}\nruntime:\n  name: nodejs\n${options}`,
        "package.json": '{ "name": "consumer", "private": true }\n',
        [main]: text,
      };
      for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
      symlinkSync(path.join(this.folder, "node_modules"), path.join(folder, "node_modules"));
    };
  }

  /** Starts a provider plugin as the engine does, and ends it. @returns the first line that it prints */
  async firstLineOf(command: string, ...args: string[]): Promise<string> {
    const child = spawn(command, [...args, NO_ENGINE], {
      cwd: this.folder,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout);
    try {
      const [line] = (await once(lines, "line", { signal: AbortSignal.timeout(60_000) })) as [string];
      return line;
    } finally {
      child.kill("SIGKILL");
      lines.close();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function registry(): Promise<string> {
  return (await run("npm", ["config", "get", "registry"])).stdout.trim();
}

function installedVersion(name: string): string {
  const manifest = readFileSync(path.join(checkout, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** A program and the file that it is to stand in. */
export interface Program {
  readonly main: string;
  readonly text: string;
}

/** What is the same in each language. */
export const BODY = `
const keys = new SigningKeyRotation("keys", { generation: 1, gracePeriod: "24h" });
`;

/** The same program as users may write it. */
export const PROGRAMS = {
  TypeScript: {
    main: "index.ts",
    text: `import { SigningKeyRotation } from "pulumi-auth0-signing-keys";${BODY}export const { retired } = keys;\n`,
  },
  JavaScript: {
    main: "index.js",
    text: `const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");${BODY}exports.retired = keys.retired;\n`,
  },
  "JavaScript as an ES module": {
    main: "index.mjs",
    text: `import { SigningKeyRotation } from "pulumi-auth0-signing-keys";${BODY}export const retired = keys.retired;\n`,
  },
} satisfies Record<string, Program>;
