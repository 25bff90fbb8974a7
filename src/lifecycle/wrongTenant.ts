import { SigningKeyError } from "../errors";
import { allKeys, type KeyRing } from "../tenant/keyRing";

/** Refuses another tenant: a domain may change to a custom domain of the same tenant, but then the keys are the same. */
export function assertSameTenant(
  recorded: { domain: string; kids: readonly string[] },
  domain: string,
  ring: KeyRing,
): void {
  if (recorded.domain === domain) return;
  const listed = new Set(allKeys(ring).map((key) => key.kid));
  if (recorded.kids.some((kid) => listed.has(kid))) return;
  throw new SigningKeyError("wrong_tenant", {
    attempt: `comparing ${domain} with the recorded ${recorded.domain}`,
    observation: "it has none of the recorded keys, so it is another tenant",
    remedy: `correct the domain or the credentials; for a second tenant, add a resource of its own`,
  });
}
