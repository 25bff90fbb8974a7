import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { CertificateAuthority } from "./certificateAuthority.js";
import { controlServer } from "./controlServer.js";
import { Faults } from "./faults.js";
import { Journal } from "./journal.js";
import { KeySupply } from "./keySupply.js";
import { load, Store, type StoredTenant } from "./persistence.js";
import { type StartLine, startLine } from "./startLine.js";
import { hostnameFor, Tenant, type TenantSettings } from "./tenant.js";
import { loopback, TenantListeners } from "./tenantListeners.js";
import { restoreTenant, storeTenant } from "./tenantMemory.js";
import { tenantServer } from "./tenantServer.js";

export interface EmulatorOptions extends TenantSettings {
  /** The first tenant's; the others follow. What the system or the data file gives, if undefined. */
  readonly port: number | undefined;
  readonly tenants: number;
  /** How many RSA key pairs are made at all; 0: a new one for each key. */
  readonly keyPairs: number;
  /** Where to keep everything between runs; nowhere, if undefined. */
  readonly data: string | undefined;
}

export interface RunningEmulator {
  readonly line: StartLine;
  stop(): Promise<void>;
}

const keysKeptReady = 2;

export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const stored = options.data === undefined ? undefined : await load(options.data);
  const authority =
    stored === undefined
      ? await CertificateAuthority.create()
      : await CertificateAuthority.restore(stored.certificateAuthority);
  const keySupply = new KeySupply(keysKeptReady, options.keyPairs);
  const count = Math.max(options.tenants, stored?.tenants.length ?? 0);
  const names = Array.from(
    { length: count },
    (_, index) => stored?.tenants[index]?.name ?? `tenant-${index + 1}`,
  );
  const listeners = new TenantListeners(await authority.issueServerIdentity(names.map(hostnameFor)));
  const tenants: Tenant[] = [];
  const store = new Store(options.data, async () => ({
    version: 1,
    certificateAuthority: await authority.store(),
    tenants: await Promise.all(tenants.map(storeTenant)),
  }));
  const surroundings = { faults: new Faults(), journal: new Journal(), store };

  try {
    for (const [index, name] of names.entries()) {
      const earlier: StoredTenant | undefined = stored?.tenants[index];
      const wantedPort = options.port === undefined ? (earlier?.port ?? 0) : options.port + index;
      const port = await listeners.listen(wantedPort);
      const memory =
        earlier === undefined ? await Tenant.firstMemory(name, keySupply) : await restoreTenant(earlier);
      const tenant = new Tenant(name, port, options, keySupply, memory);
      tenants.push(tenant);
      listeners.serve(tenant, await tenantServer(tenant, surroundings));
    }
    keySupply.refill();
    await store.save();

    const [first] = tenants;
    if (first === undefined) throw new Error("an emulator needs at least one tenant");
    const ca = await writeCaFile(authority.certificate, options.data);
    let controlUrl = "";
    const control = controlServer({
      ...surroundings,
      tenants,
      caFile: ca.file,
      controlUrl: () => controlUrl,
    });
    controlUrl = await control.listen({ host: loopback, port: 0 });
    return {
      line: startLine(first, ca.file, controlUrl),
      async stop() {
        listeners.close();
        await control.close();
        await ca.remove();
      },
    };
  } catch (error) {
    listeners.close();
    throw error;
  }
}

interface CaFile {
  readonly file: string;
  remove(): Promise<void>;
}

/** Beside the data file, where it stays; without one in a folder of its own, which goes when the emulator stops. */
async function writeCaFile(certificate: string, data: string | undefined): Promise<CaFile> {
  if (data !== undefined) {
    const file = path.resolve(`${data}.ca.pem`);
    await writeFile(file, certificate);
    return { file, remove: () => Promise.resolve() };
  }
  const folder = await mkdtemp(path.join(tmpdir(), "auth0-signing-keys-emulator-"));
  const file = path.join(folder, "ca.pem");
  await writeFile(file, certificate);
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}
