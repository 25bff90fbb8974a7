import { SigningKeyError } from "../errors";

/** What `pulumi import` names: a tenant, and how often its keys are to count as rotated. */
export interface ImportId {
  domain: string;
  generation: number;
}

/**
 * Reads `acme.eu.auth0.com?generation=4`; without a generation it is 0.
 * @throws SigningKeyError `invalid_input`
 */
export function readImportId(id: string): ImportId {
  const [, domain = "", generation = "0"] = /^([^?]+)(?:\?generation=(\d{1,15}))?$/.exec(id) ?? [];
  if (domain !== "") return { domain: domain.toLowerCase(), generation: Number(generation) };
  throw new SigningKeyError("invalid_input", {
    attempt: `importing ${JSON.stringify(id)}`,
    observation: "it is no id of a tenant's keys",
    remedy:
      'give the domain, and how often its keys count as rotated, such as "acme.eu.auth0.com?generation=4"; nothing was imported',
  });
}
