import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tenantFields } from "../integration/tenants";
import type { Stack } from "../support/engine";
import { expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { policyPack } from "./policyPack";
import { rotationProgram } from "./program";
import { examples } from "./readme";
import { TenantSupply, type TestTenant } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
const temporary = mkdtempSync(path.join(tmpdir(), "signing-keys-policy-"));
const pack = path.join(temporary, "pack");
const bin = path.join(temporary, "bin");
let tenant: TestTenant;
let stack: Stack;

beforeAll(async () => {
  policyPack(pack, bin);
  const rules = {
    ...(JSON.parse(readFileSync(CONFIG, "utf8")) as object),
    "signing-keys-raise-step": "mandatory",
    "signing-keys-raise-reason": { enforcementLevel: "mandatory", pattern: "CHG-\\d+" },
    "signing-keys-raise-expects-current-kid": "mandatory",
  };
  writeFileSync(RAISES, JSON.stringify(rules));
  tenant = await supply.take();
  stack = await stackFor(tenant);
  stack.setEnvironment({ PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}` });
});
afterAll(async () => {
  await supply.stop();
  rmSync(temporary, { recursive: true, force: true });
});

const CONFIG = path.join(examples, "policy/config.json");
/** The same, with the rules about raises. */
const RAISES = path.join(temporary, "raises.json");
const PROTECTED = { protect: true };
const SAFE = { generation: 1, revokePrevious: true, gracePeriod: "48h" };

function by(config: string): string[] {
  return ["--policy-pack", pack, "--policy-pack-config", config];
}

const revocationProgram = `
const { SigningKeyRevocation } = require("pulumi-auth0-signing-keys");
new SigningKeyRevocation("keys", { retired: ["a-kid"] });
`;

test.each<[string, () => string, string, string, string?]>([
  [
    "a grace period that is too short",
    () => rotationProgram({ ...SAFE, gracePeriod: "24h" }, { options: PROTECTED }),
    "signing-keys-minimum-grace",
    "gracePeriod is 24h: give it at least 48h",
  ],
  [
    "a revocation of a key that is written out",
    () => revocationProgram,
    "signing-keys-minimum-grace",
    "a-kid is written out and so revoked at once",
  ],
  [
    "a revokeNow that names no incident",
    () => rotationProgram({ ...SAFE, revokeNow: { kid: "a-kid", reason: "leaked" } }, { options: PROTECTED }),
    "signing-keys-emergency-reason",
    "revokeNow.reason doesn't match INC-",
  ],
  [
    "no protection",
    () => rotationProgram(SAFE),
    "signing-keys-protected",
    "set the resource option protect to true",
  ],
  [
    "a client secret in the program",
    () =>
      rotationProgram(
        {
          ...SAFE,
          tenant: tenantFields(tenant),
        },
        { options: PROTECTED },
      ),
    "signing-keys-configured-credentials",
    "tenant.clientSecret is given by the program",
  ],
  [
    "next to no time for verification",
    () => rotationProgram({ ...SAFE, verifyTimeout: "1s" }, { options: PROTECTED }),
    "signing-keys-verified",
    "verifyTimeout is 1s: give it at least 10s",
  ],
  [
    "a raise by two",
    () => rotationProgram({ ...SAFE, generation: 2, expectedCurrentKid: "a-kid" }, { options: PROTECTED }),
    "signing-keys-raise-step",
    "generation goes from 0 to 2: raise it to 1",
    RAISES,
  ],
  [
    "a raise that names no change",
    () => rotationProgram({ ...SAFE, reason: "quarterly" }, { options: PROTECTED }),
    "signing-keys-raise-reason",
    "reason doesn't match CHG-",
    RAISES,
  ],
  [
    "a raise that names no current key",
    () => rotationProgram(SAFE, { options: PROTECTED }),
    "signing-keys-raise-expects-current-kid",
    "set expectedCurrentKid to the current key's kid",
    RAISES,
  ],
])("%s is stopped under --skip-preview, before any request", async (...row) => {
  const [, program, policy, message, config = CONFIG] = row;
  stack.write(program());
  const { outcome, output } = await stack.up(...by(config));
  expect([outcome, output]).toEqual([1, expect.stringContaining(`[mandatory]  ${policy}`)]);
  expect(output.replaceAll(/\s+/g, " ")).toContain(message);
  expect(await tenant.journal()).toEqual([]);
  expect(stack.stateFile.resources.filter(({ type }) => type.includes("SigningKey"))).toEqual([]);
});

test("a preview gives the same verdict", async () => {
  stack.write(rotationProgram({ ...SAFE, gracePeriod: "24h" }, { options: PROTECTED }));
  const { outcome, output } = await stack.preview(...by(RAISES));
  expect([outcome === 0, output]).toEqual([false, expect.stringContaining("gracePeriod is 24h")]);
  for (const policy of ["minimum-grace", "raise-reason", "raise-expects-current-kid"])
    expect(output).toContain(`[mandatory]  signing-keys-${policy}`);
  expect(await tenant.journal()).toEqual([]);
});

test("once the edit is taken back the same stack goes on; an old key is warned of, until it is rotated", async () => {
  const warnEarlier = path.join(temporary, "config.json");
  writeFileSync(warnEarlier, JSON.stringify({ "signing-keys-age": { after: "20d" } }));
  stack.write(rotationProgram({ ...SAFE, generation: 0 }, { options: PROTECTED }));
  const adopted = await stack.up(...by(warnEarlier));
  expect([adopted.outcome, adopted.output]).toEqual([
    0,
    expect.stringContaining("[advisory]  signing-keys-age"),
  ]);
  expect(adopted.output).toContain(
    "has been the current key for 30 days, more than 20d: raise generation to 1",
  );

  stack.write(rotationProgram(SAFE, { options: PROTECTED }));
  const raised = await stack.up(...by(warnEarlier));
  expect([raised.outcome, raised.output]).toEqual([0, expect.stringContaining("✅ auth0-signing-keys")]);
  expect(raised.output).not.toMatch(/\[(mandatory|advisory)\]/);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
});

testWhatIsLeftBehind();
