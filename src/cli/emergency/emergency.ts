import { SigningKeyError } from "../../errors";
import { sameRing, type KeyRing } from "../../tenant/keyRing";
import { environmentFor, writerTo } from "../connect";
import { Ended, EXIT, PROGRAM, type Environment, type Output } from "../output";
import { budgetRefusal } from "./budget";
import { findCompromised, type CompromisedKey } from "./compromised";
import { confirm } from "./confirm";
import { Interrupted, Interruption, InterruptibleRuntime } from "./interruption";
import { keyRefusals } from "./pass";
import { beginReceipt, defaultReceiptFile, readReceipt, saveReceipt, type Receipt } from "./receipt";
import { assertSameEmergency, finishedAlready } from "./resume";
import type { EmergencyRequest } from "./request";
import { EmergencyRun } from "./run";
import { describePlan, describeReceipt, planForPrograms } from "./words";

/** Where the command runs. */
export interface Terminal {
  environment: Environment;
  output: Output;
  /** Whoever answers questions; none where nobody sits at a terminal. */
  keyboard: { input: NodeJS.ReadableStream; prompt: NodeJS.WritableStream } | undefined;
}

/**
 * Rotates the compromised keys out and revokes them, one after the other, with nothing but the tenant's credentials.
 * Whatever ends it half-way, the same command goes on from the receipt.
 * @throws SigningKeyError before the first write: `wrong_tenant`, `receipt_unusable`, `kid_mismatch`,
 *   `emergency_unclear`, `budget_spent`, and what an update refuses
 * @throws Ended if it fails or is interrupted afterwards
 */
export async function emergency(request: EmergencyRequest, terminal: Terminal): Promise<void> {
  const { output, environment, keyboard } = terminal;
  const own = environmentFor(request.tenant, environment);
  const interruption = new Interruption(output);
  const runtime = new InterruptibleRuntime(interruption, () => own, writerTo(output));
  const tenant = runtime.tenant(undefined);
  const file = request.receipt ?? defaultReceiptFile(request.tenant);
  const found = readReceipt(file);
  if (found !== undefined) {
    assertSameEmergency(found, file, request);
    if (found.finishedAt !== undefined) {
      output.result(finishedAlready(found, file), found);
      return;
    }
  }

  await tenant.accessToken();
  let ring = await tenant.listKeys();
  const keys = findCompromised(ring, request, found);
  const budget = budgetRefusal(ring, keys, request, found);
  const refusals = (await Promise.all(keys.map((key) => keyRefusals(key, tenant, ring, request)))).flat();
  const refusal = SigningKeyError.all(budget === undefined ? refusals : [...refusals, budget]);
  if (refusal) throw refusal;
  const plan = describePlan(keys, ring, request, file);
  if (request.dryRun) {
    output.result(plan, planForPrograms(keys, ring, request, file));
    return;
  }
  output.say(plan);
  if (keyboard !== undefined && !request.yes && keys.some(({ state }) => state !== "revoked")) {
    if (!(await confirm(tenant.domain, keyboard.input, keyboard.prompt))) throw notConfirmed(tenant.domain);
    const asked = ring;
    ring = await tenant.listKeys();
    if (!sameRing(asked, ring)) throw changedMeanwhile(tenant.domain);
  }

  const receipt = found ?? newReceipt(request, keys, ring);
  if (found === undefined) beginReceipt(file, receipt);
  else saveReceipt(file, receipt);
  // Only a run that is the first one knows that no other's rotation is in flight.
  const isFirst = found === undefined && request.kid.length === 0;
  const run = new EmergencyRun(request, tenant, runtime, interruption, receipt, (changed) => {
    trySave(file, changed, output);
  });
  try {
    await interruption.during(() => run.carryOut(keys, ring, isFirst));
  } catch (error) {
    const isInterrupted = isInterruption(error);
    if (!isInterrupted) output.fail(error);
    output.say(`${PROGRAM}: what has happened is in ${file}; run the same command again to go on from there`);
    throw new Ended(isInterrupted ? EXIT.interrupted : EXIT.failed);
  }
  output.result(describeReceipt(run.receipt, file), run.receipt);
}

function newReceipt(
  { tenant, compromised, reason }: EmergencyRequest,
  keys: readonly CompromisedKey[],
  ring: KeyRing,
): Receipt {
  return {
    version: 1,
    tenant,
    compromised,
    reason,
    startedAt: ring.observedAt.toISOString(),
    keys: keys.map(({ kid }) => ({ kid })),
  };
}

/** Once Auth0 has been written to, a full disk is no reason to stop half-way: the ring tells the rest. */
function trySave(file: string, receipt: Receipt, output: Output): void {
  try {
    saveReceipt(file, receipt);
  } catch (error) {
    if (!(error instanceof SigningKeyError)) throw error;
    output.say(`${PROGRAM}: ${error.attempt}: ${error.observation}; it goes on all the same`);
  }
}

function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof Error && isInterruption(error.cause));
}

function notConfirmed(domain: string): SigningKeyError {
  return new SigningKeyError("invalid_input", {
    attempt: `emergency on ${domain}`,
    observation: "it was not confirmed",
    remedy: "nothing was done",
  });
}

function changedMeanwhile(domain: string): SigningKeyError {
  return new SigningKeyError("current_kid_mismatch", {
    attempt: `emergency on ${domain}`,
    observation: "the key ring has changed since the plan was shown: somebody else is at it",
    remedy: "nothing was done; run it again and look at the new plan",
  });
}
