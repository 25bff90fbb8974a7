import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { createHttpsClient } from "./httpsClient.mjs";
import { API_AUDIENCE } from "./tenant.mjs";

export const SAML_AUDIENCE = "urn:example:app";
export const ACS_URL = "https://app.example.com/saml/acs";

/**
 * Starts the rollover example's API and service provider, over HTTPS with a certificate authority of their own.
 * @param {{root: string, domain: string, caFile: string, jwksCacheSeconds: number}} options `caFile`: of the tenant
 */
export async function startServices({ root, domain, caFile, jwksCacheSeconds }) {
  const { CertificateAuthority } = await import("../../emulator/dist/certificateAuthority.js");
  const folder = await mkdtemp(path.join(tmpdir(), "auth0-signing-keys-services-"));
  const authority = await CertificateAuthority.create();
  const { key, cert } = await authority.issueServerIdentity([]);
  const TLS_KEY = path.join(folder, "key.pem");
  const TLS_CERTIFICATE = path.join(folder, "certificate.pem");
  // One file for whoever talks to the tenant and to the services.
  const bothAuthorities = path.join(folder, "authorities.pem");
  await writeFile(TLS_KEY, key, { mode: 0o600 });
  await writeFile(TLS_CERTIFICATE, cert);
  await writeFile(bothAuthorities, `${await readFile(caFile, "utf8")}\n${authority.certificate}`);

  const administratorToken = randomBytes(24).toString("base64url");
  const common = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: caFile, TLS_KEY, TLS_CERTIFICATE };
  const api = await startService(root, "api.mjs", {
    ...common,
    ISSUER: `https://${domain}/`,
    AUDIENCE: API_AUDIENCE,
    JWKS_CACHE_SECONDS: String(jwksCacheSeconds),
  });
  const serviceProvider = await startService(root, "serviceProvider.mjs", {
    ...common,
    AUDIENCE: SAML_AUDIENCE,
    ADMINISTRATOR_TOKEN: administratorToken,
  });
  const request = createHttpsClient(authority.certificate);
  const certificatesUrl = `${serviceProvider.url}/idp-certificates`;
  return {
    apiUrl: `${api.url}/`,
    certificatesUrl,
    administratorToken,
    caFile: bothAuthorities,
    /** The fingerprints of the certificates that the service provider trusts. */
    trusted: () => serviceProvider.lines.at(-1)?.trusted ?? [],
    trustedSince: () => serviceProvider.lines.at(-1)?.at,
    /** An application's call of the API. */
    callApi: ({ value }) => request("GET", `${api.url}/`, { headers: { authorization: `Bearer ${value}` } }),
    /** A login at the service provider. */
    logIn: (SAMLResponse) =>
      request("POST", `${serviceProvider.url}/saml/acs`, { body: new URLSearchParams({ SAMLResponse }) }),
    /** Pins certificates by hand, as people do. */
    pin: (certificates) =>
      request("PUT", certificatesUrl, {
        headers: { authorization: `Bearer ${administratorToken}` },
        body: certificates,
      }),
    async stop() {
      await Promise.all([api.stop(), serviceProvider.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startService(root, file, env) {
  const child = spawn(process.execPath, [path.join(root, "examples/rollover/services", file)], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  /** @type {any[]} */
  const lines = [];
  const reader = createInterface(child.stdout);
  const started = once(reader, "line");
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${file} ended with ${code}`);
  });
  failed.catch(() => {}); // that it ends in the end is no failure
  const [first] = await Promise.race([started, failed]);
  reader.on("line", (line) => lines.push(JSON.parse(line)));
  return {
    url: `https://localhost:${JSON.parse(first).port}`,
    lines,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
