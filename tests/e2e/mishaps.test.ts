import { setTimeout as sleep } from "node:timers/promises";
import { atEffect, killUpdate, ROTATE, whileListing } from "./crash";
import { effectsOf, expectExactlyOnce, expectNoRevocationOfAKeyInUse } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { intentOf, rotationOf, rotationProgram } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";
import { mustFail, mustUp } from "./updates";
import type { Stack } from "../support/engine";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** A tenant with a stack that has been updated once. */
async function updated(
  args: Readonly<Record<string, unknown>>,
): Promise<{ tenant: TestTenant; stack: Stack }> {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, { program: rotationProgram(args) });
  await mustUp(stack);
  return { tenant, stack };
}

function urnOf(stack: Stack, type: "SigningKeyRotation" | "SigningKeyRotationIntent"): string {
  const found = stack.stateFile.resources.find((resource) => resource.type.endsWith(`:${type}`));
  if (found === undefined) throw new Error(`no ${type} in state`);
  return found.urn;
}

describe("a partial failure", () => {
  test("a JWKS that stays stale: recorded, reported, and verified by the next update without a second rotation", async () => {
    const { tenant, stack } = await updated({ generation: 0 });
    stack.write(rotationProgram({ generation: 1, verifyTimeout: "1s" }));
    await tenant.emulator.fault({ fault: "stale-jwks", times: 50, tenant: tenant.domain });
    await mustFail(stack, "[verification_timeout]");
    const { retired, pending } = rotationOf(stack);
    expect(retired.map((key) => key.kid)).toEqual(effectsOf(await tenant.journal()).rotated);
    expect(pending).toMatchObject([{ step: "verify-rotation" }]);

    // A refresh forgets the engine's own record of the failure; what is pending stands in the outputs.
    expect((await stack.refresh()).outcome).toBe(0);
    expect(rotationOf(stack).pending).toMatchObject([{ step: "verify-rotation" }]);
    await mustFail(stack, "[verification_timeout]");
    await tenant.emulator.clearFaults();
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    await mustUp(stack, "--expect-no-changes");
  });

  test("a failed creation can be destroyed, and one that is run again converges", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, {
      program: rotationProgram({ generation: 1, verifyTimeout: "1s" }),
    });
    await tenant.emulator.fault({ fault: "stale-jwks", times: 50, tenant: tenant.domain });
    await mustFail(stack, "[verification_timeout]");
    await tenant.emulator.clearFaults();
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });

    const other = await supply.take();
    const failed = await stackFor(other, {
      program: rotationProgram({ generation: 1, verifyTimeout: "1s" }),
    });
    await other.emulator.fault({ fault: "stale-jwks", times: 50, tenant: other.domain });
    await mustFail(failed, "[verification_timeout]");
    expect((await failed.destroy()).outcome).toBe(0);
    expect(effectsOf(await other.journal()).revoked).toEqual([]);
    await other.emulator.clearFaults();
  });

  test("an answer that is lost after the rotation is looked for, not repeated", async () => {
    const { tenant, stack } = await updated({ generation: 0 });
    stack.write(rotationProgram({ generation: 1 }));
    const match = { method: "POST", path: ROTATE };
    await tenant.emulator.fault({ fault: "reset-after-effect", match, tenant: tenant.domain });
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });
});

describe("another tenant's credentials", () => {
  test("are refused by an update and by a refresh, and nothing is done to either", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    const other = await supply.take();
    stack.setEnvironment({ ...other.env, NODE_EXTRA_CA_CERTS: other.caFile });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await mustFail(stack, "[wrong_tenant]");
    const refresh = await stack.refresh();
    expect([refresh.outcome === 0, refresh.output]).toEqual([
      false,
      expect.stringContaining("[wrong_tenant]"),
    ]);
    expect(effectsOf(await other.journal())).toEqual({ rotated: [], revoked: [] });

    stack.setEnvironment(tenant.env);
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });

  test("another domain of the same tenant is fine", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    const custom = tenant.domain.replace("localhost", "127.0.0.1");
    stack.setEnvironment({ AUTH0_DOMAIN: custom, AUTH0_AUDIENCE: tenant.audience });
    const { outcome, output } = await stack.up();
    expect([outcome, output]).toEqual([0, expect.not.stringContaining("replace")]);
    expect(rotationOf(stack)).toMatchObject({ domain: custom });
    expect(effectsOf(await tenant.journal()).rotated).toHaveLength(1);
  });
});

describe("--target", () => {
  test("the rotation alone: the raise waits for its intent", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    const rotation = urnOf(stack, "SigningKeyRotation");
    await stack.up("--target", rotation);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });

  test("the intent alone records the raise; the next update carries it out, once", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    const intent = urnOf(stack, "SigningKeyRotationIntent");
    await mustUp(stack, "--target", intent);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
    await mustUp(stack, "--expect-no-changes");
  });
});

describe("resource options", () => {
  test('ignoreChanges: ["generation"] keeps the rotation and its intent where they are', async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    const options = { ignoreChanges: ["generation"] };
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }, { options }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    expect([intentOf(stack).outputs, rotationOf(stack)]).toMatchObject([
      { generation: 1 },
      { generation: 1 },
    ]);
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });

  test("protect holds for the intent as well", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, {
      program: rotationProgram({ generation: 0 }, { options: { protect: true } }),
    });
    await mustUp(stack);
    expect((await stack.destroy()).outcome).not.toBe(0);
    expect(stack.stateFile.resources.filter(({ type }) => type.includes("SigningKey"))).toHaveLength(2);
  });

  test("a rename with an alias changes nothing", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    const options = { aliases: [{ name: "keys" }] };
    stack.write(rotationProgram({ generation: 1 }, { name: "renamed", options }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    expect(rotationOf(stack, "renamed").retired).toHaveLength(1);
    await mustUp(stack, "--expect-no-changes");
  });

  test("a rename without one, from generation 2 on: taken as carried out, nothing rotated and nothing revoked", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await mustUp(stack);
    stack.write(rotationProgram({ generation: 2, revokePrevious: true }, { name: "renamed" }));
    const output = await mustUp(stack);
    expect(output).toContain("no state for generation 2: taken as carried out; raise to 3 to rotate");
    const { rotated, revoked } = effectsOf(await tenant.journal());
    expect([rotated.length, revoked]).toEqual([2, []]);
    const { generation, retired, foreign } = rotationOf(stack);
    expect([generation, retired, new Set(foreign)]).toEqual([2, [], new Set(rotated)]);
    expectNoRevocationOfAKeyInUse(await tenant.journal());
  });

  test("--replace of the rotation alone rotates nothing and forgets no key", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    await mustUp(stack, "--replace", urnOf(stack, "SigningKeyRotation"));
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });
});

describe("a raise that is taken back", () => {
  test("refused by minKeyAge, it leaves nothing behind", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2 }));
    await mustFail(stack, "[key_too_young]");
    expect(intentOf(stack).outputs).toMatchObject({ generation: 1 });
    stack.write(rotationProgram({ generation: 1 }));
    await mustUp(stack, "--expect-no-changes");
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });

  test("refused by Auth0, it is recorded and may be taken back", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    const match = { method: "POST", path: ROTATE };
    await tenant.emulator.fault({ fault: "status", status: 403, match, tenant: tenant.domain });
    await mustFail(stack, "[insufficient_scope]");
    expect(intentOf(stack).outputs).toMatchObject({ generation: 2 });
    stack.write(rotationProgram({ generation: 1, minKeyAge: "0s" }));
    const output = await mustUp(stack);
    expect(output).toContain("the raise to 2 was not carried out and is taken back");
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    await mustUp(stack, "--expect-no-changes");
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });

  test("killed before the rotation, it may be taken back; killed after it, it may not", async () => {
    const before = await updated({ generation: 1 });
    before.stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await killUpdate(before.tenant, before.stack, whileListing(2), "all processes");
    await before.stack.cancel();
    before.stack.write(rotationProgram({ generation: 1 }));
    expect(await mustUp(before.stack)).toContain("is taken back");
    await expectExactlyOnce(before.tenant, before.stack, { rotations: 1, revocations: 0 });

    const after = await updated({ generation: 1 });
    after.stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await killUpdate(after.tenant, after.stack, atEffect("POST", ROTATE), "all processes");
    await after.stack.cancel();
    after.stack.write(rotationProgram({ generation: 1 }));
    await mustFail(after.stack, "rotation 2 cannot be undone: keep 2, or raise to 3");
    after.stack.write(rotationProgram({ generation: 2 }));
    await mustUp(after.stack);
    await expectExactlyOnce(after.tenant, after.stack, { rotations: 2, revocations: 0 });
  });
});

describe("a killed raise, followed by another", () => {
  test("each of the keys is recorded as retired by its generation", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await killUpdate(tenant, stack, atEffect("POST", ROTATE), "the command");
    await stack.cancel();
    stack.write(rotationProgram({ generation: 3, minKeyAge: "0s" }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 3, revocations: 0 });
    expect(rotationOf(stack).retired.map((key) => key.generation)).toEqual([1, 2, 3]);
  });

  test("killed before its rotation, it is carried by the next: one rotation for both", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await killUpdate(tenant, stack, whileListing(2), "all processes");
    await stack.cancel();
    stack.write(rotationProgram({ generation: 3, minKeyAge: "0s" }));
    await mustUp(stack);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
    expect(rotationOf(stack)).toMatchObject({ generation: 3 });
  });
});

describe("lost and old state", () => {
  test("destroy, then up at a higher generation: taken as carried out, nothing rotated and nothing revoked", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await mustUp(stack);
    expect((await stack.destroy()).outcome).toBe(0);
    const output = await mustUp(stack);
    expect(output).toContain("no state for generation 2: taken as carried out; raise to 3 to rotate");
    const { rotated, revoked } = effectsOf(await tenant.journal());
    expect([rotated.length, revoked]).toEqual([2, []]);
  });

  test("an older checkpoint: minKeyAge keeps it from rotating again, and no key in use is ever revoked", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    const older = await stack.export();
    const program = { generation: 2, revokePrevious: true, gracePeriod: "1s" };
    stack.write(rotationProgram({ ...program, minKeyAge: "0s" }));
    await mustUp(stack);
    await stack.import(older);
    stack.write(rotationProgram(program));
    await mustFail(stack, "[key_too_young]");
    expect(effectsOf(await tenant.journal()).rotated).toHaveLength(2);

    // The way out: say what is so. The key that the lost record retired is foreign now, and stays.
    stack.write(rotationProgram({ ...program, generation: 1 }));
    await sleep(1_000);
    await mustUp(stack);
    await mustUp(stack, "--refresh");
    const { rotated, revoked } = effectsOf(await tenant.journal());
    expect(rotated).toHaveLength(2);
    expect(revoked).toEqual(rotated.slice(0, 1));
    expect(rotationOf(stack)).toMatchObject({ foreign: rotated.slice(1) });
    expectNoRevocationOfAKeyInUse(await tenant.journal());
  });

  test("an older checkpoint without minKeyAge: rotates again, says which key it doesn't know, and never revokes that", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    const older = await stack.export();
    const program = { generation: 2, revokePrevious: true, gracePeriod: "1s", minKeyAge: "0s" };
    stack.write(rotationProgram(program));
    await mustUp(stack);
    const { current } = await tenant.ring();
    await stack.import(older);
    const [, lost = ""] = effectsOf(await tenant.journal()).rotated;

    stack.write(rotationProgram({ ...program, expectedCurrentKid: lost }));
    await mustFail(stack, "[current_kid_mismatch]");
    stack.write(rotationProgram(program));
    expect(await mustUp(stack)).toContain(`${lost} was retired by somebody else and will not be revoked`);
    expect(rotationOf(stack)).toMatchObject({ foreign: [lost] });
    await sleep(1_000);
    await mustUp(stack);
    const { rotated, revoked } = effectsOf(await tenant.journal());
    expect(rotated).toEqual([expect.any(String), lost, current]);
    expect(revoked).toEqual([rotated[0], current]);
    expectNoRevocationOfAKeyInUse(await tenant.journal());
  });

  test("a checkpoint from the middle of an update: the rotation since is recognised by the raise that it holds", async () => {
    const { tenant, stack } = await updated({ generation: 1 });
    stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
    await killUpdate(tenant, stack, whileListing(2), "all processes");
    await stack.cancel();
    const middle = await stack.export();
    await mustUp(stack);
    await stack.import(middle);
    expect(await mustUp(stack)).toContain("rotation 2 has happened already");
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });
});

testWhatIsLeftBehind();
