import { readFileSync } from "node:fs";
import path from "node:path";
import { providerShell } from "../../src/shell";
import type { TenantAccess } from "../support/emulator";
import { codesIn, refusal } from "./stack";
import { effectsOn, ringOf } from "./tenants";
import { startWorld, type Managed, type World } from "./world";

jest.setTimeout(60_000);

let world: World;

beforeAll(async () => {
  world = await startWorld(20);
});

afterAll(async () => {
  await world.stop();
});

interface Job {
  /** Its row in the table of SECURITY.md. */
  readonly row: string;
  readonly prepare: () => Promise<Managed>;
  /** Done with the credentials of an application. */
  readonly act: (all: Managed, tenant: object) => Promise<unknown>;
  /** What it changes. */
  readonly effects: (retired: string) => string[];
}

const adopted = (): Promise<Managed> => world.managed({ generation: 0 });

const JOBS: readonly Job[] = [
  {
    row: "look: generation 0, `pulumi refresh`, `getSigningKeys`",
    prepare: () => Promise.resolve(world.unmanaged()),
    act: ({ up }, tenant) => up({ generation: 0, tenant }),
    effects: () => [],
  },
  {
    row: "rotate, or rotate and revoke",
    prepare: adopted,
    act: ({ up }, tenant) => up({ generation: 1, tenant }),
    effects: (retired) => [`rotate ${retired}`],
  },
  {
    row: 'the same with a `gracePeriod` of `"auto"`',
    prepare: adopted,
    act: ({ up }, tenant) => up({ generation: 1, gracePeriod: "auto", tenant }),
    effects: (retired) => [`rotate ${retired}`],
  },
  {
    row: "revoke with `SigningKeyRevocation`",
    prepare: async () => {
      const all = world.unmanaged();
      await world.emulator.control("POST", `/tenants/${all.tenant.domain}/rotate`);
      return all;
    },
    act: async (all, tenant) => {
      const { previous } = await ringOf(world.emulator, all.tenant);
      return world.host.create({ retired: previous, tenant, __provider: providerShell("revocation") });
    },
    effects: (retired) => [`rotate ${retired}`, `revoke ${retired}`],
  },
];

/** The scopes that SECURITY.md gives for a job. */
function documentedScopes(row: string): string[] {
  const document = readFileSync(path.join(__dirname, "../../SECURITY.md"), "utf8");
  const line = document.split("\n").find((text) => text.startsWith(`| ${row} |`)) ?? "";
  return [...line.matchAll(/`([a-z]+:[a-z_]+)`/g)].map(([, scope = ""]) => scope);
}

/** Of an application with these scopes. */
async function credentials({ domain }: TenantAccess, scopes: readonly string[]): Promise<object> {
  // With no scope at all it would get no token.
  const granted = [...scopes, "read:logs"];
  const { body } = await world.emulator.control("POST", "/clients", { tenant: domain, scopes: granted });
  return { domain, ...(body as object) };
}

test.each(JOBS)("$row: the scopes in SECURITY.md are enough", async ({ row, prepare, act, effects }) => {
  const all = await prepare();
  const first = await firstKey(all);
  await act(all, await credentials(all.tenant, documentedScopes(row)));
  expect(await effectsOn(world.emulator, all.tenant)).toEqual(effects(first));
});

const ONE_LESS = JOBS.flatMap((job) => documentedScopes(job.row).map((scope) => ({ ...job, scope })));

test("every job has scopes", () => {
  expect(ONE_LESS.map(({ row, scope }) => `${row}: ${scope}`)).toHaveLength(11);
});

test.each(ONE_LESS)("$row: not without $scope, which is said before anything is done", async (job) => {
  const all = await job.prepare();
  const before = await effectsOn(world.emulator, all.tenant);
  const scopes = documentedScopes(job.row).filter((scope) => scope !== job.scope);
  const error = await refusal(job.act(all, await credentials(all.tenant, scopes)));
  expect(error.message).toContain(job.scope);
  expect(codesIn(error)).toEqual(["insufficient_scope"]);
  expect(await effectsOn(world.emulator, all.tenant)).toEqual(before);
});

async function firstKey({ tenant }: Managed): Promise<string> {
  const { current, previous } = await ringOf(world.emulator, tenant);
  return previous[0] ?? current;
}
