import { compactVerify, decodeJwt, decodeProtectedHeader, errors, importSPKI, jwtVerify } from "jose";
import { OAuthError } from "./apiError.js";
import { type Application, attachedCredentials } from "./application.js";
import { type ClientCredential, credentialAlgorithms } from "./clientCredential.js";
import type { Tenant } from "./tenant.js";
import type { TokenParameters } from "./tokenParameters.js";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const longestAssertionSeconds = 300;

/** The assertions that were used, until they have expired: each jti is good for one token. */
export class UsedAssertions {
  readonly #expiryByJti = new Map<string, number>();

  /** @returns false if it was used before. */
  use(clientId: string, jti: string, expiresAtSeconds: number, nowSeconds: number): boolean {
    for (const [used, expiry] of this.#expiryByJti) {
      if (expiry < nowSeconds) this.#expiryByJti.delete(used);
    }
    const name = `${clientId} ${jti}`;
    if (this.#expiryByJti.has(name)) return false;
    this.#expiryByJti.set(name, expiresAtSeconds);
    return true;
  }
}

/** private_key_jwt, RFC 7523. `domain` is the one that the token is asked of. */
export async function authenticateByAssertion(
  tenant: Tenant,
  used: UsedAssertions,
  domain: string,
  parameters: TokenParameters & { readonly client_assertion: string },
): Promise<Application> {
  if (parameters.client_assertion_type !== assertionType) {
    throw new OAuthError(400, "invalid_request", `client_assertion_type must be ${assertionType}`);
  }
  try {
    const assertion = parameters.client_assertion;
    const application = tenant.application(parameters.client_id ?? decodeJwt(assertion).sub ?? "");
    if (application?.authentication.method !== "private_key_jwt") {
      throw new OAuthError(401, "access_denied", "Unauthorized");
    }
    // Clients date their assertions by their own clock, which the emulated one may be ahead of.
    const nowSeconds = Math.floor(Date.now() / 1000);
    const { publicKeyPem } = await verifier(assertion, attachedCredentials(application, tenant.clock.now()));
    const { payload } = await jwtVerify(assertion, ({ alg }) => importSPKI(publicKeyPem, alg), {
      algorithms: [...credentialAlgorithms],
      issuer: application.clientId,
      subject: application.clientId,
      audience: `https://${domain}/`,
      requiredClaims: ["exp", "jti"],
    });
    const { exp = 0, jti = "" } = payload;
    if (exp > nowSeconds + longestAssertionSeconds) {
      throw new OAuthError(401, "invalid_client", "The client assertion must expire within 5 minutes");
    }
    if (!used.use(application.clientId, jti, exp, nowSeconds)) {
      throw new OAuthError(401, "invalid_client", "The client assertion's jti has been used before");
    }
    return application;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new OAuthError(401, "invalid_client", `Client assertion refused: ${error.message}`);
  }
}

/** The credential whose key has signed it: an application may have two, while it changes from one to the other. */
async function verifier(
  assertion: string,
  credentials: readonly ClientCredential[],
): Promise<ClientCredential> {
  const { alg = "", kid } = decodeProtectedHeader(assertion);
  if (!credentialAlgorithms.some((known) => known === alg)) throw new errors.JOSEAlgNotAllowed(`alg ${alg}`);
  for (const credential of credentials) {
    if (credential.algorithm !== undefined && credential.algorithm !== alg) continue;
    if (kid !== undefined && kid !== credential.kid) continue;
    try {
      await compactVerify(assertion, await importSPKI(credential.publicKeyPem, alg));
      return credential;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed("no credential of the application has signed it");
}
