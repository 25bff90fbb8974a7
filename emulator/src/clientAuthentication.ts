import { timingSafeEqual } from "node:crypto";
import { OAuthError } from "./apiError.js";
import { type Application, signsInBySecret } from "./application.js";
import { authenticateByAssertion, type UsedAssertions } from "./clientAssertion.js";
import type { Tenant } from "./tenant.js";
import type { TokenParameters } from "./tokenParameters.js";

export interface ClientRequest {
  /** The domain that the token is asked of. */
  readonly domain: string;
  readonly parameters: TokenParameters;
  readonly authorization: string | undefined;
}

/** By secret (in the body or by HTTP Basic) or by assertion, whichever the application is set up for. */
export async function authenticateClient(
  tenant: Tenant,
  used: UsedAssertions,
  { domain, parameters, authorization }: ClientRequest,
): Promise<Application> {
  const { client_assertion } = parameters;
  if (client_assertion !== undefined) {
    return authenticateByAssertion(tenant, used, domain, { ...parameters, client_assertion });
  }
  const basic = basicCredentials(authorization);
  const application = tenant.application(basic?.clientId ?? parameters.client_id ?? "");
  const secret = basic?.clientSecret ?? parameters.client_secret;
  if (application === undefined || !secretFits(application, secret)) {
    throw new OAuthError(401, "access_denied", "Unauthorized");
  }
  return application;
}

function secretFits(application: Application, given: string | undefined): boolean {
  const { clientSecret } = application;
  if (given === undefined || clientSecret === undefined || !signsInBySecret(application)) return false;
  const expected = Buffer.from(clientSecret);
  const offered = Buffer.from(given);
  return expected.length === offered.length && timingSafeEqual(expected, offered);
}

/** RFC 6749, 2.3.1: each part is percent-encoded before the two are joined and encoded in Base64. */
function basicCredentials(
  authorization: string | undefined,
): { readonly clientId: string; readonly clientSecret: string } | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [id, secret] = Buffer.from(encoded, "base64").toString("utf8").split(":", 2);
  if (id === undefined || secret === undefined) return undefined;
  try {
    return { clientId: decodeURIComponent(id), clientSecret: decodeURIComponent(secret) };
  } catch {
    return undefined;
  }
}
