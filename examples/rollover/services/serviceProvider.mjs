/**
 * A SAML service provider that trusts pinned certificates and no others. The verification is node-saml's.
 *
 *   POST /saml/acs           a login: the form that the identity provider's page posts
 *   PUT  /idp-certificates   the certificates to trust from now on, a JSON list of PEM; for the administrator's token
 *
 *   AUDIENCE=urn:acme:app ADMINISTRATOR_TOKEN=… TLS_KEY=… TLS_CERTIFICATE=… node serviceProvider.mjs
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import { text } from "node:stream/consumers";
import { SAML } from "@node-saml/node-saml";

const {
  AUDIENCE = "",
  ADMINISTRATOR_TOKEN = "",
  TLS_KEY = "",
  TLS_CERTIFICATE = "",
  PORT = "0",
} = process.env;

/** @type {SAML | undefined} */
let saml;

/** @param {string[]} certificates PEM */
function trust(certificates) {
  const trusted = certificates.map((certificate) => new X509Certificate(certificate).fingerprint);
  saml = new SAML({
    idpCert: certificates,
    issuer: AUDIENCE,
    audience: AUDIENCE,
    callbackUrl: "https://app.example.com/saml/acs",
    wantAuthnResponseSigned: false, // Auth0 signs the assertion
  });
  console.log(JSON.stringify({ at: new Date(), trusted }));
}

/** @param {import("node:http").IncomingMessage} request */
async function answerTo(request) {
  const body = await text(request);
  if (request.method === "POST" && request.url === "/saml/acs") {
    if (saml === undefined) return { status: 503, said: "no certificates yet" };
    const SAMLResponse = new URLSearchParams(body).get("SAMLResponse") ?? "";
    try {
      const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
      return { status: 200, said: `welcome, ${profile?.nameID}` };
    } catch (error) {
      return { status: 403, said: error instanceof Error ? error.message : "refused" };
    }
  }
  if (request.method === "PUT" && request.url === "/idp-certificates") {
    if (ADMINISTRATOR_TOKEN === "" || request.headers.authorization !== `Bearer ${ADMINISTRATOR_TOKEN}`)
      return { status: 401, said: "the administrator's token is needed" };
    trust(JSON.parse(body));
    return { status: 200, said: "trusted" };
  }
  return { status: 404, said: "no such page" };
}

const identity = { key: readFileSync(TLS_KEY), cert: readFileSync(TLS_CERTIFICATE) };
const server = https.createServer(identity, (request, response) => {
  answerTo(request)
    .catch(() => ({ status: 400, said: "not understood" }))
    .then(({ status, said }) => response.writeHead(status, { "content-type": "text/plain" }).end(said));
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
