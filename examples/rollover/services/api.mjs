/**
 * An HTTPS API that accepts the tenant's access tokens. The verification is jose's, which follows the JWKS:
 * such a verifier needs no change at a rotation.
 *
 *   ISSUER=https://acme.eu.auth0.com/ AUDIENCE=https://api.acme.com/ TLS_KEY=… TLS_CERTIFICATE=… node api.mjs
 */
import { readFileSync } from "node:fs";
import https from "node:https";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const { ISSUER, AUDIENCE, TLS_KEY, TLS_CERTIFICATE, PORT = "0", JWKS_CACHE_SECONDS = "600" } = process.env;

const keys = createRemoteJWKSet(new URL(".well-known/jwks.json", ISSUER), {
  cacheMaxAge: Number(JWKS_CACHE_SECONDS) * 1000,
});

/** @param {string} [authorization] */
async function answerTo(authorization = "") {
  try {
    const token = authorization.replace(/^Bearer +/i, "");
    const { payload } = await jwtVerify(token, keys, {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["RS256"],
    });
    return { status: 200, body: { subject: payload.sub } };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    return { status: 401, body: { error: error.code } };
  }
}

const identity = { key: readFileSync(TLS_KEY ?? ""), cert: readFileSync(TLS_CERTIFICATE ?? "") };
const server = https.createServer(identity, (request, response) => {
  answerTo(request.headers.authorization)
    .catch(() => ({ status: 503, body: { error: "the tenant's JWKS can't be read" } }))
    .then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
