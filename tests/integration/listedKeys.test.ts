import type { Emulator, TenantAccess } from "../support/emulator";
import type { ProviderHost } from "../support/providerHost";
import { codesIn, refusal, Stack } from "./stack";
import {
  customDomainFields,
  dashboard,
  effectsOn,
  ringOf,
  startTenants,
  tenantFields,
  type Tenants,
} from "./tenants";
import { startTrustingHost } from "./world";

jest.setTimeout(120_000);

/** More than stay on record once they have gone off the list, and more than Auth0 lists. */
const MANY = 7;

let tenants: Tenants;
let emulator: Emulator;
let host: ProviderHost;
beforeAll(async () => {
  tenants = await startTenants(3, "--revoked-listed", "3");
  ({ emulator } = tenants);
  host = await startTrustingHost(emulator);
});
afterAll(async () => {
  await host.stop();
  await emulator.stop();
});

/** Retires so many keys, each in its turn. */
async function retire(tenant: TenantAccess, count: number): Promise<string[]> {
  const kids: string[] = [];
  for (let key = 0; key < count; key += 1) {
    kids.push((await ringOf(emulator, tenant)).current);
    await dashboard(emulator, tenant, "rotate");
  }
  return kids;
}

test("a long list is revoked once, and settles, though Auth0 lists few of the revoked keys", async () => {
  const tenant = tenants.nextTenant();
  const kids = await retire(tenant, MANY);
  const args = { retired: kids, tenant: tenantFields(tenant) };
  const stack = new Stack(host);
  expect(await stack.upRevocation(args)).toBe("create");
  expect(stack.revocation.keys.map(({ kid, revokedAt }) => [kid, revokedAt !== undefined])).toEqual(
    kids.map((kid) => [kid, true]),
  );
  const effects = await effectsOn(emulator, tenant);
  expect(effects.filter((effect) => effect.startsWith("revoke"))).toEqual(kids.map((kid) => `revoke ${kid}`));
  expect(await stack.upRevocation(args)).toBe("same");
  await stack.refresh();
  expect(await stack.upRevocation(args)).toBe("same");
  expect(await effectsOn(emulator, tenant)).toEqual(effects);
});

test("a key that is retired in this update isn't revoked in it, by whatever domain the revocation names the tenant", async () => {
  const tenant = tenants.nextTenant();
  const { current } = await ringOf(emulator, tenant);
  const stack = new Stack(host);
  await stack.up({ generation: 1, minKeyAge: "0s", tenant: tenantFields(tenant) });
  const custom = customDomainFields(tenant);
  const error = await refusal(stack.upRevocation({ retired: [current], tenant: custom }));
  expect(codesIn(error)).toEqual(["no_grace_period"]);
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${current}`]);
});

test("an entry without a due date may be held; it is refused once the hold is lifted without one", async () => {
  const tenant = tenants.nextTenant();
  const [kid = ""] = await retire(tenant, 1);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const entry = { kid, retiredAt: anHourAgo };
  const args = { retired: [entry], tenant: tenantFields(tenant) };
  const stack = new Stack(host);
  expect(await stack.upRevocation({ ...args, hold: true })).toBe("create");
  expect(await stack.upRevocation({ ...args, hold: true })).toBe("same");
  expect(codesIn(await refusal(stack.upRevocation(args)))).toEqual(["no_grace_period"]);
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${kid}`]);
  expect(await stack.upRevocation({ ...args, gracePeriod: "30m" })).toBe("update");
  expect(await effectsOn(emulator, tenant)).toEqual([`rotate ${kid}`, `revoke ${kid}`]);
});
