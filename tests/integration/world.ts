import { setTimeout as sleep } from "node:timers/promises";
import type { Emulator, TenantAccess } from "../support/emulator";
import { type ProviderHost, startProviderHost } from "../support/providerHost";
import { Stack, type ProgramArgs } from "./stack";
import { effectsOn, ringOf, startTenants, tenantFields } from "./tenants";

/** A tenant of its own with its stack. */
export interface Managed {
  readonly tenant: TenantAccess;
  readonly stack: Stack;
  /** The program's arguments but for what a test is about. */
  readonly base: ProgramArgs;
  readonly up: (args: ProgramArgs) => ReturnType<Stack["up"]>;
  readonly preview: (args: ProgramArgs) => ReturnType<Stack["preview"]>;
  readonly effects: () => Promise<string[]>;
}

/** An emulator and one run of the engine, with which a file of tests does everything but what needs another run. */
export interface World {
  readonly emulator: Emulator;
  readonly host: ProviderHost;
  readonly nextTenant: () => TenantAccess;
  /** A tenant with a stack that is still empty. */
  readonly unmanaged: () => Managed;
  /** The same after the first update. */
  readonly managed: (args?: ProgramArgs) => Promise<Managed>;
  /** The same at generation 1, with the key that its creation retired. */
  readonly rotated: (args?: ProgramArgs) => Promise<Managed & { readonly retired: string }>;
  /** Waits for the host to print something from now on: its output takes a way of its own, later than its answers. */
  readonly listening: () => (expected: string | RegExp) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(tenants: number): Promise<World> {
  const { emulator, nextTenant } = await startTenants(tenants);
  const host = await startTrustingHost(emulator);

  function unmanaged(): Managed {
    const tenant = nextTenant();
    const base = { tenant: tenantFields(tenant), minKeyAge: "0s" };
    const stack = new Stack(host);
    return {
      tenant,
      stack,
      base,
      up: (args) => stack.up({ ...base, ...args }),
      preview: (args) => stack.preview({ ...base, ...args }),
      effects: () => effectsOn(emulator, tenant),
    };
  }

  return {
    emulator,
    host,
    nextTenant,
    unmanaged,
    managed: async (args = { generation: 0 }) => {
      const all = unmanaged();
      await all.up(args);
      return all;
    },
    rotated: async (args = {}) => {
      const all = unmanaged();
      const retired = (await ringOf(emulator, all.tenant)).current;
      await all.up({ generation: 1, ...args });
      return { ...all, retired };
    },
    listening: () => {
      const before = host.stdout().length;
      return async (expected) => {
        const heard = (): string => host.stdout().slice(before);
        const isHeard = (): boolean =>
          typeof expected === "string" ? heard().includes(expected) : expected.test(heard());
        for (let waited = 0; waited < 2_000 && !isHeard(); waited += 20) await sleep(20);
        expect(heard()).toMatch(expected);
      };
    },
    stop: async () => {
      await host.stop();
      await emulator.stop();
    },
  };
}

/** A host that trusts the emulator's CA. */
export function startTrustingHost({ caFile }: Emulator, requestTimeout = "2s"): Promise<ProviderHost> {
  return startProviderHost({
    env: { AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: requestTimeout, NODE_EXTRA_CA_CERTS: caFile },
  });
}
