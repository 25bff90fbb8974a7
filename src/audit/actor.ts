import { userInfo } from "node:os";

/** Who ran it, as far as the machine knows. */
export interface Actor {
  by: string;
  /** The commit that was being deployed. */
  commit?: string;
  /** Where the run can be looked at. */
  run?: string;
}

/** Names whoever runs it, where no variable of a known pipeline does. */
const ACTOR_VARIABLE = "AUTH0_SIGNING_KEYS_ACTOR";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Who runs this: `AUTH0_SIGNING_KEYS_ACTOR`, or what GitHub Actions and GitLab CI say of a run, or this machine's user.
 * @see https://docs.github.com/en/actions/reference/variables-reference
 * @see https://docs.gitlab.com/ci/variables/predefined_variables/
 */
export function actorOf(environment: Environment): Actor {
  const { by, commit, run } = pipelineOf(environment);
  const named = environment[ACTOR_VARIABLE] || by || userName();
  return { by: named, ...(commit && { commit }), ...(run && { run }) };
}

function pipelineOf(environment: Environment): Partial<Actor> {
  const of = (name: string): string => environment[name] ?? "";
  if (of("GITHUB_ACTIONS") === "true")
    return {
      by: of("GITHUB_TRIGGERING_ACTOR") || of("GITHUB_ACTOR"),
      commit: of("GITHUB_SHA"),
      run: `${of("GITHUB_SERVER_URL")}/${of("GITHUB_REPOSITORY")}/actions/runs/${of("GITHUB_RUN_ID")}`,
    };
  if (of("GITLAB_CI") === "true")
    return { by: of("GITLAB_USER_LOGIN"), commit: of("CI_COMMIT_SHA"), run: of("CI_JOB_URL") };
  return {};
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return "unknown";
  }
}
