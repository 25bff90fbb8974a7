import { parseArgs } from "node:util";
import { prepare } from "./prepare.mjs";
import { messages } from "./project.mjs";

/**
 * The flags of a demonstration; with `--help` or a flag that there is not, the process ends here.
 * @param {string} help
 * @returns {{json?: boolean}}
 */
export function readFlags(help) {
  try {
    const { values } = parseArgs({
      options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    if (!values.help) return values;
    console.log(help);
    return process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`);
    return process.exit(2);
  }
}

/**
 * A demonstration, told step by step: to standard output, or with `json` to standard error.
 * Does the set-up that is missing first.
 * @param {{json: boolean | undefined}} options
 */
export async function openStory({ json = false }) {
  const say = json ? (line) => console.error(line) : (line) => console.log(line);
  const engineDir = await prepare({ log: say, json });
  // Libraries are there only once the set-up has run.
  const { default: picocolors } = await import("picocolors");
  const colours = picocolors.createColors(!json && picocolors.isColorSupported);
  const { bold, green, red, dim } = colours;

  /** @type {{name: string, ok: boolean, seconds: number, [fact: string]: unknown}[]} */
  const steps = [];
  return {
    say,
    engineDir,
    colours,
    steps,
    /** For what the engine is asked to do. */
    log: (line) => say(dim(`   ${line}`)),

    /**
     * Runs one step of the story.
     * @param {string} name
     * @param {() => Promise<{checks: Record<string, boolean>, [fact: string]: unknown}>} act every check must hold
     */
    async step(name, act) {
      say(`\n${bold(`${steps.length + 1}. ${name}`)}`);
      const start = Date.now();
      const { checks, ...facts } = await act();
      const failed = Object.keys(checks).filter((check) => !checks[check]);
      for (const check of Object.keys(checks))
        say(`   ${checks[check] ? green("✓") : red("✗ not so:")} ${check}`);
      steps.push({
        name,
        ok: failed.length === 0,
        seconds: (Date.now() - start) / 1000,
        ...(failed.length > 0 && { failed }),
        ...facts,
      });
    },

    /**
     * Runs the engine and shows what was said; where it fails and was not expected to, all of it.
     * @param {{pulumi: (args: string[]) => Promise<{code: number | null, output: string}>}} project
     * @param {string[]} args
     */
    async pulumi(project, args, expected = 0) {
      const { code, output } = await project.pulumi(args);
      for (const line of messages(output)) say(`   ${line}`);
      if (code !== 0 && expected === 0) say(output);
      return { code, output, said: messages(output).join("\n") };
    },
  };
}
