import { spawnSync } from "node:child_process";
import { commandFor } from "../../../../src/cli/emergency/request";
import { requestOf } from "./requestOf";

test.each(["leaked", "it's out", 'a "quoted" one', "$HOME; rm -rf `x`", "zwei Wörter", "--dry-run"])(
  "a command to be pasted into a shell says %j as one word",
  (reason) => {
    const command = commandFor(requestOf({ reason }), { kid: ["a-kid", ""], receipt: "my file.json" });
    const { stdout } = spawnSync("sh", ["-c", command.replace("auth0-signing-keys", "printf '%s\\n'")], {
      encoding: "utf8",
    });
    expect(stdout.split("\n").slice(0, -1)).toEqual([
      ...["emergency", "--tenant", "acme.eu.auth0.com", "--compromised", "current", "--reason", reason],
      ...["--kid", "a-kid", "--kid", "", "--receipt", "my file.json"],
    ]);
  },
);

test("a command that goes on from a dry run is one itself, and leaves the budget aside where that was asked for", () => {
  const command = commandFor(requestOf({ dryRun: true, ignoreBudget: true }), { kid: ["a-kid"] });
  expect(command).toMatch(/ --kid a-kid --ignore-budget --dry-run$/);
});
