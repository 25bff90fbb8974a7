import { setTimeout as sleep } from "node:timers/promises";
import { mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import type { Machine, RunningCli } from "../support/cli";
import type { Fault, JournalEntry, TenantAccess } from "../support/emulator";
import {
  applicationWith,
  codesOf,
  machineFor,
  receiptIn,
  staticToken,
  testNoSecretIsLeftBehind,
} from "./machines";
import {
  dashboard,
  effectsOn,
  journalOf,
  PATHS,
  requestsTo,
  ringOf,
  startTenants,
  type Request,
} from "./tenants";

jest.setTimeout(60_000);

let emulator: Awaited<ReturnType<typeof startTenants>>["emulator"];
let nextTenant: () => TenantAccess;
beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(29));
});
afterEach(async () => {
  await emulator.clearFaults();
});
afterAll(async () => {
  await emulator.stop();
});

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
/** Longer than it takes to see a request in the journal and to kill, shorter than the request time-out. */
const HELD_MS = 2_000;
/** Longer than it takes to run the command once more, shorter than the ring is watched then. */
const LATE_MS = 4_000;

/** The command for a tenant: the current key, unless it says otherwise. */
function command({ domain }: TenantAccess, ...more: string[]): string[] {
  const compromised = more.includes("--compromised") ? [] : ["--compromised", "current"];
  return ["emergency", "--tenant", domain, ...compromised, "--reason", "INC-42: leaked", ...more];
}
const BOTH = ["--compromised", "both"];

/** A tenant of its own, its ring as it was, and a machine with its credentials. */
async function night() {
  const tenant = nextTenant();
  const { current, next } = await ringOf(emulator, tenant);
  const machine = machineFor(tenant);
  return {
    tenant,
    machine,
    current,
    next,
    run: (...more: string[]) => machine.run(command(tenant, ...more)),
    start: (...more: string[]) => machine.start(command(tenant, ...more)),
    effects: () => effectsOn(emulator, tenant),
  };
}

function fault(tenant: TenantAccess, what: Request, faulty: Omit<Fault, "match" | "tenant">): Promise<void> {
  return emulator.fault({ ...faulty, match: PATHS[what], tenant: tenant.domain });
}

async function until(tenant: TenantAccess, isReached: (entry: JournalEntry) => boolean): Promise<void> {
  for (let waited = 0; !(await journalOf(emulator, tenant)).some(isReached); waited += 10) {
    if (waited > 20_000) throw new Error("the moment never came");
    await sleep(10);
  }
}

/** SIGKILL as soon as Auth0 has done it, and before it has answered. */
async function killedAt(
  tenant: TenantAccess,
  effect: "rotate" | "revoke",
  start: () => RunningCli,
): Promise<void> {
  await fault(tenant, effect, { fault: "delay", delayMs: HELD_MS });
  const running = start();
  await until(tenant, (entry) => entry.effect === effect);
  running.signal("SIGKILL");
  expect((await running.ended).outcome).toBe("SIGKILL");
}

function permissions(machine: Machine, file: string): number {
  return statSync(path.join(machine.folder, file)).mode & 0o777;
}

describe("the current key", () => {
  test("is rotated out, verified, and revoked with a fresh token, and the receipt says so", async () => {
    const { tenant, machine, current, next, run, effects } = await night();
    const { outcome, stdout, stderr } = await run();
    expect([outcome, stderr]).toEqual([0, expect.stringContaining(`revoked ${current}`)]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
    expect(await requestsTo(emulator, tenant)).toEqual([
      ...["token", "list", "rotate", "list", "jwks"],
      ...["token", "list", "revoke", "list", "token", "list", "jwks"],
    ]);
    const after = await ringOf(emulator, tenant);
    expect(after.current).toBe(next);
    const file = `auth0-emergency-${tenant.domain.replace(":", "-")}.json`;
    expect([machine.files(), permissions(machine, file)]).toEqual([[file], 0o600]);
    const receipt = receiptIn(machine, tenant);
    expect(receipt).toEqual({
      version: 1,
      tenant: tenant.domain,
      compromised: "current",
      reason: "INC-42: leaked",
      startedAt: ISO,
      keys: [{ kid: current, rotatedAt: ISO, revokedAt: ISO }],
      currentKid: after.current,
      nextKid: after.next,
      finishedAt: ISO,
    });
    for (const said of [
      `${current}   rotated out `,
      `current now  ${next}`,
      "pulumi refresh",
      "pinned certificates",
    ])
      expect(stdout).toContain(said);
  });

  test("pasted once more nothing is done, not even asked, and it says how to begin another", async () => {
    const { tenant, current, run, effects } = await night();
    const first = await run("--json");
    await emulator.clearJournal();
    const again = await run("--json");
    expect([again.outcome, await requestsTo(emulator, tenant)]).toEqual([0, []]);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(first.stdout));
    const { stdout } = await run();
    expect(stdout).toMatch(/finished at .* by an earlier run, so nothing was done now/);
    expect(stdout).toMatch(/To begin another one: .*--receipt.*--kid/);
    const other = await run("--receipt", "another.json", "--kid", (await ringOf(emulator, tenant)).current);
    expect([other.outcome, (await effects()).length]).toEqual([0, 2]);
    expect((await ringOf(emulator, tenant)).revoked).toHaveLength(2);
    expect((await ringOf(emulator, tenant)).revoked).toContain(current);
  });
});

test("both keys: current, then what was next, and their successors are in use", async () => {
  const { tenant, current, next, run, effects } = await night();
  const { outcome, stdout, stderr } = await run(...BOTH, "--json");
  expect([outcome, stderr]).toEqual([
    0,
    expect.stringContaining("takes 2 rotations; of Auth0's 5 a day 5 are left"),
  ]);
  expect(await effects()).toEqual([
    ...[`rotate ${current}`, `revoke ${current}`],
    ...[`rotate ${next}`, `revoke ${next}`],
  ]);
  const after = await ringOf(emulator, tenant);
  expect(after).toMatchObject({ previous: [], revoked: expect.arrayContaining([current, next]) as string[] });
  expect(JSON.parse(stdout)).toMatchObject({
    keys: [{ kid: current }, { kid: next }],
    currentKid: after.current,
    nextKid: after.next,
  });
});

describe("the same command goes on after", () => {
  test.each<["rotate" | "revoke"]>([["rotate"], ["revoke"]])("SIGKILL right after the %s", async (effect) => {
    const { tenant, machine, current, run, start, effects } = await night();
    await killedAt(tenant, effect, start);
    expect(receiptIn(machine, tenant)).not.toHaveProperty("finishedAt");
    const again = await run();
    expect([again.outcome, again.stderr]).toEqual([0, expect.any(String)]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
    expect(receiptIn(machine, tenant)).toMatchObject({
      keys: [{ kid: current, rotatedAt: ISO, revokedAt: ISO }],
      finishedAt: ISO,
    });
    expect(await requestsTo(emulator, tenant)).toEqual(expect.arrayContaining(["jwks"]));
  });

  test("SIGKILL while the rotation is still on its way: it is waited for, not repeated", async () => {
    const { tenant, current, start, run, effects } = await night();
    await fault(tenant, "rotate", { fault: "late-effect", delayMs: LATE_MS });
    const running = start();
    await until(tenant, ({ method, status }) => method === "POST" && status === 0);
    running.signal("SIGKILL");
    await running.ended;
    expect(await effects()).toEqual([]);
    const { outcome, stderr } = await run();
    expect([outcome, stderr]).toEqual([
      0,
      expect.stringContaining("another run of this emergency may be at it, or may have been killed at it"),
    ]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });

  test.each<[string, "rotate" | "revoke", number]>([
    ["the first of two revocations", "revoke", 1],
    ["the second of two rotations", "rotate", 2],
  ])("SIGKILL right after %s", async (_, effect, nth) => {
    const { tenant, machine, current, next, start, run, effects } = await night();
    if (nth === 2) await fault(tenant, effect, { fault: "delay", delayMs: 0 });
    await fault(tenant, effect, { fault: "delay", delayMs: HELD_MS });
    const running = start(...BOTH);
    const count = async (): Promise<number> =>
      (await effects()).filter((each) => each.startsWith(effect)).length;
    while ((await count()) < nth) await sleep(10);
    running.signal("SIGKILL");
    await running.ended;
    const again = await run(...BOTH);
    expect([again.outcome, again.stderr]).toEqual([0, expect.any(String)]);
    expect(await effects()).toEqual([
      ...[`rotate ${current}`, `revoke ${current}`],
      ...[`rotate ${next}`, `revoke ${next}`],
    ]);
    expect(receiptIn(machine, tenant).finishedAt).toEqual(ISO);
  });

  test("an answer lost on either write: nothing is repeated, and one run is enough", async () => {
    const { tenant, current, run, effects } = await night();
    await fault(tenant, "rotate", { fault: "status-after-effect", status: 500 });
    await fault(tenant, "revoke", { fault: "reset-after-effect" });
    const { outcome, stderr } = await run();
    expect([outcome, stderr]).toEqual([0, expect.stringContaining("whether it took effect is unknown")]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });

  test("a JWKS that doesn't show the new key: nothing is revoked before it does", async () => {
    const { tenant, machine, current, run, effects } = await night();
    await fault(tenant, "jwks", { fault: "stale-jwks", times: 99 });
    const first = await run("--verify-timeout", "1s");
    expect([first.outcome, codesOf(first)]).toEqual([1, ["verification_timeout"]]);
    expect(first.stderr).toMatch(/what has happened is in \S+; run the same command again/);
    expect([first.stdout, await effects()]).toEqual(["", [`rotate ${current}`]]);
    expect(receiptIn(machine, tenant).keys).toEqual([{ kid: current, rotatedAt: ISO }]);
    await emulator.clearFaults();
    expect((await run("--verify-timeout", "1s")).outcome).toBe(0);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });

  test("Ctrl-C: the request in flight is finished and recorded, nothing more is begun, exit code 130", async () => {
    const { tenant, machine, current, start, run, effects } = await night();
    await fault(tenant, "rotate", { fault: "delay", delayMs: HELD_MS });
    const running = start();
    await until(tenant, ({ effect }) => effect === "rotate");
    running.signal("SIGINT");
    const { outcome, stdout, stderr } = await running.ended;
    expect([outcome, stdout]).toEqual([130, ""]);
    expect(stderr).toContain("interrupted: the request in flight is finished first");
    expect(stderr).toContain(`rotated: `);
    expect(stderr).toContain("run the same command again to go on from there");
    expect(receiptIn(machine, tenant).keys).toEqual([{ kid: current, rotatedAt: ISO }]);
    expect(await effects()).toEqual([`rotate ${current}`]);
    expect((await run()).outcome).toBe(0);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });

  test("Ctrl-C in a wait: it ends at once", async () => {
    const { tenant, start, effects } = await night();
    await fault(tenant, "jwks", { fault: "stale-jwks", times: 99 });
    const running = start();
    await until(tenant, ({ path: asked }) => asked === PATHS.jwks.path);
    const before = Date.now();
    running.signal("SIGINT");
    expect((await running.ended).outcome).toBe(130);
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(await effects()).toHaveLength(1);
  });

  test("somebody else's rotation in between: it stops, and then goes on with the keys that were meant", async () => {
    const { tenant, current, next, start, run, effects } = await night();
    await fault(tenant, "revoke", { fault: "delay", delayMs: HELD_MS });
    const running = start(...BOTH);
    await until(tenant, ({ effect }) => effect === "revoke");
    await dashboard(emulator, tenant, "rotate");
    const first = await running.ended;
    expect([first.outcome, codesOf(first)]).toEqual([1, ["current_kid_mismatch"]]);
    expect(first.stderr).toContain(`and not ${next}, which was next; ${next} is not revoked`);
    const again = await run(...BOTH);
    expect([again.outcome, again.stderr]).toEqual([0, expect.any(String)]);
    const after = await effects();
    expect(after).toEqual([
      ...[`rotate ${current}`, `revoke ${current}`],
      ...[`rotate ${next}`, `revoke ${next}`],
    ]);
  });
});

test("two at once in one folder rotate and revoke once", async () => {
  const { current, start, run, effects } = await night();
  const outcomes = (await Promise.all([start().ended, start().ended])).map(({ outcome }) => outcome);
  expect(outcomes).toContain(0);
  expect((await run()).outcome).toBe(0);
  expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
});

describe("on another machine", () => {
  test("without a name it is refused, with both ways on; by name it goes on", async () => {
    const { tenant, current, next, start, effects } = await night();
    await killedAt(tenant, "rotate", start);
    const other = machineFor(tenant);
    const refused = await other.run(command(tenant));
    expect([refused.outcome, codesOf(refused)]).toEqual([1, ["emergency_unclear"]]);
    const wayOn = (kid: string): string =>
      `auth0-signing-keys ${command(tenant, "--kid", kid).join(" ").replace("INC-42: leaked", "'INC-42: leaked'")}`;
    expect(refused.stderr).toContain(`to go on with it: ${wayOn(current)};`);
    expect(refused.stderr).toContain(`to begin with the key that is current now: ${wayOn(next)};`);
    expect(other.files()).toEqual([]);
    const { outcome, stderr } = await other.run(command(tenant, "--kid", current));
    expect([outcome, stderr]).toEqual([0, expect.any(String)]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
  });

  test("a rotation of the first one that is still on its way is waited for", async () => {
    const { tenant, current, start, effects } = await night();
    await fault(tenant, "rotate", { fault: "late-effect", delayMs: LATE_MS });
    const running = start();
    await until(tenant, ({ method, status }) => method === "POST" && status === 0);
    running.signal("SIGKILL");
    await running.ended;
    const { outcome, stderr } = await machineFor(tenant).run(command(tenant, "--kid", current));
    expect([outcome, stderr]).toEqual([0, expect.stringContaining("watching the key ring")]);
    expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
    // Not by the second one: its own request would have been answered.
    const rotations = (await journalOf(emulator, tenant)).filter(({ method }) => method === "POST");
    expect(
      rotations.filter(({ path: asked }) => asked === PATHS.rotate.path).map(({ status }) => status),
    ).toEqual([0, 0]);
  });

  test("both by name, after the first of them is done", async () => {
    const { tenant, current, next, start, effects } = await night();
    await killedAt(tenant, "revoke", () => start(...BOTH));
    const other = machineFor(tenant);
    const { outcome, stderr } = await other.run(command(tenant, ...BOTH, "--kid", current, "--kid", next));
    expect([outcome, stderr]).toEqual([0, expect.any(String)]);
    expect(await effects()).toEqual([
      ...[`rotate ${current}`, `revoke ${current}`],
      ...[`rotate ${next}`, `revoke ${next}`],
    ]);
  });

  test("a key that is revoked already is done", async () => {
    const { tenant, current, run, effects } = await night();
    await run();
    const other = machineFor(tenant);
    const { outcome, stdout } = await other.run(command(tenant, "--kid", current, "--json"));
    expect([outcome, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ keys: [{ kid: current, rotatedAt: ISO, revokedAt: ISO }], finishedAt: ISO }),
    ]);
    expect(await effects()).toHaveLength(2);
  });
});

describe("refuses, before anything is written to Auth0 or here,", () => {
  let tenant: TenantAccess;
  let current: string;
  let next: string;
  beforeAll(() => {
    tenant = nextTenant();
  });
  beforeEach(async () => {
    ({ current, next } = await ringOf(emulator, tenant));
  });

  /** Runs it on a machine of its own and expects that nothing has come of it. */
  async function refused(more: string[], env: Readonly<Record<string, string>> = {}) {
    const machine = machineFor(tenant);
    const run = await machine.run(command(tenant, ...more), env);
    expect([run.stdout, machine.files(), await effectsOn(emulator, tenant)]).toEqual(["", [], []]);
    return { outcome: run.outcome, codes: codesOf(run), stderr: run.stderr };
  }

  test("missing scopes, each named", async () => {
    const env = await applicationWith(emulator, tenant, "read:signing_keys");
    expect(await refused([], env)).toMatchObject({
      outcome: 1,
      codes: ["insufficient_scope"],
      stderr: expect.stringContaining("lacks create:signing_keys, update:signing_keys") as string,
    });
  });

  test("another tenant's credentials, without a request to either", async () => {
    await emulator.clearJournal();
    expect(await refused([], { AUTH0_DOMAIN: "acme.eu.auth0.com" })).toMatchObject({
      outcome: 1,
      codes: ["wrong_tenant"],
    });
    expect(await requestsTo(emulator, tenant)).toEqual([]);
  });

  test("wrong credentials, and none", async () => {
    expect(await refused([], { AUTH0_CLIENT_SECRET: "wrong" })).toMatchObject({ codes: ["access_denied"] });
    expect(await refused([], { AUTH0_CLIENT_SECRET: "" })).toMatchObject({ codes: ["invalid_input"] });
  });

  test("a static token that the compromised key has signed", async () => {
    expect(await refused([], await staticToken(emulator, tenant))).toMatchObject({
      outcome: 1,
      codes: ["token_not_current"],
      stderr: expect.stringContaining("would end with it") as string,
    });
  });

  test("a key that is not listed, an empty name, and the next key alone", async () => {
    expect(await refused(["--kid", "mistyped"])).toMatchObject({
      outcome: 1,
      codes: ["kid_mismatch"],
      stderr: expect.stringContaining(`${current} (current), ${next} (next)`) as string,
    });
    expect(await refused(["--kid", ""])).toMatchObject({ outcome: 1, codes: ["kid_mismatch"] });
    expect(await refused(["--kid", next])).toMatchObject({
      outcome: 1,
      codes: ["kid_mismatch"],
      stderr: expect.stringContaining(`--compromised both`) as string,
    });
  });

  test("a receipt that can't be written", async () => {
    expect(await refused(["--receipt", "no/such/folder.json"])).toMatchObject({
      outcome: 1,
      codes: ["receipt_unusable"],
    });
  });

  test.each<[string, string[], RegExp]>([
    ["one of both keys", [...BOTH, "--kid", "a"], /--compromised both takes two --kid, or none/],
    ["two names for one key", ["--kid", "a", "--kid", "b"], /--compromised current takes one --kid/],
    ["what is compromised mistyped", ["--compromised", "next"], /Allowed choices are current, both/],
    ["an empty reason", ["--reason", " "], /--reason .* 1 to 500 characters/],
    ["a time-out that is none", ["--verify-timeout", "60"], /--verify-timeout .* a number with a unit/],
    ["a URL for a domain", ["--tenant", "https://acme.eu.auth0.com/"], /--tenant .* a bare domain/],
    ["an option that there isn't", ["--force"], /unknown option '--force'/],
  ])("with exit code 2, %s", async (_, more, words) => {
    const { outcome, stderr } = await refused(more);
    expect([outcome, stderr]).toEqual([2, expect.stringMatching(words)]);
  });

  test("the same in a dry run, which otherwise prints the plan and ends", async () => {
    expect(await refused(["--dry-run", "--kid", next])).toMatchObject({
      outcome: 1,
      codes: ["kid_mismatch"],
    });
    const machine = machineFor(tenant);
    const { outcome, stdout } = await machine.run(command(tenant, ...BOTH, "--dry-run"));
    expect([outcome, stdout.split("\n").map((line) => line.trim())]).toEqual([
      0,
      [
        `${tenant.domain}: emergency (INC-42: leaked)`,
        expect.stringMatching(`^1\\. ${current} \\(current, current since .*\\): rotate it out, revoke it$`),
        `2. ${next} (next): rotate it out once it is current, revoke it`,
        "takes 2 rotations; of Auth0's 5 a day 5 are left at most",
        `receipt: ./auth0-emergency-${tenant.domain.replace(":", "-")}.json`,
        "",
      ],
    ]);
    const json = await machine.run(command(tenant, "--dry-run", "--json"));
    expect(JSON.parse(json.stdout)).toEqual({
      dryRun: true,
      tenant: tenant.domain,
      compromised: "current",
      reason: "INC-42: leaked",
      keys: [{ kid: current, state: "current" }],
      rotationsNeeded: 1,
      rotationsLeftAtMost: 5,
      receipt: `./auth0-emergency-${tenant.domain.replace(":", "-")}.json`,
    });
    expect([machine.files(), await effectsOn(emulator, tenant)]).toEqual([[], []]);
  });
});

describe("the day's rotations", () => {
  test("too few for both: refused, and done one by one by the commands that it names", async () => {
    const { tenant, machine, run, effects } = await night();
    for (let made = 0; made < 4; made += 1) await dashboard(emulator, tenant, "rotate");
    const { current, next } = await ringOf(emulator, tenant);
    const named = [...BOTH, "--kid", current, "--kid", next];
    const refused = await run(...named);
    expect([refused.outcome, codesOf(refused), machine.files()]).toEqual([1, ["budget_spent"], []]);
    expect(refused.stderr).toMatch(/it takes 2 rotations, and of Auth0's 5 a day 1 is left at most/);
    expect(await effects()).toHaveLength(4);
    const commands = [...refused.stderr.matchAll(/auth0-signing-keys (emergency [^;]*?)(?=; )/g)].map(
      ([, words = ""]) =>
        words.split(" ").flatMap((word) => (word.startsWith("'") || word.endsWith("'") ? [] : [word])),
    );
    expect(commands).toHaveLength(2);
    for (const [index, words] of commands.entries()) {
      // The reason is the one word in quotes.
      words.splice(words.indexOf("--reason") + 1, 0, "INC-42: leaked");
      if (index === 1) await emulator.advanceClock("24h", tenant.domain);
      const { outcome, stderr } = await machine.run(words);
      expect([outcome, stderr]).toEqual([0, expect.any(String)]);
    }
    expect((await effects()).slice(4)).toEqual([
      ...[`rotate ${current}`, `revoke ${current}`],
      ...[`rotate ${next}`, `revoke ${next}`],
    ]);
  });

  test("with --ignore-budget Auth0 decides: what it refuses is done by the same command a day later", async () => {
    const limited = await startTenants(1, "--rotations-per-day", "1");
    try {
      const tenant = limited.nextTenant();
      const { current, next } = await ringOf(limited.emulator, tenant);
      const machine = machineFor(tenant);
      const both = command(tenant, ...BOTH, "--ignore-budget");
      const first = await machine.run(both);
      expect([first.outcome, codesOf(first)]).toEqual([1, ["rate_limited"]]);
      expect(first.stderr).toMatch(/answers again from \d{4}-/);
      expect(receiptIn(machine, tenant).keys).toEqual([
        { kid: current, rotatedAt: ISO, revokedAt: ISO },
        { kid: next },
      ]);
      await limited.emulator.advanceClock("25h");
      const second = await machine.run(both);
      expect([second.outcome, second.stderr]).toEqual([0, expect.any(String)]);
      expect(await effectsOn(limited.emulator, tenant)).toEqual([
        ...[`rotate ${current}`, `revoke ${current}`],
        ...[`rotate ${next}`, `revoke ${next}`],
      ]);
    } finally {
      await limited.emulator.stop();
    }
  });
});

test("a receipt of another emergency, or none at all, is refused with the way to finish it", async () => {
  const { tenant, machine, current, next, start, run, effects } = await night();
  await killedAt(tenant, "rotate", start);
  const other = await run("--kid", next);
  expect([other.outcome, codesOf(other)]).toEqual([1, ["receipt_unusable"]]);
  expect(other.stderr).toContain(`(kid: ${current}, not ${next})`);
  expect(other.stderr).toMatch(/to finish that one: auth0-signing-keys emergency .*; to begin another/);
  expect(codesOf(await run(...BOTH))).toEqual(["receipt_unusable"]);
  const unreadable = await machine.run(command(tenant, "--receipt", "."));
  expect([unreadable.outcome, codesOf(unreadable)]).toEqual([1, ["receipt_unusable"]]);
  expect(await effects()).toEqual([`rotate ${current}`]);
});

test("a receipt that can't be written any more stops nothing: the ring tells the rest", async () => {
  const { tenant, machine, current, start, effects } = await night();
  const folder = path.join(machine.folder, "usb");
  mkdirSync(folder);
  await fault(tenant, "rotate", { fault: "delay", delayMs: HELD_MS });
  const running = start("--receipt", "usb/receipt.json");
  await until(tenant, ({ effect }) => effect === "rotate");
  rmSync(folder, { recursive: true });
  const { outcome, stdout, stderr } = await running.ended;
  expect([outcome, stderr]).toEqual([0, expect.stringContaining("(ENOENT); it goes on all the same")]);
  expect(stdout).toContain(`current now  ${(await ringOf(emulator, tenant)).current}`);
  expect(await effects()).toEqual([`rotate ${current}`, `revoke ${current}`]);
});

test("a static token of an older key does: it outlives what is revoked", async () => {
  const { tenant, machine, effects } = await night();
  const token = await staticToken(emulator, tenant);
  await dashboard(emulator, tenant, "rotate");
  const { current } = await ringOf(emulator, tenant);
  const { outcome, stderr } = await machine.run(command(tenant, "--kid", current), token);
  expect([outcome, stderr]).toEqual([0, expect.any(String)]);
  expect((await effects()).slice(1)).toEqual([`rotate ${current}`, `revoke ${current}`]);
});

testNoSecretIsLeftBehind();
