import { escapeMarkup } from "./escapeMarkup.js";
import type { SigningKey } from "./signingKey.js";

/** The identity provider's SAML 2.0 metadata for one application: the current certificate and no other. */
export function samlMetadata(tenant: string, domain: string, clientId: string, current: SigningKey): string {
  const entityId = escapeMarkup(`urn:${tenant}`);
  const endpoint = escapeMarkup(`https://${domain}/samlp/${clientId}`);
  const logout = escapeMarkup(`https://${domain}/samlp/${clientId}/logout`);
  const bindings = ["HTTP-Redirect", "HTTP-POST"].map(
    (name) => `urn:oasis:names:tc:SAML:2.0:bindings:${name}`,
  );
  const service = (element: string, location: string): string[] =>
    bindings.map((binding) => `    <${element} Binding="${binding}" Location="${location}"/>`);
  return [
    `<EntityDescriptor entityID="${entityId}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">`,
    '  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">',
    '    <KeyDescriptor use="signing">',
    '      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">',
    "        <X509Data>",
    `          <X509Certificate>${current.jwk.x5c[0]}</X509Certificate>`,
    "        </X509Data>",
    "      </KeyInfo>",
    "    </KeyDescriptor>",
    ...service("SingleLogoutService", logout),
    "    <NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>",
    "    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>",
    ...service("SingleSignOnService", endpoint),
    "  </IDPSSODescriptor>",
    "</EntityDescriptor>",
    "",
  ].join("\n");
}
