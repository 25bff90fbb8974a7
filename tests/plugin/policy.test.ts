import "./usePlugin";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectExactlyOnce } from "../e2e/exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "../e2e/leftBehind";
import { policyPack } from "../e2e/policyPack";
import { rotationProgram } from "../e2e/program";
import { TenantSupply } from "../e2e/tenants";
import { pluginFolder } from "../support/adapter";

jest.setTimeout(180_000);

const supply = new TenantSupply();
const temporary = mkdtempSync(path.join(tmpdir(), "signing-keys-policy-"));
const pack = path.join(temporary, "pack");
const bin = path.join(temporary, "bin");

beforeAll(() => {
  policyPack(pack, bin);
});
afterAll(async () => {
  await supply.stop();
  rmSync(temporary, { recursive: true, force: true });
});

test("the policy pack stops a program in YAML before any request, without a preview too, and lets it go on once it is mended", async () => {
  const tenant = await supply.take();
  const safe = { generation: 1, revokePrevious: true, gracePeriod: "48h" };
  const program = rotationProgram({ ...safe, gracePeriod: "1h" });
  const stack = await stackFor(tenant, { program });
  const folders = [bin, pluginFolder(), process.env["PATH"] ?? ""];
  stack.setEnvironment({ PATH: folders.join(path.delimiter) });
  const refused = await stack.up("--policy-pack", pack);
  expect(refused.outcome).not.toBe(0);
  for (const rule of ["signing-keys-minimum-grace", "signing-keys-protected"])
    expect(refused.output).toMatch(new RegExp(`\\[mandatory\\].*${rule}`));
  expect(await tenant.journal()).toEqual([]);

  stack.write(rotationProgram(safe, { options: { protect: true } }));
  const accepted = await stack.up("--policy-pack", pack);
  expect([accepted.outcome, accepted.output]).toEqual([0, expect.any(String)]);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
});

testWhatIsLeftBehind();
