import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Change } from "../../src/cli/audit/reconcile";
import { REVOCATION_TYPE, ROTATION_TYPE } from "../../src/shell";
import type { Emulator, TenantAccess } from "../support/emulator";
import { startProviderHost } from "../support/providerHost";
import { applicationWith, codesOf, machineFor, testNoSecretIsLeftBehind } from "./machines";
import { Stack } from "./stack";
import { dashboard, requestsTo, ringOf, startTenants, tenantFields } from "./tenants";

jest.setTimeout(60_000);

let emulator: Emulator;
let nextTenant: () => TenantAccess;
beforeAll(async () => {
  ({ emulator, nextTenant } = await startTenants(4));
});
afterAll(async () => {
  await emulator.stop();
});

/** A stack whose runs leave receipts in `audit.jsonl` of this machine's folder, and its state as exported. */
async function auditedStack(tenant: TenantAccess, folder: string) {
  const host = await startProviderHost({
    env: {
      NODE_EXTRA_CA_CERTS: tenant.caFile,
      AUTH0_SIGNING_KEYS_AUDIT_FILE: path.join(folder, "audit.jsonl"),
      AUTH0_SIGNING_KEYS_ACTOR: "mona",
    },
  });
  const stack = new Stack(host);
  const base = { tenant: tenantFields(tenant), minKeyAge: "0s" };
  return {
    up: (args: object) => stack.up({ ...base, ...args }),
    stop: () => host.stop(),
    export: () => {
      const { inputs, outputs } = stack.state.rotation ?? {};
      const resource = { type: ROTATION_TYPE, inputs, outputs: { ...outputs, tenant: undefined } };
      const deployment = { resources: [{ type: "pulumi:pulumi:Stack" }, resource] };
      writeFileSync(path.join(folder, "state.json"), JSON.stringify({ version: 3, deployment }));
    },
  };
}

interface Audited {
  readonly tenants: readonly {
    readonly domain: string;
    readonly logSince?: string;
    readonly changes: readonly Change[];
  }[];
  readonly unasked: readonly string[];
}

function verdicts(stdout: string): string[] {
  const { tenants } = JSON.parse(stdout) as Audited;
  return tenants.flatMap(({ changes }) =>
    changes.map(({ action, kid = "", verdict, by = "", loggedBy = "" }) =>
      [action, kid, verdict, by, loggedBy && "logged"].filter(Boolean).join(" "),
    ),
  );
}

test("a year's changes are accounted for, until somebody rotates in the Dashboard", async () => {
  const tenant = nextTenant();
  const machine = machineFor(tenant);
  const stack = await auditedStack(tenant, machine.folder);
  const { current: first } = await ringOf(emulator, tenant);
  await stack.up({ generation: 1, reason: "quarterly" });
  await stack.up({ generation: 1, revokeNow: { kid: first, reason: "INC-7" } });
  await stack.stop();

  const auditor = await applicationWith(emulator, tenant, "read:signing_keys", "read:logs");
  const args = ["audit", "--tenant", tenant.domain, "--receipts", "audit.jsonl"];
  const accounted = await machine.run([...args, "--json"], auditor);
  expect([accounted.outcome, accounted.stderr]).toEqual([0, ""]);
  expect(verdicts(accounted.stdout)).toEqual([
    `rotate ${first} accounted mona logged`,
    `revoke ${first} accounted mona logged`,
  ]);

  const { current: second } = await ringOf(emulator, tenant);
  await dashboard(emulator, tenant, "rotate");
  const words = await machine.run(args);
  expect(words.outcome).toBe(1);
  expect(words.stdout).toMatch(new RegExp(`rotate +│ ${second} +│ no receipt`));
  expect(words.stdout).toContain("1 of 3 changes are not accounted for: ask who made them.");
});

test("without read:logs receipts and ring alone are compared, which is said; several tenants in one go", async () => {
  const [one, other] = [nextTenant(), nextTenant()];
  const machine = machineFor(one);
  // As a forge's artifacts come down: a folder each.
  mkdirSync(path.join(machine.folder, "receipts/run-1"), { recursive: true });
  writeFileSync(path.join(machine.folder, "receipts/run-1/audit.jsonl"), "");
  const reader = await applicationWith(emulator, other, "read:signing_keys");
  await dashboard(emulator, other, "rotate");
  const args = ["audit", "--receipts", "receipts", "--json", "--tenant", one.domain];
  const env = {
    OTHER_AUTH0_CLIENT_ID: reader.AUTH0_CLIENT_ID,
    OTHER_AUTH0_CLIENT_SECRET: reader.AUTH0_CLIENT_SECRET,
  };
  const { outcome, stdout, stderr } = await machine.run([...args, "--tenant", `${other.domain}=OTHER`], env);
  expect(outcome).toBe(1);
  expect(stderr).toContain(`${other.domain}: without the scope read:logs its log says nothing`);
  const { tenants } = JSON.parse(stdout) as Audited;
  expect(tenants.map(({ domain, changes }) => [domain, changes.length])).toEqual([
    [one.domain, 0],
    [other.domain, 1],
  ]);
  expect(tenants[1]?.logSince).toBeUndefined();
});

test("receipts of a tenant that was not asked are said, with exit code 1; lines that are none are all named", async () => {
  const tenant = nextTenant();
  const machine = machineFor(tenant);
  const receipt = {
    ...{ version: 1, attempt: "a", at: "2026-01-01T00:00:00.000Z", domain: "other.eu.auth0.com" },
    ...{ action: "rotate", outcome: "done", kid: "abc", by: "mona" },
  };
  const file = path.join(machine.folder, "audit.jsonl");
  writeFileSync(file, `${JSON.stringify(receipt)}\n`);
  const audited = await machine.run(["audit", "--tenant", tenant.domain, "--receipts", "audit.jsonl"]);
  expect([audited.outcome, audited.stdout]).toEqual([
    1,
    expect.stringContaining("not asked: other.eu.auth0.com"),
  ]);

  mkdirSync(path.join(machine.folder, "empty"));
  const empty = await machine.run(["audit", "--tenant", tenant.domain, "--receipts", "empty"]);
  expect([empty.outcome, codesOf(empty)]).toEqual([1, ["receipt_unusable"]]);
  writeFileSync(file, `nonsense\n${JSON.stringify(receipt)}\n{"version":2}\n`);
  await emulator.clearJournal();
  const refused = await machine.run(["audit", "--tenant", tenant.domain, "--receipts", "audit.jsonl"]);
  expect([refused.outcome, refused.stdout, codesOf(refused)]).toEqual([1, "", ["receipt_unusable"]]);
  expect(refused.stderr).toContain("audit.jsonl line 1, audit.jsonl line 3: no receipt");
  expect(await requestsTo(emulator, tenant)).toEqual([]);
});

describe("receipt", () => {
  test("sums up a stack and what its run attempted, as Markdown and as JSON, and asks nobody", async () => {
    const tenant = await someTenant();
    const machine = machineFor(tenant);
    const stack = await auditedStack(tenant, machine.folder);
    const { current: retired } = await ringOf(emulator, tenant);
    await stack.up({ generation: 0 });
    await stack.up({ generation: 1, reason: "for @everybody", revokePrevious: true, gracePeriod: "24h" });
    await stack.up({ generation: 0 }).catch(() => undefined);
    stack.export();
    await stack.stop();
    const { current } = await ringOf(emulator, tenant);
    await emulator.clearJournal();

    const args = ["receipt", "--state", "state.json", "--audit", "audit.jsonl"];
    const { outcome, stdout, stderr } = await machine.run(args);
    expect([outcome, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`### Signing keys of \`${tenant.domain}\``);
    expect(stdout).toContain(`Generation 1 (for @&#8203;everybody): current key \`${current}\``);
    expect(stdout).toMatch(/The ring as recorded: last seen to change .* ago, at \S+\./);
    expect(stdout).toMatch(new RegExp(`- \`${retired}\` is to be revoked from \\S+ on \\(in .*\\)\\.`));
    expect(stdout).toMatch(
      new RegExp(`\\| rotate \\| \`${retired}\` \\| done \\| \\S+ \\| mona \\| for @&#8203;everybody \\|`),
    );

    const json = await machine.run([...args, "--json"]);
    const { tenants, attempts } = JSON.parse(json.stdout) as {
      tenants: readonly object[];
      attempts: readonly object[];
    };
    expect(tenants).toEqual([
      expect.objectContaining({
        domain: tenant.domain,
        generation: 1,
        currentKid: current,
        due: [{ kid: retired, revokeDueAt: expect.any(String) as string }],
      }),
    ]);
    expect(attempts).toContainEqual(
      expect.objectContaining({ action: "rotate", kid: retired, outcome: "done" }),
    );
    expect(await requestsTo(emulator, tenant)).toEqual([]);
  });

  test("of a stack without keys, and of a run that attempted nothing", async () => {
    const tenant = await someTenant();
    const machine = machineFor(tenant);
    writeFileSync(path.join(machine.folder, "state.json"), '{"version":3,"deployment":{}}');
    const env = { AUTH0_SIGNING_KEYS_AUDIT_FILE: path.join(machine.folder, "none.jsonl") };
    const { outcome, stdout } = await machine.run(["receipt", "--state", "state.json"], env);
    expect([outcome, stdout]).toEqual([
      0,
      "No signing keys are managed by this stack yet.\n\nThere are no receipts of this run: it asked Auth0 to change nothing, or they were not delivered.\n",
    ]);
  });

  test("of a stack that only revokes, by standard input, which takes its time", async () => {
    const machine = machineFor(await someTenant());
    const outputs = {
      domain: "acme.eu.auth0.com",
      keys: [{ kid: "abc", retiredAt: "2026-01-01T00:00:00.000Z", revokeDueAt: "2026-01-02T00:00:00.000Z" }],
      pending: [{ step: "verify-revocation", kid: "def", since: "2026-01-03T00:00:00.000Z" }],
      hold: false,
    };
    const state = { version: 3, deployment: { resources: [{ type: REVOCATION_TYPE, outputs }] } };
    const { stdout } = await machine.runAfter(JSON.stringify(state), ["receipt", "--state", "-"]);
    expect(stdout).toContain("- `abc` is to be revoked by the next update: it has been due since 2026-01-02");
    expect(stdout).toContain("- Not finished: verify-revocation of `def`, since 2026-01-03");
  });

  test.each([
    ["neither a state nor receipts", [], "invalid_input"],
    ["a state that is none", ["--state", "state.json"], "receipt_unusable"],
    ["a state whose dates are none", ["--state", "forged.json"], "receipt_unusable"],
    ["a file of receipts that isn't there", ["--audit", "missing.jsonl"], "receipt_unusable"],
  ])("%s is refused", async (_, args, code) => {
    const machine = machineFor(await someTenant());
    writeFileSync(path.join(machine.folder, "state.json"), "[]");
    const outputs = {
      domain: "a",
      keys: [{ kid: "b", retiredAt: "# 2026 @everybody" }],
      pending: [],
      hold: false,
    };
    const forged = { version: 3, deployment: { resources: [{ type: REVOCATION_TYPE, outputs }] } };
    writeFileSync(path.join(machine.folder, "forged.json"), JSON.stringify(forged));
    const run = await machine.run(["receipt", ...args]);
    expect([run.outcome, run.stdout, codesOf(run)]).toEqual([1, "", [code]]);
  });
});

let shared: TenantAccess | undefined;
/** One for all that read nothing of it but its first rotation. */
async function someTenant(): Promise<TenantAccess> {
  shared ??= (await emulator.tenants()).at(-1);
  if (shared === undefined) throw new Error("the emulator has no tenant");
  return shared;
}

testNoSecretIsLeftBehind();
