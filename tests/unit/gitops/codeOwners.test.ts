import { readFileSync } from "node:fs";
import path from "node:path";
import { example } from "./files";

test("code owners are named for both programs, for the rules and for the workflows", () => {
  const owners = readFileSync(path.join(example, "github/CODEOWNERS"), "utf8");
  const rules = [...owners.matchAll(/^(\/\S+)\s+(@\S+\/\S+)$/gm)].map(([, folder, team]) => [folder, team]);
  expect(rules).toEqual([
    ["/signing-keys/", "@acme/identity"],
    ["/signing-keys-revocation/", "@acme/security"],
    ["/signing-keys-policy/", "@acme/security"],
    ["/.github/", "@acme/security"],
  ]);
});
