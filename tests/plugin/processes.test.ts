import "./usePlugin";
import { setTimeout as sleep } from "node:timers/promises";
import { Stack } from "../integration/stack";
import { effectsOn, ringOf, startTenants, tenantFields } from "../integration/tenants";
import { startTrustingHost } from "../integration/world";
import type { ProviderHost } from "../support/providerHost";

jest.setTimeout(60_000);

let tenants: Awaited<ReturnType<typeof startTenants>>;
const processes: ProviderHost[] = [];

beforeAll(async () => {
  tenants = await startTenants(1);
});
afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()));
  await tenants.emulator.stop();
});

async function startProcess(): Promise<ProviderHost> {
  const started = await startTrustingHost(tenants.emulator);
  processes.push(started);
  return started;
}

test("a key that another process of the same engine run has retired isn't revoked in that run, though it is due", async () => {
  const { emulator, nextTenant } = tenants;
  const tenant = nextTenant();
  const { current } = await ringOf(emulator, tenant);
  // A program with two providers has a process for each, and both are there when the first of them rotates.
  const stack = new Stack(await startProcess());
  const other = await startProcess();
  const fields = tenantFields(tenant);
  await stack.up({ generation: 1, minKeyAge: "0s", gracePeriod: "1s", tenant: fields });
  await sleep(2_500);
  const args = { retired: stack.outputs.retired, tenant: fields };
  expect(await stack.useHost(other).upRevocation(args)).toBe("create");
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${current}`]);
  expect(await stack.useHost(await startProcess()).upRevocation(args)).toBe("update");
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${current}`, `revoke ${current}`]);
});
