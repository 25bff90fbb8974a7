import { SigningKeyError } from "../errors";
import { allKeys, findKey, type KeyRing } from "../tenant/keyRing";
import type { DesiredRotation } from "./inputs";

/**
 * Refuses another tenant: a domain may change to a custom domain of the same tenant, but then the keys are the same.
 * Where no key is on record, there is nothing that another tenant could be taken for.
 */
export function assertSameTenant(
  recorded: { domain: string; kids: readonly string[] },
  domain: string,
  ring: KeyRing,
): void {
  if (recorded.domain === domain || recorded.kids.length === 0) return;
  const listed = new Set(allKeys(ring).map((key) => key.kid));
  if (recorded.kids.some((kid) => listed.has(kid))) return;
  throw new SigningKeyError("wrong_tenant", {
    attempt: `comparing ${domain} with the recorded ${recorded.domain}`,
    observation: "it has none of the recorded keys, so it is another tenant",
    remedy: `correct the domain or the credentials; for a second tenant, add a resource of its own`,
  });
}

/** Refuses a tenant that doesn't list the key from which a raise was recorded: the record was made for another one. */
export function assertBaselinesListed(
  { baselines }: Pick<DesiredRotation, "baselines">,
  carriedOut: number,
  domain: string,
  ring: KeyRing,
): void {
  const missing = baselines.find(({ generation, kid }) => generation > carriedOut && !findKey(ring, kid));
  if (missing === undefined) return;
  throw new SigningKeyError("wrong_tenant", {
    attempt: `carrying out generation ${missing.generation} on ${domain}`,
    observation: `it doesn't list ${missing.kid}, the current key when that was recorded, so it is another tenant`,
    remedy:
      "correct the domain or the credentials; if it is the same tenant, raise generation to start from its current key",
  });
}

/** Refuses to read by an id, which is a domain, with the credentials of another. */
export function assertIdOf(id: string, domain: string): void {
  if (id === domain) return;
  throw new SigningKeyError("wrong_tenant", {
    attempt: `reading the signing keys of ${id}`,
    observation: `the credentials are for ${domain}`,
    remedy: "give the credentials of the tenant that the id names",
  });
}
