import type { TenantAccess } from "../../support/emulator";
import type { Action, ProgramArgs, Stack } from "../stack";
import { PATHS, type Request } from "../tenants";

/** What a scenario's program is made of, besides its own arguments. */
export interface Surroundings {
  readonly tenant: TenantAccess;
  /** The arguments that each resource of the program has: credentials and how long to wait. */
  readonly common: ProgramArgs;
  /** How long a canary is called. */
  readonly canaryTimeout: string;
  /** The key that is current at the beginning. */
  readonly first: string;
}

export interface Scenario {
  readonly name: string;
  /** What has been brought about before the fault; none for a creation. */
  readonly before?: ProgramArgs;
  readonly args: ProgramArgs;
  /** Whether the fault is met by a refresh instead of an update. */
  readonly refreshes?: true;
  /** Whether a `SigningKeyRevocation` with a canary stands beside the rotation, and is what meets the fault. */
  readonly hasRevocation?: true;
  /** Its requests where there is no fault: its steps. */
  readonly requests: readonly Request[];
  /** Which of them meet faults; all of them if left out. */
  readonly faulty?: readonly Request[];
  /** Whether the first key ends up revoked. */
  readonly revokes?: true;
}

const ROTATION: readonly Request[] = ["token", "list", "list", "rotate", "list", "jwks"];
const LIFETIMES: readonly Request[] = ["apis", "clients"];
/** A key may be retired however young it is. */
const YOUNG = { minKeyAge: "0s" };
const AUTO = { gracePeriod: "auto" };

export const SCENARIOS: readonly Scenario[] = [
  { name: "create", args: { generation: 1 }, requests: ROTATION },
  { name: "raise", before: { generation: 0 }, args: { generation: 1 }, requests: ROTATION },
  {
    name: "revoke",
    before: { generation: 1 },
    args: { generation: 1, revokePrevious: true },
    requests: ["token", "list", "jwks", "list", "revoke", "list", "token", "list", "jwks"],
    revokes: true,
  },
  {
    name: "refresh",
    before: { generation: 1 },
    args: { generation: 1 },
    refreshes: true,
    requests: ["token", "list"],
  },
  {
    name: "revocation",
    before: { generation: 1 },
    args: { generation: 1 },
    hasRevocation: true,
    requests: ["token", "list", "jwks", "token", "canary", "list", "revoke", "list", "token", "list", "jwks"],
    revokes: true,
  },
  {
    name: "auto raise",
    before: { generation: 0, ...AUTO },
    args: { generation: 1, ...AUTO },
    requests: ["token", "list", ...LIFETIMES, "list", ...LIFETIMES, "rotate", "list", "jwks"],
    faulty: LIFETIMES,
  },
  {
    name: "auto refresh",
    before: { generation: 1, ...AUTO },
    args: { generation: 1, ...AUTO },
    refreshes: true,
    requests: ["token", "list", ...LIFETIMES],
    faulty: LIFETIMES,
  },
];

/** Brings about what a scenario starts from. */
export async function prepare(stack: Stack, { before }: Scenario, { common }: Surroundings): Promise<void> {
  if (before !== undefined) await stack.up({ ...common, ...YOUNG, ...before });
}

/** The command that meets the fault, and is given again until it succeeds. */
export async function act(stack: Stack, scenario: Scenario, surroundings: Surroundings): Promise<void> {
  if (scenario.refreshes) await stack.refresh();
  else await update(stack, scenario, surroundings);
}

/** `pulumi up` of the whole program: what was done to each resource. */
export async function update(
  stack: Stack,
  { args, hasRevocation }: Scenario,
  { tenant, common, canaryTimeout, first }: Surroundings,
): Promise<Action[]> {
  const { intent, rotation } = await stack.up({ ...common, ...YOUNG, ...args });
  if (!hasRevocation) return [intent, rotation];
  const { path } = PATHS.canary;
  const canary = { audience: "https://api.example.com/", url: `https://${tenant.domain}${path}` };
  return [
    intent,
    rotation,
    await stack.upRevocation({
      ...common,
      retired: [first],
      canaries: [{ ...canary, timeout: canaryTimeout }],
    }),
  ];
}
