import { SigningKeyError } from "../../errors";
import { commandFor, type EmergencyRequest } from "./request";
import type { Receipt } from "./receipt";

/**
 * Refuses the receipt of another emergency: going on from it would revoke other keys than were asked for.
 * @throws SigningKeyError `receipt_unusable`
 */
export function assertSameEmergency(receipt: Receipt, file: string, request: EmergencyRequest): void {
  const kids = receipt.keys.map(({ kid }) => kid);
  const differences = [
    differs("tenant", receipt.tenant, request.tenant),
    differs("compromised", receipt.compromised, request.compromised),
    request.kid.length === 0 ? [] : differs("kid", kids.join(" and "), request.kid.join(" and ")),
    // The same words twice are one command pasted twice; other words are another incident.
    receipt.finishedAt === undefined ? [] : differs("reason", receipt.reason, request.reason),
  ].flat();
  if (differences.length === 0) return;
  const isOpen = receipt.finishedAt === undefined;
  const remedies = [
    "nothing was done",
    ...(isOpen
      ? [`to finish that one: ${commandFor({ ...request, ...receipt }, { kid: [], receipt: file })}`]
      : []),
    `to begin another, name another file with --receipt${isOpen ? "" : ", or move this one away"}`,
  ];
  throw new SigningKeyError("receipt_unusable", {
    attempt: `reading the receipt ${file}`,
    observation: `it is of another emergency${isOpen ? ", which is not finished" : ""} (${differences.join("; ")})`,
    remedy: remedies.join("; "),
  });
}

/** What a command that is run once more after the end says. */
export function finishedAlready({ tenant, keys, finishedAt, currentKid }: Receipt, file: string): string {
  const revoked = keys.map(({ kid, revokedAt }) => `${kid} (revoked ${revokedAt ?? ""})`).join(" and ");
  return [
    `Emergency on ${tenant}: finished at ${finishedAt ?? ""} by an earlier run, so nothing was done now.`,
    `  compromised  ${revoked}`,
    `  current then ${currentKid ?? ""}`,
    `  receipt      ${file}`,
    `To begin another one: name another file with --receipt and the compromised key with --kid, or move the receipt away.`,
  ].join("\n");
}

function differs(what: string, recorded: string, asked: string): string[] {
  return recorded === asked ? [] : [`${what}: ${recorded}, not ${asked}`];
}
