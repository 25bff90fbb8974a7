import {
  startEmulator,
  tenantFlags,
  type Emulator,
  type JournalEntry,
  type TenantSummary,
} from "../support/emulator";

/** Key pairs take time: few enough that the first test need not wait long, and the next batch is made during the tests. */
const tenantsOfABatch = 4;

/** One tenant of an emulator, for one test. */
export interface TestTenant extends Omit<TenantSummary, "ring"> {
  readonly emulator: Emulator;
  /** The environment of an engine run with the tenant's credentials in `AUTH0_*`. */
  readonly env: Readonly<Record<string, string>>;
  /** The same without credentials. */
  readonly bareEnv: Readonly<Record<string, string>>;
  /** The requests that this tenant has had, in order. */
  journal(): Promise<JournalEntry[]>;
  /** The key ring as it is now. */
  ring(): Promise<TenantSummary["ring"]>;
}

interface Batch {
  readonly emulator: Emulator;
  readonly tenants: TenantSummary[];
}

/** A tenant for each test, from emulators that are started ahead of need. */
export class TenantSupply {
  private readonly batches: Promise<Batch>[];

  /** @param limits `rotationsPerDay`: how many rotations each tenant allows in 24 hours; 0 (default): any number */
  constructor(private readonly limits: { readonly rotationsPerDay?: number } = {}) {
    this.batches = [this.startBatch()];
  }

  /** A tenant that nobody has used: its current key is 30 days old. */
  async take(): Promise<TestTenant> {
    const { emulator, tenants } = await this.latest();
    const tenant = tenants.shift();
    if (tenants.length === 1) this.batches.push(this.startBatch());
    if (tenant === undefined) throw new Error("an emulator without tenants");
    return testTenant(emulator, tenant);
  }

  async stop(): Promise<void> {
    const emulators = await Promise.all(this.batches.map(async (batch) => (await batch).emulator));
    await Promise.all(emulators.map((emulator) => emulator.stop()));
  }

  private async latest(): Promise<Batch> {
    for (const batch of this.batches) {
      const { emulator, tenants } = await batch;
      if (tenants.length > 0) return { emulator, tenants };
    }
    const batch = this.startBatch();
    this.batches.push(batch);
    return batch;
  }

  private async startBatch(): Promise<Batch> {
    const { rotationsPerDay = 0 } = this.limits;
    const emulator = await startEmulator(tenantFlags(tenantsOfABatch, rotationsPerDay));
    return { emulator, tenants: await emulator.tenants() };
  }
}

/** A tenant with an emulator of its own, which the caller is to stop; it allows any number of rotations. */
export async function startTenant(node = process.execPath): Promise<TestTenant> {
  const emulator = await startEmulator(tenantFlags(1, 0), node);
  const [tenant] = await emulator.tenants();
  if (tenant === undefined) throw new Error("an emulator without tenants");
  return testTenant(emulator, tenant);
}

function testTenant(emulator: Emulator, tenant: TenantSummary): TestTenant {
  const { domain, caFile, clientId, clientSecret } = tenant;
  const bareEnv = { NODE_EXTRA_CA_CERTS: caFile, AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "1s" };
  return {
    ...tenant,
    emulator,
    bareEnv,
    env: {
      ...bareEnv,
      AUTH0_DOMAIN: domain,
      AUTH0_CLIENT_ID: clientId,
      AUTH0_CLIENT_SECRET: clientSecret,
    },
    journal: async () => (await emulator.journal()).filter((entry) => entry.tenant === domain),
    ring: async () => {
      const found = (await emulator.tenants()).find((other) => other.domain === domain);
      if (found === undefined) throw new Error(`${domain} is gone`);
      return found.ring;
    },
  };
}
