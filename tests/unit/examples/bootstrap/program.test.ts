import { readFileSync } from "node:fs";
import path from "node:path";
import { checkout } from "../../../support/project";
import type { Properties, Registrations } from "../../registrations";
import { rsaKeyPair } from "../../../support/rsaKeyPair";

const { publicKey } = rsaKeyPair();
const { publicKey: second } = rsaKeyPair();

const DOMAIN = "acme.eu.auth0.com";
const AUDIENCE = `https://${DOMAIN}/api/v2/`;
const CLIENT = "auth0:index/client:Client";
const CREDENTIALS = "auth0:index/clientCredentials:ClientCredentials";
const GRANT = "auth0:index/clientGrant:ClientGrant";

interface Ran extends Registrations {
  readonly inputs: (type: string, name: string) => Properties;
  readonly outputs: { readonly applications: Properties; readonly escEnvironments: Properties };
}

/** Runs the program with these settings, Pulumi's mocks in the place of the engine. */
async function run(settings: Record<string, unknown>): Promise<Ran> {
  jest.resetModules();
  const pulumi = await import("@pulumi/pulumi");
  const { inputsOf, standInForEngine, valueOf } = await import("../../registrations.js");
  pulumi.runtime.setAllConfig({ "auth0:domain": DOMAIN });
  for (const [name, value] of Object.entries(settings)) {
    pulumi.runtime.setConfig(`project:${name}`, JSON.stringify(value));
  }
  const jobs = ["rotation", "preview", "revocation", "audit"];
  const clients = jobs.map((job) => [job, { clientId: `client of ${job}` }] as const);
  const registrations = await standInForEngine(Object.fromEntries(clients));
  const program = await import("../../../../examples/bootstrap/index.js");
  const outputs = await valueOf(
    pulumi.output({ applications: program.applications, escEnvironments: program.escEnvironments }),
  );
  const inputs = (type: string, name: string): Properties => {
    const requests = registrations.registered().filter((request) => request.getType() === type);
    const found = requests.find((request) => request.getName() === name);
    if (found === undefined) throw new Error(`${type} ${name} was not registered`);
    return inputsOf(found);
  };
  return { ...registrations, inputs, outputs };
}

let all: Ran;
let rotationAlone: Ran;

beforeAll(async () => {
  const others = { preview: [publicKey], revocation: [publicKey], audit: [publicKey] };
  const applications = { rotation: [publicKey, second], ...others };
  all = await run({ applications });
  rotationAlone = await run({ applications: { rotation: [publicKey] }, autoGrace: true });
});

/** What a row of SECURITY.md's table grants. */
function scopesOf(row: string): string[] {
  const rows = readFileSync(path.join(checkout, "SECURITY.md"), "utf8").split("\n");
  const [, , scopes = ""] = (rows.find((text) => text.startsWith(`| ${row}`)) ?? "").split("|");
  const named = [...scopes.matchAll(/`(\S+)`/g)].map(([, scope = ""]) => scope);
  if (named.length === 0) throw new Error(`SECURITY.md has no row "${row}"`);
  return named;
}

test.each<[string, string, () => Ran]>([
  ["preview", "look", () => all],
  ["rotation", "rotate", () => all],
  ["rotation", "the same with a `gracePeriod`", () => rotationAlone],
  ["revocation", "revoke with", () => all],
  ["audit", "account for", () => all],
])("%s is granted exactly what SECURITY.md says in the row “%s”, on the Management API", (job, row, ran) => {
  expect(ran().inputs(GRANT, job)).toEqual({
    clientId: `client of ${job}`,
    audience: AUDIENCE,
    scopes: scopesOf(row),
  });
});

test("only the applications that are named are created", () => {
  const auth0 = rotationAlone.registered().filter((request) => request.getType().startsWith("auth0:"));
  expect(auth0.map((request) => [request.getType(), request.getName()])).toEqual([
    [CLIENT, "rotation"],
    [CREDENTIALS, "rotation"],
    [GRANT, "rotation"],
  ]);
});

test("an application takes client credentials alone, by private_key_jwt alone, and is granted nothing before", () => {
  expect(all.inputs(CLIENT, "rotation")).toEqual({
    name: "Signing keys: rotation",
    description: "Rotates the application signing keys, and may revoke them",
    appType: "non_interactive",
    grantTypes: ["client_credentials"],
    oidcConformant: true,
    jwtConfiguration: { alg: "RS256" },
  });
  const credential = {
    credentialType: "public_key",
    algorithm: "RS256",
    name: expect.stringMatching(/^key [0-9a-f]{16}$/) as string,
  };
  expect(all.inputs(CREDENTIALS, "rotation")).toMatchObject({
    clientId: "client of rotation",
    authenticationMethod: "private_key_jwt",
    privateKeyJwt: {
      credentials: [
        { ...credential, pem: publicKey },
        { ...credential, pem: second },
      ],
    },
  });
  const grant = rotationAlone.registered().find((request) => request.getType() === GRANT);
  expect(grant?.getDependenciesList()).toContainEqual(expect.stringContaining(`${CREDENTIALS}::rotation`));
});

test("the outputs hand over client ids and scopes, and ESC environments in which the private key is still to be put", () => {
  const { applications, escEnvironments } = all.outputs;
  expect(applications).toEqual({
    rotation: { clientId: "client of rotation", scopes: scopesOf("rotate") },
    preview: { clientId: "client of preview", scopes: ["read:signing_keys"] },
    revocation: { clientId: "client of revocation", scopes: scopesOf("revoke with") },
    audit: { clientId: "client of audit", scopes: scopesOf("account for") },
  });
  expect(Object.keys(escEnvironments)).toEqual(["rotation", "preview", "revocation", "audit"]);
  expect(escEnvironments["preview"]).toBe(`values:
  auth0:
    domain: "${DOMAIN}"
    audience: "${AUDIENCE}"
    clientId: "client of preview"
    privateKey:
      fn::secret: PRIVATE_KEY
  environmentVariables:
    AUTH0_DOMAIN: \${auth0.domain}
    AUTH0_AUDIENCE: \${auth0.audience}
    AUTH0_CLIENT_ID: \${auth0.clientId}
    AUTH0_CLIENT_ASSERTION_PRIVATE_KEY: \${auth0.privateKey}
    AUTH0_CLIENT_ASSERTION_SIGNING_ALG: RS256
`);
});
