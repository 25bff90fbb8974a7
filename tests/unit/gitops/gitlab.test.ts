import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { example, root } from "./files";

interface Job {
  readonly extends: string;
  readonly script: readonly string[];
  readonly resource_group: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly environment?: { readonly name: string; readonly action?: string };
  readonly allow_failure?: unknown;
}

interface Listed {
  readonly name: string;
  readonly when: string;
  readonly allow_failure: unknown;
}

const file = path.join(example, "gitlab/.gitlab-ci.yml");
const pipeline = parse(readFileSync(file, "utf8")) as Readonly<Record<string, Job>>;
const JOBS = ["preview", "drift", "update", "due", "revoke"];
const folder = mkdtempSync(path.join(tmpdir(), "signing-keys-gitlab-"));

beforeAll(() => {
  cpSync(file, path.join(folder, ".gitlab-ci.yml"));
  const git = (...args: string[]): unknown =>
    execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], {
      cwd: folder,
    });
  git("init", "--quiet", "--initial-branch", "main");
  git("add", ".");
  git("commit", "--quiet", "--message", "pipeline");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The package is built for Node 22, of which it needs this much. */
const OLDER_NODE = `data:text/javascript,${encodeURIComponent(
  "Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };",
)}`;

/** The jobs of a pipeline, as GitLab's schema and rules have them; everything that `changes` names has changed. */
function jobsOf(source: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const variables = {
    CI_PIPELINE_SOURCE: source,
    CI_COMMIT_BRANCH: "main",
    CI_DEFAULT_BRANCH: "main",
    ...more,
  };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...["--import", OLDER_NODE, path.join(root, "node_modules/gitlab-ci-local/dist/index.js")],
      ...["--list-json", "--no-evaluate-rule-changes"],
      ...Object.entries(variables).flatMap(([name, value]) => ["--variable", `${name}=${value}`]),
    ],
    { cwd: folder, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  const listed = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as Listed[];
  return Object.fromEntries(
    listed.filter(({ when }) => when !== "never").map(({ name, when }) => [name, when]),
  );
}

test.each([
  ["a merge request only previews", "merge_request_event", { "preview: [production]": "on_success" }],
  [
    "a merge updates, and what revokes waits for somebody",
    "push",
    {
      "update: [production]": "on_success",
      "due: [production]": "on_success",
      "revoke: [production]": "manual",
    },
  ],
  [
    "a schedule looks whether somebody else has rotated first",
    "schedule",
    {
      "drift: [production]": "on_success",
      "update: [production]": "on_success",
      "due: [production]": "on_success",
      "revoke: [production]": "manual",
    },
  ],
])("GitLab's schema takes it: %s", (_, source, expected) => {
  expect(jobsOf(source)).toEqual(expected);
});

test("its own jobs are these, each with what all have", () => {
  const names = Object.keys(pipeline).filter((name) => pipeline[name]?.script !== undefined);
  expect(names).toEqual(JOBS);
  for (const name of names) expect(pipeline[name]?.extends).toBe(".pulumi");
  expect(pipeline[".pulumi"]).toMatchObject({
    timeout: "30m",
    interruptible: false,
    retry: 0,
    image: expect.stringMatching(/:\d+\.\d+\.\d+$/) as string,
    id_tokens: { PULUMI_OIDC_TOKEN: { aud: "urn:pulumi:org:$PULUMI_ORGANIZATION" } },
  });
  expect(pipeline["workflow"]).toMatchObject({
    auto_cancel: { on_new_commit: "none", on_job_failure: "none" },
  });
});

test("each queues by tenant, and what reads, rotates and revokes has environments of its own", () => {
  expect(
    JOBS.map((name) => [name, pipeline[name]?.resource_group, pipeline[name]?.environment?.name]),
  ).toEqual([
    ["preview", "signing-keys-preview-$TENANT-$CI_MERGE_REQUEST_IID", "signing-keys-preview/$TENANT"],
    ["drift", "signing-keys-drift-$TENANT", "signing-keys-preview/$TENANT"],
    ["update", "signing-keys-$TENANT", "signing-keys/$TENANT"],
    ["due", "signing-keys-revocation-due-$TENANT", undefined],
    ["revoke", "signing-keys-revocation-$TENANT", "signing-keys-revocation/$TENANT"],
  ]);
});

test("what looks logs in as a team that only reads, and what writes as another", () => {
  const readers = (pipeline["variables"] as unknown as Record<string, string>)["TEAM"];
  const teams = JOBS.map((name) => [name, pipeline[name]?.variables?.["TEAM"] ?? readers]);
  expect(teams).toEqual([
    ["preview", "signing-keys-readers"],
    ["drift", "signing-keys-readers"],
    ["update", "signing-keys"],
    ["due", "signing-keys-readers"],
    ["revoke", "signing-keys"],
  ]);
  expect(JSON.stringify(pipeline[".pulumi"])).toContain('--oidc-team \\"$TEAM\\"');
});

test("what writes looks first whether its checkout is the newest", () => {
  const [update, revoke] = ["update", "revoke"].map((name) => pipeline[name]?.script[0]);
  expect(update).toContain("git merge-base --is-ancestor");
  expect(revoke).toBe(update);
});

test("it gives pulumi the arguments that GitHub's workflows give it", () => {
  const commandsIn = (text: string): string[] =>
    [...text.matchAll(/^\s*(?:- )?(pulumi (?:up|preview|refresh)(?:.*\\\n)*.*)$/gm)]
      .map(([, command = ""]) =>
        command
          .replaceAll(/\\\n\s*/g, "")
          .replace(/ --message "[^"]*"/, "")
          .replaceAll(/"?(\$RUNNER_TEMP|\.\.)\/([\w.-]+)"?/g, "$2"),
      )
      .sort();
  const github = ["signing-keys.yml", "signing-keys-revocation.yml"].flatMap((name) =>
    commandsIn(readFileSync(path.join(example, "github/workflows", name), "utf8")),
  );
  const gitlab = commandsIn(readFileSync(file, "utf8"));
  expect(gitlab.length).toBe(5);
  expect(new Set(gitlab)).toEqual(new Set(github));
});
