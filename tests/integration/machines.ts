import type { Receipt } from "../../src/cli/emergency/receipt";
import type { Emulator, TenantAccess } from "../support/emulator";
import { Machine, type CliRun } from "../support/cli";
import { TOKEN } from "./stack";

const machines: Machine[] = [];
const secrets = new Set<string>();

/** A machine with a tenant's credentials and nothing else. */
export function machineFor({ clientId, clientSecret, caFile }: TenantAccess): Machine {
  secrets.add(clientSecret);
  const machine = new Machine({
    AUTH0_CLIENT_ID: clientId,
    AUTH0_CLIENT_SECRET: clientSecret,
    NODE_EXTRA_CA_CERTS: caFile,
    AUTH0_SIGNING_KEYS_REQUEST_TIMEOUT: "3s",
  });
  machines.push(machine);
  return machine;
}

/** An application of the tenant with these scopes alone, as environment variables. */
export async function applicationWith(
  emulator: Emulator,
  { domain }: TenantAccess,
  ...scopes: string[]
): Promise<{ AUTH0_CLIENT_ID: string; AUTH0_CLIENT_SECRET: string }> {
  const { body } = await emulator.control("POST", "/clients", { scopes, tenant: domain });
  const { clientId, clientSecret } = body as { clientId: string; clientSecret: string };
  secrets.add(clientSecret);
  return { AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret };
}

/** A token of the tenant's Management API in place of an application, as environment variables. */
export async function staticToken(
  emulator: Emulator,
  tenant: TenantAccess,
): Promise<Readonly<Record<string, string>>> {
  const token = await emulator.token({ access: tenant });
  secrets.add(token);
  return { AUTH0_CLIENT_ID: "", AUTH0_CLIENT_SECRET: "", AUTH0_API_TOKEN: token };
}

export function receiptIn(machine: Machine, { domain }: TenantAccess): Receipt {
  return JSON.parse(machine.read(`auth0-emergency-${domain.replace(":", "-")}.json`)) as Receipt;
}

/** The codes of the errors that a run ended with. */
export function codesOf({ stderr }: CliRun): string[] {
  return [...stderr.matchAll(/^auth0-signing-keys: .* \[([a-z0-9_]+)\]$/gm)].map(([, code]) => code ?? "");
}

/** To be called at the end of a file: what all of its machines said and stored. */
export function testNoSecretIsLeftBehind(): void {
  afterAll(() => {
    for (const machine of machines) machine.dispose();
  });

  test("no secret, no token and no stack trace is in what was said and written", () => {
    expect([machines.length, secrets.size]).not.toContain(0);
    const traces = machines.map((machine) => machine.traces()).join("\n");
    expect([...secrets].filter((secret) => traces.includes(secret))).toEqual([]);
    expect(traces).not.toMatch(TOKEN);
    expect(traces).not.toMatch(/PRIVATE KEY|\n {4}at /);
  });
}
