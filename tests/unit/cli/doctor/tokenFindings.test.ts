import type { Finding } from "../../../../src/cli/doctor/finding";
import { scopeFindings, staticTokenFinding, type Job } from "../../../../src/cli/doctor/tokenFindings";

const BASIC = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
const ALL = [...BASIC, "read:resource_servers", "read:clients"];
const AUTO = 'scopes for a gracePeriod of "auto"';

test("the five scopes of the README are enough and not too many", () => {
  expect(scopeFindings({ scopes: ALL }).map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok"]);
});

test.each<[Job, string[], string]>([
  ["revocation", ["read:signing_keys", "update:signing_keys"], "it can list and revoke"],
  ["preview", ["read:signing_keys"], "it can list"],
  ["audit", ["read:signing_keys", "read:logs"], "it can list and read the log"],
])("an application for %s needs the scopes of that job alone", (job, scopes, can) => {
  const [first, ...others] = scopeFindings({ scopes }, job);
  expect(first).toMatchObject({ outcome: "ok", observation: expect.stringContaining(can) as string });
  expect(others.map(({ check, outcome }) => [check, outcome])).toEqual([["least privilege", "ok"]]);
  const [, surplus] = scopeFindings({ scopes: [...scopes, "create:signing_keys"] }, job);
  expect(surplus?.observation).toContain(`nothing here needs for ${job}: create:signing_keys`);
  expect(scopeFindings({ scopes: scopes.slice(0, -1) }, job)[0]?.outcome).toBe("fail");
});

test.each<[string, string[] | undefined, string, Finding["outcome"], string]>([
  [
    "what can't list can't do anything that follows",
    ALL.slice(1),
    "scopes",
    "fail",
    "read:signing_keys missing: it can't list",
  ],
  [
    "rotating takes two scopes",
    ["read:signing_keys", "update:signing_keys"],
    "scopes",
    "fail",
    "create:signing_keys missing: it can't rotate",
  ],
  [
    "updating is for both",
    ALL.filter((scope) => scope !== "update:signing_keys"),
    "scopes",
    "fail",
    "update:signing_keys missing: it can't rotate, revoke",
  ],
  ["auto is a matter of its own", BASIC, AUTO, "warn", "read:resource_servers, read:clients missing"],
  [
    "every scope too many is named",
    [...ALL, "delete:users", "read:logs"],
    "least privilege",
    "warn",
    "2 scopes that nothing here needs: delete:users, read:logs",
  ],
  ["an opaque token tells nothing", undefined, "scopes", "warn", "can't be told"],
])("%s", (_, scopes, check, outcome, words) => {
  const found = scopeFindings({ scopes }).find((finding) => finding.check === check);
  expect(found).toMatchObject({
    outcome,
    observation: expect.stringContaining(words) as string,
    remedy: expect.any(String) as string,
  });
});

test.each<[string, string | undefined, Finding["outcome"]]>([
  ["signed by the current key is fine", "current", "ok"],
  ["signed by another ends with it", "old", "warn"],
  ["that can't be read may end at any time", undefined, "warn"],
])("a static token %s", (_, kid, outcome) => {
  expect(staticTokenFinding({ kid }, "current").outcome).toBe(outcome);
});
