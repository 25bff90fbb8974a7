import { SigningKeyError } from "../errors";
import { rotationBudget, rotationsLeft } from "../lifecycle/rotationBudget";
import { allKeys, type KeyRing, type SigningKey } from "../tenant/keyRing";
import { runtimeFor } from "./connect";
import type { Environment, Output } from "./output";

/**
 * Shows the key ring; one request, and nothing is written.
 * @throws SigningKeyError `current_kid_mismatch` if another key is current than the one that is expected, if any is
 */
export async function status(
  domain: string | undefined,
  expectedCurrentKid: string | undefined,
  { environment, output }: { environment: Environment; output: Output },
): Promise<void> {
  const tenant = runtimeFor(domain, environment, output).tenant(undefined);
  const ring = await tenant.listKeys();
  if (expectedCurrentKid !== undefined && ring.current.kid !== expectedCurrentKid) {
    throw new SigningKeyError("current_kid_mismatch", {
      attempt: `looking whether ${expectedCurrentKid} is the current key of ${tenant.domain}`,
      observation: `${ring.current.kid} is: somebody else has rotated`,
      remedy: "find out who did it, then record the ring as it is (pulumi refresh, or a pipeline that does)",
    });
  }
  const { used, left } = rotationBudget(ring);
  output.result(await describeRing(tenant.domain, ring), {
    domain: tenant.domain,
    jwksUri: tenant.jwksUri,
    observedAt: ring.observedAt.toISOString(),
    keys: inOrder(ring),
    rotationsInLastDay: used,
    rotationsLeftAtMost: left,
  });
}

async function describeRing(domain: string, ring: KeyRing): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const table = new Table({
    head: ["kid", "state", "since", "until", "revoked", "fingerprint"],
    style: { head: [], border: [], compact: true },
  });
  for (const { kid, state, since = "", until = "", revokedAt = "", fingerprint } of inOrder(ring))
    table.push([kid, state, since, until, revokedAt, `${fingerprint.slice(0, 11)}…`]);
  const budget = rotationBudget(ring);
  return [
    `${domain} at ${ring.observedAt.toISOString()}`,
    table.toString(),
    `Rotations in the last 24 hours: ${budget.used} at least; ${rotationsLeft(budget)}.`,
  ].join("\n");
}

/** Next, current, then those that were, the latest first. */
function inOrder(ring: KeyRing): SigningKey[] {
  const order = ["next", "current", "previous", "revoked"];
  const rank = ({ state }: SigningKey): number => order.indexOf(state);
  const since = (key: SigningKey): number => Date.parse(key.since ?? "") || 0;
  return allKeys(ring).sort((one, other) => rank(one) - rank(other) || since(other) - since(one));
}
