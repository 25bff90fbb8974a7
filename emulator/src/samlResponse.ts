import { randomBytes } from "node:crypto";
import { SignedXml } from "xml-crypto";
import { escapeMarkup } from "./escapeMarkup.js";
import { exportPrivateKey, type SigningKey } from "./signingKey.js";
import type { Tenant } from "./tenant.js";

export interface SamlResponseRequest {
  /** The service provider's assertion consumer service. */
  readonly acsUrl: string;
  /** The service provider's entity id. */
  readonly audience: string;
  readonly nameId: string;
  /** The request that is answered; undefined if the identity provider began. */
  readonly inResponseTo: string | undefined;
  /** Whether the response around the assertion is signed too. */
  readonly signResponse: boolean;
}

const validityMs = 5 * 60_000;

/** A SAML 2.0 response of the tenant as XML, its assertion signed with the current key. */
export async function samlResponse(tenant: Tenant, request: SamlResponseRequest): Promise<string> {
  const key = tenant.ring.current();
  const privateKey = await exportPrivateKey(key);
  const assertionSigned = sign(unsigned(tenant, request), "Assertion", key, privateKey);
  return request.signResponse ? sign(assertionSigned, "Response", key, privateKey) : assertionSigned;
}

function unsigned(tenant: Tenant, request: SamlResponseRequest): string {
  const now = tenant.clock.now();
  const issued = now.toISOString();
  const expires = new Date(now.getTime() + validityMs).toISOString();
  const issuer = `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${escapeMarkup(`urn:${tenant.name}`)}</saml:Issuer>`;
  const acsUrl = escapeMarkup(request.acsUrl);
  const { inResponseTo } = request;
  const answers = inResponseTo === undefined ? "" : ` InResponseTo="${escapeMarkup(inResponseTo)}"`;
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${newId()}"${answers}`,
    ` Version="2.0" IssueInstant="${issued}" Destination="${acsUrl}">`,
    issuer,
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${newId()}" Version="2.0"`,
    ` IssueInstant="${issued}">`,
    issuer,
    "<saml:Subject>",
    '<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">',
    `${escapeMarkup(request.nameId)}</saml:NameID>`,
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
    `<saml:SubjectConfirmationData NotOnOrAfter="${expires}" Recipient="${acsUrl}"${answers}/>`,
    "</saml:SubjectConfirmation>",
    "</saml:Subject>",
    `<saml:Conditions NotBefore="${issued}" NotOnOrAfter="${expires}">`,
    `<saml:AudienceRestriction><saml:Audience>${escapeMarkup(request.audience)}</saml:Audience>`,
    "</saml:AudienceRestriction>",
    "</saml:Conditions>",
    `<saml:AuthnStatement AuthnInstant="${issued}" SessionIndex="${newId()}"><saml:AuthnContext>`,
    "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>",
    "</saml:AuthnContext></saml:AuthnStatement>",
    "</saml:Assertion>",
    "</samlp:Response>",
  ].join("");
}

/** Puts the signature behind the element's issuer, where the SAML schema has it. */
function sign(xml: string, element: "Assertion" | "Response", key: SigningKey, privateKey: string): string {
  const exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
  const xpath = `//*[local-name(.)='${element}']`;
  const signature = new SignedXml({
    privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    canonicalizationAlgorithm: exclusive,
  });
  signature.addReference({
    xpath,
    transforms: ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", exclusive],
    digestAlgorithm: "http://www.w3.org/2001/04/xmlenc#sha256",
  });
  signature.computeSignature(xml, {
    location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: "after" },
  });
  return signature.getSignedXml();
}

/** An XML ID, which must not begin with a digit. */
function newId(): string {
  return `_${randomBytes(16).toString("hex")}`;
}
