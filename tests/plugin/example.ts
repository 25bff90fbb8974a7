import type { LanguageProject } from "../support/languages";
import type { StateResource } from "../support/stateFile";
import { effectsOf, expectExactlyOnce } from "../e2e/exactlyOnce";
import { stackFor } from "../e2e/leftBehind";
import { rotationOf } from "../e2e/program";
import type { TestTenant } from "../e2e/tenants";

/** The blocks of an example's README. */
interface Commands {
  readonly adopt: string;
  readonly rotate: string;
}

/** Follows the README of an example until the key that it retires is revoked, after a day that isn't waited for. */
export async function followExample(
  tenant: TestTenant,
  { project, env }: LanguageProject,
  { adopt, rotate }: Commands,
): Promise<void> {
  const before = await tenant.ring();
  const stack = await stackFor(tenant, { project, env: { ...env, ...tenant.env } });
  const run = async (commands: string): Promise<void> => {
    const { outcome, output } = await stack.shell(commands);
    if (outcome !== 0) throw new Error(output);
  };
  const resource = (name: string): StateResource | undefined =>
    stack.stateFile.resources.find(({ urn }) => urn.endsWith(`::${name}`));
  const pinned = (): unknown => resource("pinned")?.outputs?.["input"];

  await run(adopt);
  await expectExactlyOnce(tenant, stack, { rotations: 0, revocations: 0 });
  const { currentKey, nextKey } = rotationOf(stack);
  expect(pinned()).toEqual([currentKey.certificate, nextKey?.certificate]);

  await run(rotate);
  expect(effectsOf(await tenant.journal())).toEqual({ rotated: [before.current], revoked: [] });
  expect(await stack.outputs()).toMatchObject({
    currentKid: before.next,
    retired: [{ kid: before.current, generation: 1 }],
  });
  expect(pinned()).toHaveLength(3);

  await tenant.emulator.advanceClock("25h", tenant.domain);
  await run("pulumi refresh\npulumi up");
  expect(effectsOf(await tenant.journal())).toEqual({ rotated: [before.current], revoked: [before.current] });
  expect(pinned()).toHaveLength(2);
  expect(pinned()).not.toContain(currentKey.certificate);
  expect(resource("old-keys")?.dependencies).toContain(resource("pinned")?.urn);
}
