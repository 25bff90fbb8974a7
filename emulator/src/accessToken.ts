import { errors, jwtVerify, type JWTPayload, SignJWT } from "jose";
import * as v from "valibot";
import type { SigningKey } from "./signingKey.js";
import type { Tenant } from "./tenant.js";

export interface AccessTokenRequest {
  /** The domain that the token was asked of: its issuer. */
  readonly domain: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly lifetimeSeconds: number;
}

export async function signAccessToken(tenant: Tenant, request: AccessTokenRequest): Promise<string> {
  const key = tenant.ring.current();
  const issuedAt = Math.floor(tenant.clock.now().getTime() / 1000);
  const scope = request.scopes.length === 0 ? {} : { scope: request.scopes.join(" ") };
  return new SignJWT({ ...scope, gty: "client-credentials", azp: request.clientId })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key.kid })
    .setIssuer(`https://${request.domain}/`)
    .setSubject(`${request.clientId}@clients`)
    .setAudience(request.audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + request.lifetimeSeconds)
    .sign(key.privateKey);
}

const claimsSchema = v.object({ azp: v.string(), scope: v.optional(v.string(), "") });

export type Verification =
  | { readonly valid: true; readonly clientId: string; readonly scopes: readonly string[] }
  | { readonly valid: false; readonly message: string };

/** Accepts what a key of the ring signed that is not revoked, for this audience, of this domain, not expired. */
export async function verifyAccessToken(
  tenant: Tenant,
  token: string,
  expected: { readonly domains: readonly string[]; readonly audience: string },
): Promise<Verification> {
  try {
    const { payload } = await jwtVerify(token, (header) => ringKey(tenant, header.kid).publicKey, {
      algorithms: ["RS256"],
      issuer: expected.domains.map((domain) => `https://${domain}/`),
      audience: expected.audience,
      currentDate: tenant.clock.now(),
      requiredClaims: ["exp", "sub"],
    });
    const claims = v.safeParse(claimsSchema, payload satisfies JWTPayload);
    if (!claims.success) return { valid: false, message: "Invalid token" };
    const scopes = claims.output.scope.split(" ").filter((scope) => scope !== "");
    return { valid: true, clientId: claims.output.azp, scopes };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { valid: false, message: explain(error) };
    throw error;
  }
}

function ringKey(tenant: Tenant, kid: string | undefined): SigningKey {
  const entry = kid === undefined ? undefined : tenant.ring.find(kid);
  if (entry === undefined || entry.state.status === "revoked") throw new errors.JWKSNoMatchingKey();
  return entry.key;
}

function explain(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "Expired token received for JSON Web Token validation";
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "Invalid signature received for JSON Web Token validation";
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") return "Bad audience";
  return "Invalid token";
}
