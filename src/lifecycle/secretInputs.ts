import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { SECRET_FIELDS } from "../tenant/credentials";
import { isUnknown, type Fault, type PropertyBag } from "./inputs";

const DIGEST = /^sha256:[\w-]{43}$/;

/**
 * The secrets of `tenant` inputs, from the engine's check of a resource to what it does with it: the same process serves
 * both. So state holds digests in a resource's inputs, and the secret itself once, encrypted, in the outputs that a
 * refresh needs (decision 5).
 */
export class SecretInputs {
  private readonly byDigest = new Map<string, string>();

  /** The inputs as the engine is to store them: with a digest in the place of each secret. */
  conceal(inputs: PropertyBag): PropertyBag {
    return replaceSecrets(inputs, (secret) => {
      if (isDigest(secret)) return secret;
      const digest = `sha256:${createHash("sha256").update(secret).digest("base64url")}`;
      this.byDigest.set(digest, secret);
      return digest;
    });
  }

  /** Whether two tenants are the same, each as a program says it or as state holds it. */
  isSameTenant({ tenant: one }: { tenant?: unknown }, { tenant: other }: { tenant?: unknown }): boolean {
    return isDeepStrictEqual(this.conceal({ tenant: one }), this.conceal({ tenant: other }));
  }

  /** The inputs with the secrets that this process has concealed. */
  reveal(inputs: PropertyBag): PropertyBag {
    return replaceSecrets(inputs, (secret) => this.byDigest.get(secret) ?? secret);
  }
}

/** An option can put what state holds into the place of what the program says, and of a secret that is no more than its digest. */
export function unknownDigests({ tenant }: PropertyBag): Fault[] {
  if (typeof tenant !== "object" || tenant === null) return [];
  return SECRET_FIELDS.filter((field) => isDigest((tenant as PropertyBag)[field])).map((field) => ({
    property: "tenant",
    reason: `tenant.${field} is not what the program says but the digest that state holds of it; take "tenant" out of ignoreChanges`,
  }));
}

function isDigest(value: unknown): boolean {
  return typeof value === "string" && DIGEST.test(value);
}

function replaceSecrets(inputs: PropertyBag, replace: (secret: string) => string): PropertyBag {
  const { tenant } = inputs;
  if (typeof tenant !== "object" || tenant === null) return inputs;
  const fields = { ...(tenant as PropertyBag) };
  for (const field of SECRET_FIELDS) {
    const value = fields[field];
    if (typeof value === "string" && value !== "" && !isUnknown(value)) fields[field] = replace(value);
  }
  return { ...inputs, tenant: fields };
}
