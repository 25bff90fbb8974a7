import { randomUUID } from "node:crypto";
import { importPKCS8, SignJWT } from "jose";
import type { Emulator } from "../support/emulator";

/** What it takes to make applications and to say what they may do. */
export const ADMINISTRATION = ["clients", "client_credentials", "client_grants"].flatMap((of) =>
  ["create", "read", "update", "delete"].map((action) => `${action}:${of}`),
);

/** A Management API token of an application with these scopes. */
export async function administrator(
  emulator: Emulator,
  scopes: readonly string[] = ADMINISTRATION,
): Promise<string> {
  const { body } = await emulator.control("POST", "/clients", { scopes });
  return emulator.token({ access: { ...emulator, ...(body as { clientId: string; clientSecret: string }) } });
}

/** A client assertion as private_key_jwt sends it. */
export async function assertionOf(
  emulator: Emulator,
  clientId: string,
  privateKeyPem: string,
  header: { readonly alg?: string; readonly kid?: string } = {},
): Promise<string> {
  const alg = header.alg ?? "RS256";
  return new SignJWT()
    .setProtectedHeader({ ...header, alg })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(`https://${emulator.domain}/`)
    .setIssuedAt()
    .setExpirationTime("2m")
    .setJti(randomUUID())
    .sign(await importPKCS8(privateKeyPem, alg));
}

/** The scopes of the Management API token that an assertion is good for; the refusal, if it is good for none. */
export async function grantedTo(emulator: Emulator, assertion: string): Promise<unknown> {
  const answer = await emulator.request("/oauth/token", {
    method: "POST",
    body: {
      grant_type: "client_credentials",
      audience: emulator.audience,
      client_assertion: assertion,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    },
  });
  const body = answer.json() as { scope?: string };
  return answer.status === 200 ? (body.scope ?? "") : body;
}
