import { userInfo } from "node:os";
import { actorOf } from "../../../src/audit/actor";

const GITHUB = {
  GITHUB_ACTIONS: "true",
  GITHUB_ACTOR: "mona",
  GITHUB_SHA: "abc",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "acme/keys",
  GITHUB_RUN_ID: "42",
};
const RUN = { commit: "abc", run: "https://github.com/acme/keys/actions/runs/42" };

test.each([
  ["a run of GitHub Actions", GITHUB, { by: "mona", ...RUN }],
  ["whoever runs one again", { ...GITHUB, GITHUB_TRIGGERING_ACTOR: "hubot" }, { by: "hubot", ...RUN }],
  [
    "a job of GitLab CI",
    {
      GITLAB_CI: "true",
      GITLAB_USER_LOGIN: "tanuki",
      CI_COMMIT_SHA: "def",
      CI_JOB_URL: "https://gitlab.com/acme/keys/-/jobs/7",
    },
    { by: "tanuki", commit: "def", run: "https://gitlab.com/acme/keys/-/jobs/7" },
  ],
  ["whom the user names", { ...GITHUB, AUTH0_SIGNING_KEYS_ACTOR: "change 42" }, { by: "change 42", ...RUN }],
  ["this machine's user elsewhere", {}, { by: userInfo().username }],
])("%s", (_, environment, actor) => {
  expect(actorOf(environment)).toEqual(actor);
});
