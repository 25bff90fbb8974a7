import type { Receipt } from "../../src/cli/emergency/receipt";
import type { Stack } from "../support/engine";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf, rotationProgram } from "./program";
import { example, shellBlock } from "./readme";
import { TenantSupply, type TestTenant } from "./tenants";
import { installedCommand } from "./terminal";

jest.setTimeout(180_000);

const README = "examples/emergency/README.md";
const WITHOUT_A_STACK = "Without a stack, its state or CI";

const supply = new TenantSupply();
const terminalOf = installedCommand();
afterAll(async () => {
  await supply.stop();
});

async function effects(tenant: TestTenant): Promise<string[]> {
  return (await tenant.journal()).flatMap(({ effect, kid }) =>
    effect === undefined ? [] : [`${effect} ${kid ?? ""}`],
  );
}

async function succeeds(run: ReturnType<Stack["up"]>): Promise<string> {
  const { outcome, output } = await run;
  expect([outcome, output]).toEqual([0, expect.any(String)]);
  return output;
}

test("an emergency past the stack: the next refresh records it, nothing is left to do, and a raise rotates once", async () => {
  const tenant = await supply.take();
  const program = (generation: number): string =>
    rotationProgram({ generation, minKeyAge: "0s", revokePrevious: true, gracePeriod: "24h" }) +
    "module.exports.trusted = keys.trustedCertificates;\n";
  const stack = await stackFor(tenant, { program: program(0), env: terminalOf(tenant) });
  await succeeds(stack.up());
  const { currentKey: leaked, nextKey } = rotationOf(stack);
  const successor = nextKey?.kid ?? "";

  const command = `auth0-signing-keys emergency --tenant ${tenant.domain} --compromised current --reason leaked --json 2>/dev/null`;
  const receipt = JSON.parse(await succeeds(stack.shell(command))) as Receipt;
  expect(receipt).toMatchObject({ keys: [{ kid: leaked.kid }], currentKid: successor });
  const night = [`rotate ${leaked.kid}`, `revoke ${leaked.kid}`];
  expect(await effects(tenant)).toEqual(night);

  await succeeds(stack.refresh());
  const { currentKey, nextKey: newNext, previousKeys, ...recorded } = rotationOf(stack);
  expect([currentKey.kid, newNext?.kid]).toEqual([successor, receipt.nextKid]);
  expect([previousKeys, recorded.foreign, recorded.retired, recorded.pending]).toEqual([[], [], [], []]);
  await succeeds(stack.preview("--expect-no-changes"));
  await succeeds(stack.up("--expect-no-changes"));
  expect((await stack.outputs())["trusted"]).toEqual([currentKey.certificate, newNext?.certificate]);
  expect(await effects(tenant)).toEqual(night);

  stack.write(program(1));
  await succeeds(stack.up());
  expect(await effects(tenant)).toEqual([...night, `rotate ${successor}`]);
  expect(rotationOf(stack).retired).toMatchObject([{ kid: successor, generation: 1 }]);
});

test("the commands of the example's README, as they are written", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, {
    project: example("emergency"),
    env: terminalOf(tenant),
    config: { generation: "0", minKeyAge: "0s" },
  });
  await succeeds(stack.up());
  const { current: first } = await tenant.ring();
  const values = { DOMAIN: tenant.domain };
  const look = shellBlock(README, WITHOUT_A_STACK, 1, values);
  const current = shellBlock(README, WITHOUT_A_STACK, 2, values);
  const both = shellBlock(README, WITHOUT_A_STACK, 3, values);
  const byName = shellBlock(README, WITHOUT_A_STACK, 4, { ...values, COMPROMISED_KID: first });

  expect(await succeeds(stack.shell(look))).toMatch(new RegExp(`0 failed, [\\s\\S]* ${first} │ current`));
  expect(await succeeds(stack.shell(current))).toContain(`Emergency on ${tenant.domain}: done`);
  const afterFirst = [`rotate ${first}`, `revoke ${first}`];
  expect(await effects(tenant)).toEqual(afterFirst);
  await succeeds(stack.shell(current));
  expect(await succeeds(stack.shell(byName))).toContain("nothing was done now");
  await succeeds(stack.shell(`rm auth0-emergency-*.json\n${byName}`));
  expect(await effects(tenant)).toEqual(afterFirst);

  const refused = await stack.shell(`rm auth0-emergency-*.json\n${both}`);
  expect([refused.outcome, refused.output]).toEqual([1, expect.stringContaining("[emergency_unclear]")]);
  await tenant.emulator.advanceClock("25h", tenant.domain);
  const { current: second, next: third } = await tenant.ring();
  await succeeds(stack.shell(both));
  expect((await effects(tenant)).slice(2)).toEqual([
    ...[`rotate ${second}`, `revoke ${second}`],
    ...[`rotate ${third}`, `revoke ${third}`],
  ]);

  await succeeds(stack.shell(shellBlock(README, WITHOUT_A_STACK, 5)));
  await succeeds(stack.preview("--expect-no-changes"));
  const { currentKey, previousKeys } = rotationOf(stack);
  expect([currentKey.kid, previousKeys]).toEqual([(await tenant.ring()).current, []]);
  expect(await effects(tenant)).toHaveLength(6);
});

testWhatIsLeftBehind();
