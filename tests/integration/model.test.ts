import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import type { ProviderHost } from "../support/providerHost";
import { Model } from "./model";
import { COMMANDS, type Real } from "./modelCommands";
import { Stack } from "./stack";
import { dashboard, ringOf } from "./tenants";
import { startTrustingHost, startWorld, type World } from "./world";

jest.setTimeout(600_000);

/** `MODEL_SEED`, `MODEL_PATH` and `MODEL_REPLAY`, which a failure prints, run the same commands again. */
const { MODEL_RUNS = "25", MODEL_SEED, MODEL_PATH, MODEL_REPLAY } = process.env;
const RUNS = Number(MODEL_RUNS);

let world: World;
const hosts: ProviderHost[] = [];

beforeAll(async () => {
  world = await startWorld(1);
});

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await world.stop();
});

test("the model is smaller than what it is a model of: fewer than 150 lines", () => {
  const lines = readFileSync(path.join(__dirname, "model.ts"), "utf8").trimEnd().split("\n");
  expect(lines.length).toBeLessThan(150);
});

test("whatever is commanded, the tenant and the outputs become what the model says", async () => {
  const tenant = world.nextTenant();
  const counts = new Map<string, number>();
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  let host = world.host;
  const nextHost = async (): Promise<ProviderHost> => {
    host = await startTrustingHost(world.emulator);
    hosts.push(host);
    return host;
  };
  /** A stack of its own; of the tenant's former keys none is left valid. */
  async function setup(): Promise<{ model: Model; real: Real }> {
    const { emulator } = world;
    await dashboard(emulator, tenant, "rotate");
    for (const kid of (await ringOf(emulator, tenant)).previous)
      await dashboard(emulator, tenant, `revoke/${kid}`);
    const { current, next } = await ringOf(emulator, tenant);
    const real = { emulator, tenant, stack: new Stack(host), nextHost, count };
    return { model: new Model(current, next), real };
  }
  const commands = fc.commands(COMMANDS, {
    maxCommands: 16,
    size: "max",
    ...(MODEL_REPLAY !== undefined && { replayPath: MODEL_REPLAY }),
  });
  await fc.assert(
    fc.asyncProperty(commands, (given) => fc.asyncModelRun(setup, given)),
    {
      numRuns: RUNS,
      // Each command takes its time, and there are few of them.
      endOnFailure: true,
      ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
      ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
    },
  );
  const effects = ["rotate", "revoke"];
  const done = [...counts].filter(([what]) => !effects.includes(what) && !what.startsWith("refused: "));
  const commandsRun = done.reduce((sum, [, times]) => sum + times, 0);
  process.stdout.write(`model: ${JSON.stringify(Object.fromEntries([...counts].sort()))}\n`);
  process.stdout.write(`figure: model-sequences ${RUNS}\nfigure: model-commands ${commandsRun}\n`);
  // A few sequences may happen to lack one of them.
  if (RUNS < 20 || MODEL_PATH !== undefined) return;
  const expected = [...effects, "up", "killed after the intent", "somebody rotates", "wait", "refresh"];
  expect(expected.filter((what) => !counts.has(what))).toEqual([]);
});
