import path from "node:path";
import { checkout, runNode } from "./sandbox";

jest.setTimeout(60_000);

const campaign = path.join(checkout, "tools/campaign.mjs");

test("--help names every flag and the figures, and does nothing else", async () => {
  const { code, stdout, stderr } = await runNode(campaign, ["--help"], {});
  expect([code, stderr]).toEqual([0, ""]);
  for (const flag of ["--kills N", "--seed S", "--workers W", "--json"]) expect(stdout).toContain(flag);
  expect(stdout).toContain('"doubleRotations"');
});

test.each([
  [["--kills", "0"], "--kills 0: must be a whole number from 1 to 100000"],
  [["--kills", "many"], "--kills many: must be a whole number"],
  [["--seed", "-1"], "--seed"],
  [["--seed", "2147483648"], "--seed 2147483648: must be a whole number from 0 to 2147483647"],
  [["--workers", "1.5"], "--workers 1.5: must be a whole number from 1 to 64"],
  [["--killls", "3"], "--killls"],
  [["3"], "'3'"],
])("%j is refused before anything is done", async (args, message) => {
  const { code, stdout, stderr } = await runNode(campaign, args, {});
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("Usage: npm run campaign");
});
