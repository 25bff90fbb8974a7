import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Stack } from "../support/engine";
import { effectsOf, expectNoRevocationOfAKeyInUse } from "./exactlyOnce";
import { stubGh } from "./gitops/ghStub";
import { runGithubJob, type JobOptions, type JobRun } from "./gitops/githubJob";
import { runGitlabJob, startGitlabApi } from "./gitops/gitlabJob";
import { binOf, commit, discardEdits, gitopsProgram, treeOf } from "./gitops/project";
import { keepSecret, stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { intentOf, rotationOf } from "./program";
import { examples } from "./readme";
import { TenantSupply, type TestTenant } from "./tenants";

jest.setTimeout(240_000);

const supply = new TenantSupply();
let tenant: TestTenant;
let stack: Stack;

beforeAll(async () => {
  tenant = await supply.take();
  stack = await stackOf("rotation");
  commit(stack);
});
// Each job begins with a checkout: what one sets for its own run is gone.
afterEach(() => {
  discardEdits(stack);
});
afterAll(async () => {
  await supply.stop();
});

async function stackOf(name: "rotation" | "revocation", beside?: Stack): Promise<Stack> {
  const made = await stackFor(tenant, {
    project: gitopsProgram(name),
    env: tenant.bareEnv,
    ...(beside && { beside }),
  });
  // The examples' types are checked with the tests' own.
  made.setEnvironment({
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    TS_NODE_TRANSPILE_ONLY: "true",
    PATH: `${binOf(made.folder)}${path.delimiter}${process.env["PATH"] ?? ""}`,
  });
  return made;
}

const REPOSITORY = "acme/infrastructure";
const SIGNING_KEYS = "signing-keys.yml";

/** An application of its own for each environment, with a private key and these scopes. */
async function application(...scopes: string[]): Promise<Record<string, string>> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  keepSecret(privateKey);
  const { body } = await tenant.emulator.control("POST", "/clients", {
    tenant: tenant.domain,
    scopes,
    publicKeyPem: publicKey,
  });
  return {
    "vars.AUTH0_DOMAIN": tenant.domain,
    "vars.AUTH0_CLIENT_ID": (body as { clientId: string }).clientId,
    "secrets.AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": privateKey,
  };
}

interface Run extends Partial<Pick<JobOptions, "edits" | "isWanted">> {
  /** In whose folder it runs. */
  readonly of?: Stack;
  readonly event?: string;
}

/** A job of a workflow, with what its environment holds. */
async function github(
  job: readonly [workflow: string, job: string],
  environment: Readonly<Record<string, string>>,
  { of = stack, event = "push", ...options }: Run = {},
): Promise<JobRun> {
  const values = {
    "vars.PULUMI_ORGANIZATION": "organization",
    "matrix.tenant": "test",
    "github.token": "a-token-of-github",
    "github.repository": REPOSITORY,
    "github.event.pull_request.head.sha": "0123456789",
    ...environment,
  };
  const env = { GITHUB_EVENT_NAME: event, GITHUB_RUN_ID: "42", GITHUB_REPOSITORY: REPOSITORY };
  return runGithubJob(of, job, { values, env, ...options });
}

const newestOf = (folder: string): string => `repos/${REPOSITORY}/commits?path=${folder}&sha=main&per_page=1`;

const pullsOf = (merge: string): string => `repos/${REPOSITORY}/commits/${merge}/pulls`;

interface Preview {
  readonly kid?: string;
  readonly tree?: string;
  readonly endedAt: string;
  readonly repository?: string;
}

/** GitHub knows of a pull request that brought the newest commit, and of the run that previewed it. */
function pullRequest(merge: string, preview?: Preview): void {
  const head = "fedcba9876543210";
  const { kid = "a-kid", tree = treeOf(stack), endedAt = "", repository = REPOSITORY } = preview ?? {};
  const runs = preview && [
    {
      id: 7,
      run_started_at: BEFORE_MERGE,
      updated_at: endedAt,
      head_repository: { full_name: repository },
    },
  ];
  stubGh(binOf(stack.folder), {
    api: {
      [newestOf("signing-keys")]: [{ sha: merge }],
      [pullsOf(merge)]: [{ merged_at: "2026-11-20T12:00:00Z", base: { ref: "main" }, head: { sha: head } }],
      [`repos/${REPOSITORY}/actions/workflows/signing-keys.yml/runs?event=pull_request&status=success&head_sha=${head}`]:
        { workflow_runs: runs ?? [] },
    },
    artifacts: { "7 signing-keys-preview-test": { "current-kid": kid, tree } },
  });
}

const BEFORE_MERGE = "2026-11-20T11:00:00Z";
const AFTER_MERGE = "2026-11-20T13:00:00Z";

/** A file that the preview leaves for the update. */
function artifactOf({ temporary }: JobRun, file: string): string {
  return readFileSync(path.join(temporary, "preview", file), "utf8").trim();
}

function setting(name: string, value: string): void {
  const file = path.join(stack.folder, "Pulumi.test.yaml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(new RegExp(`(signing-keys:${name}:).*`), `$1 ${value}`));
}

async function effects(): Promise<{ rotated: string[]; revoked: string[] }> {
  const journal = await tenant.journal();
  expectNoRevocationOfAKeyInUse(journal);
  return effectsOf(journal);
}

/** Names without GitHub's contexts, as GitLab has them. */
function inGitlab(values: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(values).map(([name, value]) => [name.replace(/^\w+\./, ""), value] as const);
  return { TENANT: "test", PULUMI_STACK: "organization/signing-keys/test", ...Object.fromEntries(named) };
}

const NEWEST_IN_GITLAB = "/projects/1/repository/commits?path=signing-keys&ref_name=main&per_page=1";
const mergeRequestsOf = (merge: string): string => `/projects/1/repository/commits/${merge}/merge_requests`;

/** The job that updates, with what its environment holds and what GitLab's API answers. */
async function gitlabUpdate(
  environment: Readonly<Record<string, string>>,
  answers: Readonly<Record<string, unknown>>,
  isLast?: (line: string) => boolean,
): ReturnType<typeof runGitlabJob> {
  const { url, server } = await startGitlabApi(answers);
  const api = { CI_API_V4_URL: url, CI_PROJECT_ID: "1", CI_DEFAULT_BRANCH: "main" };
  const env = { ...inGitlab(environment), ...api, SIGNING_KEYS_API_TOKEN: "a-token-of-gitlab" };
  try {
    return await runGitlabJob(stack, "update", env, isLast);
  } finally {
    server.close();
  }
}

describe("GitHub, after GitLab", () => {
  let rotating: Record<string, string>;
  let first: string;
  beforeAll(async () => {
    rotating = await application("read:signing_keys", "create:signing_keys", "update:signing_keys");
    first = (await tenant.ring()).current;
  });

  test("GitLab's pipeline adopts without a previewed kid, for that raises nothing", async () => {
    const merge = commit(stack);
    const run = await gitlabUpdate(rotating, {
      [NEWEST_IN_GITLAB]: [{ id: merge }],
      [mergeRequestsOf(merge)]: [],
    });
    expect([run.outcome, run.output]).toEqual([
      0,
      expect.stringMatching(/^First update: nothing to compare\.$/m),
    ]);
    expect(run.output).not.toContain("error:");
    expect(await stack.outputs()).toMatchObject({ commit: merge });
    expect(run.output).toContain("adopt the key ring as it is, rotate nothing");
    expect(await effects()).toEqual({ rotated: [], revoked: [] });
  });

  test("a preview writes nothing, needs no more than to read, and passes on the kid that it goes by", async () => {
    setting("generation", "1");
    commit(stack);
    const before = await tenant.journal();
    const run = await github([SIGNING_KEYS, "preview"], await application("read:signing_keys"));
    expect([run.outcome, run.output]).toEqual([0, expect.stringContaining("generation 0 → 1: rotate")]);
    expect(artifactOf(run, "current-kid")).toBe(first);
    expect(artifactOf(run, "tree")).toBe(treeOf(stack));
    const comment = readFileSync(path.join(run.temporary, "preview/comment.md"), "utf8");
    expect(comment).toMatch(/^<!-- signing-keys preview of test -->\n/);
    expect(comment).toContain(`rotate (${first} retires`);
    expect(comment).toMatch(/^Policies:\n +✅ auth0-signing-keys/m);
    expect(run.summary).toBe(comment);
    const asked = (await tenant.journal())
      .slice(before.length)
      .map(({ method, path: asking }) => [method, asking]);
    expect(asked).toEqual([
      ["POST", "/oauth/token"],
      ["GET", "/api/v2/keys/signing"],
    ]);
  });

  test("the comment is posted once and then updated, never one that somebody else has made to look like it", async () => {
    const bin = binOf(stack.folder);
    const text = "<!-- signing-keys preview of test -->\npreview";
    const artifacts = { "42 signing-keys-preview-test": { "comment.md": text } };
    const comments = `repos/${REPOSITORY}/issues/5/comments`;
    const others = { id: 3, user: { login: "mallory" }, body: text };
    const own = { id: 4, user: { login: "github-actions[bot]" }, body: text };
    const sent: unknown[] = [];
    for (const there of [[others], [others, own]]) {
      stubGh(bin, { api: { [`${comments}?per_page=100`]: there }, artifacts });
      const run = await github([SIGNING_KEYS, "comment"], { "github.event.pull_request.number": "5" });
      expect([run.outcome, run.output]).toEqual([0, ""]);
      sent.push(JSON.parse(readFileSync(path.join(bin, "gh.sent"), "utf8")));
    }
    expect(sent).toEqual([
      { method: "POST", path: comments, body: text },
      { method: "PATCH", path: `repos/${REPOSITORY}/issues/comments/4`, body: text },
    ]);
  });

  test("an old checkout is not carried out, in GitLab neither", async () => {
    const before = await tenant.journal();
    const newer = "f".repeat(40);
    stubGh(binOf(stack.folder), { api: { [newestOf("signing-keys")]: [{ sha: newer }] }, artifacts: {} });
    const run = await github([SIGNING_KEYS, "update"], rotating);
    const notice = `A newer commit of signing-keys, ${newer}, is carried out by its own`;
    expect([run.outcome, run.output]).toEqual([0, expect.stringContaining(notice)]);
    expect(run.ran).toEqual(["Whether this checkout has the newest commit"]);

    const inPipeline = await gitlabUpdate(rotating, { [NEWEST_IN_GITLAB]: [{ id: newer }] });
    expect([inPipeline.outcome, inPipeline.output]).toEqual([0, expect.stringContaining(notice)]);
    expect(await tenant.journal()).toEqual(before);
  });

  test.each<[string, Parameters<typeof pullRequest>[1]]>([
    ["no preview", undefined],
    ["a preview that ended after the merge", { endedAt: AFTER_MERGE }],
    ["a preview in a fork", { endedAt: BEFORE_MERGE, repository: "mallory/infrastructure" }],
    ["a preview of another content of the folder", { endedAt: BEFORE_MERGE, tree: "0".repeat(40) }],
  ])("a raise that was merged with %s has no previewed kid", async (_, preview) => {
    pullRequest(commit(stack), preview);
    const run = await github([SIGNING_KEYS, "update"], rotating, {
      isWanted: (name) => !/^(Record the ring as it is|Update|Receipt)$/.test(name),
    });
    expect([run.outcome, run.output]).toEqual([0, expect.stringContaining("No previewed kid")]);
    expect(run.variables).not.toHaveProperty("PREVIEWED_KID");
  });

  test("such a raise is refused by the policy before anything is recorded or written", async () => {
    const run = await github([SIGNING_KEYS, "update"], rotating);
    expect([run.outcome, run.output]).toEqual([
      1,
      expect.stringContaining("[mandatory]  signing-keys-raise-expects-current-kid"),
    ]);
    expect(await effects()).toEqual({ rotated: [], revoked: [] });
    expect(intentOf(stack).outputs).toMatchObject({ generation: 0, baselines: [] });
  });

  test("somebody else's rotation since the preview is drift, stops the merge and is put on record", async () => {
    await tenant.emulator.control("POST", `/tenants/${tenant.domain}/rotate`);
    const drift = await github([SIGNING_KEYS, "drift"], await application("read:signing_keys"));
    expect([drift.outcome, drift.output]).toEqual([1, expect.stringContaining("somebody else has rotated")]);

    const carriedOut = (await stack.outputs())["commit"];
    pullRequest(commit(stack), { kid: first, endedAt: BEFORE_MERGE });
    const run = await github([SIGNING_KEYS, "update"], rotating);
    expect([run.outcome, run.output]).toEqual([1, expect.stringContaining("[current_kid_mismatch]")]);
    expect(await effects()).toEqual({ rotated: [first], revoked: [] });
    expect(intentOf(stack).outputs).toMatchObject({ generation: 0, baselines: [] });
    expect(rotationOf(stack)).toMatchObject({
      generation: 0,
      foreign: [first],
      currentKey: { kid: (await tenant.ring()).current },
    });
    expect((await stack.outputs())["commit"]).toBe(carriedOut);
  });

  test("previewed anew and merged, it rotates exactly once, says so, and leaves nothing waiting", async () => {
    await tenant.emulator.advanceClock("2h", tenant.domain);
    const { current } = await tenant.ring();
    setting("reason", "rotated by hand before; this one is planned");
    const merge = commit(stack);
    const preview = await github([SIGNING_KEYS, "preview"], await application("read:signing_keys"));
    expect([preview.outcome, preview.output]).toEqual([0, expect.stringContaining(`rotate (${current} ret`)]);
    pullRequest(merge, {
      kid: artifactOf(preview, "current-kid"),
      tree: artifactOf(preview, "tree"),
      endedAt: BEFORE_MERGE,
    });
    const run = await github([SIGNING_KEYS, "update"], rotating);
    expect([run.outcome, run.output]).toEqual([0, expect.stringContaining(`${current} is retired`)]);
    expect(await effects()).toEqual({ rotated: [first, current], revoked: [] });
    expect(rotationOf(stack)).toMatchObject({ generation: 1, retired: [{ kid: current }], foreign: [first] });
    expect(await stack.outputs()).toMatchObject({ commit: merge, generation: 1 });
    expect(run.summary).toMatch(new RegExp(`\\| rotate \\| \\S*${current}\\S* \\| done \\|`));
    const audit = readFileSync(path.join(run.temporary, "audit.jsonl"), "utf8");
    expect(audit).toContain(current);
  });
});

describe("GitHub, revocation", () => {
  const REVOCATION = "signing-keys-revocation.yml";
  let revocation: Stack;

  test("a key that is due is revoked by the application of that environment, without an edit", async () => {
    const kid = rotationOf(stack).retired[0]?.kid ?? "none";
    await tenant.emulator.advanceClock("49h", tenant.domain);
    revocation = await stackOf("revocation", stack);
    const settings = path.join(revocation.folder, "Pulumi.test.yaml");
    writeFileSync(
      settings,
      readFileSync(settings, "utf8").replace(
        "acme/signing-keys/production",
        "organization/signing-keys/test",
      ),
    );
    const due = await github(
      [REVOCATION, "due"],
      {},
      {
        of: revocation,
        event: "schedule",
        edits: { TENANTS: "test" },
      },
    );
    expect([due.outcome, due.outputs["steps.due.outputs.tenants"]]).toEqual([0, '["test"]']);

    const newest = commit(revocation);
    const api = (sha: string): Record<string, unknown> => ({
      [newestOf("signing-keys-revocation")]: [{ sha }],
    });
    const revoking = await application("read:signing_keys", "update:signing_keys");
    stubGh(binOf(revocation.folder), { api: api("f".repeat(40)), artifacts: {} });
    const old = await github([REVOCATION, "revoke"], revoking, { of: revocation });
    expect([old.outcome, old.output]).toEqual([0, expect.stringContaining("title=An old checkout::")]);
    expect((await effects()).revoked).toEqual([]);

    stubGh(binOf(revocation.folder), { api: api(newest), artifacts: {} });
    const run = await github([REVOCATION, "revoke"], revoking, { of: revocation });
    expect([run.outcome, run.output]).toEqual([0, expect.stringContaining(`revoked ${kid}`)]);
    expect((await effects()).revoked).toEqual([kid]);
    expect(readFileSync(path.join(run.temporary, "audit.jsonl"), "utf8")).toContain(kid);
  });

  test("a plan that can't be read fails the look for what is due, rather than that nothing is", async () => {
    const bin = binOf(revocation.folder);
    writeFileSync(
      path.join(bin, "pulumi"),
      '#!/bin/sh\nif [ "$1" = stack ]; then echo a.example; else echo no JSON; fi\n',
      { mode: 0o755 },
    );
    try {
      const due = await github([REVOCATION, "due"], {}, { of: revocation, edits: { TENANTS: "test" } });
      expect([due.outcome, due.output]).toEqual([1, expect.stringContaining("SyntaxError")]);
      expect(due.outputs).not.toHaveProperty("steps.due.outputs.tenants");
    } finally {
      rmSync(path.join(bin, "pulumi"));
    }
  });

  test("while nothing is due, nobody is asked for an approval and Auth0 for nothing", async () => {
    const before = await tenant.journal();
    const due = await github([REVOCATION, "due"], {}, { of: revocation, edits: { TENANTS: "test" } });
    expect([due.outcome, due.outputs["steps.due.outputs.tenants"]]).toEqual([0, "[]"]);
    expect(await tenant.journal()).toEqual(before);
  });
});

describe("the Kubernetes operator", () => {
  test("its resync, an update with a refresh, asks for the keys and changes nothing", async () => {
    const before = await tenant.journal();
    const { outcome, output } = await stack.script(
      "pulumi up --yes --skip-preview --suppress-progress --refresh --diff --color never",
      tenant.env,
    );
    expect([outcome, output]).toEqual([0, expect.stringContaining("3 unchanged")]);
    const asked = (await tenant.journal())
      .slice(before.length)
      .map(({ method, path: asking }) => [method, asking]);
    expect(asked).toEqual([
      ["POST", "/oauth/token"],
      ["GET", "/api/v2/keys/signing"],
    ]);
  });
});

describe("GitLab", () => {
  test("the kid of the merge request's preview travels to the update", async () => {
    const { current } = await tenant.ring();
    setting("generation", "2");
    const merge = commit(stack);
    const reading = inGitlab(await application("read:signing_keys"));
    const preview = await runGitlabJob(stack, "preview", reading);
    expect([preview.outcome, preview.output]).toEqual([
      0,
      expect.stringContaining("generation 1 → 2: rotate"),
    ]);
    const above = (file: string): string => readFileSync(path.join(stack.folder, "..", file), "utf8");
    expect(above("signing-keys.txt")).toContain(`rotate (${current} retires`);

    const jobsOf = (pipeline: number): string =>
      `/projects/1/pipelines/${pipeline}/jobs?scope=success&per_page=100`;
    const answers = {
      [NEWEST_IN_GITLAB]: [{ id: merge }],
      [mergeRequestsOf(merge)]: [
        { iid: 5, state: "merged", target_branch: "main", sha: "f00", merged_at: "2026-11-20T12:00:00Z" },
      ],
      "/projects/1/merge_requests/5/pipelines": [
        { id: 8, sha: "older" },
        { id: 9, sha: "f00" },
        { id: 10, sha: "f00" },
      ],
      [jobsOf(9)]: [{ id: 90, name: "preview: [test]", finished_at: AFTER_MERGE }],
      [jobsOf(10)]: [{ id: 100, name: "preview: [test]", finished_at: BEFORE_MERGE }],
      "/projects/1/jobs/90/artifacts/current-kid": "seen-by-nobody",
      "/projects/1/jobs/90/artifacts/tree": above("tree"),
      "/projects/1/jobs/100/artifacts/current-kid": above("current-kid"),
      "/projects/1/jobs/100/artifacts/tree": above("tree"),
    };
    const lookUp = async (known: object): Promise<string | undefined> => {
      const isLast = (line: string): boolean => line.startsWith('PREVIEWED_KID=""');
      const run = await gitlabUpdate({}, { ...known }, isLast);
      expect(run.outcome).toBe(0);
      return run.variables["PREVIEWED_KID"];
    };
    expect(await lookUp(answers)).toBe(current);
    expect(await lookUp({ ...answers, [jobsOf(10)]: [] })).toBe("");
    expect(await lookUp({ ...answers, "/projects/1/jobs/100/artifacts/tree": "0".repeat(40) })).toBe("");
  });
});

/** The commands are younger than the oldest engine that the tests accept. */
const ENGINE = spawnSync("pulumi", ["version"], { encoding: "utf8" }).stdout;
if (/^v3\.(259|[2-9][6-9]\d)\./.test(ENGINE)) {
  test("Pulumi Deployments: the engine has every command and flag that is used to set them up", async () => {
    const script = readFileSync(path.join(examples, "gitops/deployments/set-up.sh"), "utf8");
    for (const command of ["pulumi deployment settings edit", "pulumi stack schedule new"]) {
      const uses = script
        .replaceAll(/\\\n/g, "")
        .split("\n")
        .filter((line) => line.startsWith(command));
      expect(uses).toHaveLength(2);
      const { output } = await stack.script(`${command} --help`);
      for (const [flag] of uses
        .join(" ")
        .replaceAll(/"[^"]*"/g, "")
        .matchAll(/ --[\w-]+/g))
        expect(output).toContain(`${flag} `);
    }
  });
}

testWhatIsLeftBehind();
