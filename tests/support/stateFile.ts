import { copyFileSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";

/** The state of a stack as the engine's file backend keeps it, and what that may leave behind. */
export class StateFile {
  private readonly file: string;

  /** @param backend the folder of the backend of a stack `test` of a project `e2e` */
  constructor(private readonly backend: string) {
    this.file = path.join(backend, ".pulumi/stacks/e2e/test.json");
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
