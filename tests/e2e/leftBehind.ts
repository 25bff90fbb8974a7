import { kindOf } from "../../src/kinds";
import { isPlugin } from "../support/adapter";
import { createStack, type Stack, type StackOptions } from "../support/engine";
import type { StateResource } from "../support/stateFile";
import { keepUsedSecrets } from "../support/traces";
import type { TestTenant } from "./tenants";

const LONGEST_SHELL_BYTES = 700;
const LARGEST_TENANT_BYTES = 12_000;
const JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

const stacks: Stack[] = [];
const secrets = new Set<string>();

/** A stack with the tenant's credentials in the environment, whose traces are searched in the end. */
export async function stackFor(tenant: TestTenant, options: Partial<StackOptions> = {}): Promise<Stack> {
  secrets.add(tenant.clientSecret);
  const stack = await createStack({ env: tenant.env, ...options });
  stacks.push(stack);
  return stack;
}

/** How many of these secrets stand in a text, and whether a token or a private key does; says nothing of them. */
export function countSecrets(text: string, known: Iterable<string>): number {
  const found = [...known].filter((secret) => text.includes(secret)).length;
  return found + [JWT, PRIVATE_KEY].filter((pattern) => pattern.test(text)).length;
}

/** Another secret that must not be left anywhere. */
export function keepSecret(secret: string): void {
  secrets.add(secret);
  keepUsedSecrets([secret]);
}

/** To be called at the end of every file of engine tests: what all its stacks wrote, said and stored. */
export function testWhatIsLeftBehind(): void {
  afterEach(() => {
    for (const stack of stacks) stack.endOrphans();
  });
  afterAll(() => {
    for (const stack of stacks) stack.dispose();
  });

  describe("what the stacks of this file leave behind", () => {
    test("no secret, no private key and no token in what the engine wrote and stored", async () => {
      expect(stacks).not.toEqual([]);
      await Promise.all(stacks.map((stack) => stack.export()));
      for (const stack of stacks) {
        const text = [...stack.transcript, ...stack.exports, stack.storedText()].join("\n");
        expect(countSecrets(text, secrets)).toBe(0);
      }
    });

    test(`a shell of at most ${LONGEST_SHELL_BYTES} bytes, and at most ${LARGEST_TENANT_BYTES} for a tenant`, () => {
      const shells = new Set<unknown>();
      for (const exported of stacks.flatMap((stack) => stack.exports)) {
        const sizes = new Map<unknown, number>();
        for (const resource of ownResources(exported)) {
          for (const bag of [resource.inputs, resource.outputs]) shells.add(bag?.["__provider"]);
          const size = Buffer.byteLength(JSON.stringify(resource, withoutPositions));
          sizes.set(resource.id, (sizes.get(resource.id) ?? 0) + size);
        }
        for (const size of sizes.values()) expect(size).toBeLessThanOrEqual(LARGEST_TENANT_BYTES);
      }
      if (isPlugin()) {
        expect([...shells]).toEqual([undefined]);
        return;
      }
      for (const shell of [...shells].map(String)) {
        expect(shell).toContain("pulumi-auth0-signing-keys/provider");
        expect(Buffer.byteLength(shell)).toBeLessThanOrEqual(LONGEST_SHELL_BYTES);
      }
    });
  });
}

/** The engine notes where in the program a resource stands, at the length of this machine's paths (decision 5). */
function withoutPositions(property: string, value: unknown): unknown {
  return ["stackTrace", "sourcePosition"].includes(property) ? undefined : value;
}

function ownResources(exported: string): StateResource[] {
  const { deployment } = JSON.parse(exported) as { deployment: { resources?: StateResource[] } };
  return (deployment.resources ?? []).filter(({ type }) => kindOf(type) !== undefined);
}
