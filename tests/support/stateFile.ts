import { copyFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";

/** A resource as the state file holds it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly initErrors?: readonly string[];
  /** The URNs of what it waits for. */
  readonly dependencies?: readonly string[];
}

interface Checkpoint {
  readonly checkpoint: { readonly latest?: { readonly resources?: readonly StateResource[] } | null };
}

/** The state of a stack as the engine's file backend keeps it, and what that may leave behind. */
export class StateFile {
  /**
   * @param backend the folder of the backend of a stack `test`
   * @param project the name of that stack's project
   */
  constructor(
    private readonly backend: string,
    private readonly project: () => string,
  ) {}

  private get file(): string {
    return path.join(this.backend, ".pulumi/stacks", this.project(), "test.json");
  }

  /** The resources, with secrets as they are stored: encrypted. */
  get resources(): readonly StateResource[] {
    const { checkpoint } = JSON.parse(readFileSync(this.file, "utf8")) as Checkpoint;
    return checkpoint.latest?.resources ?? [];
  }

  get bytes(): number {
    return statSync(this.file).size;
  }

  /** Puts the whole state before the last one, which is kept beside it, in its place. */
  restoreBackup(): void {
    copyFileSync(`${this.file}.bak`, this.file);
  }

  /**
   * Beside each file is another of attributes, which is not written in one go. A kill in between leaves that empty, and
   * the state unreadable ("failed to load checkpoint: EOF") until it is deleted.
   * @returns how many had to be
   */
  deleteEmptyAttributes(): number {
    const empty = readdirSync(this.backend, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".attrs"))
      .map((name) => path.join(this.backend, name))
      .filter((file) => statSync(file).size === 0);
    for (const file of empty) rmSync(file);
    return empty.length;
  }
}
