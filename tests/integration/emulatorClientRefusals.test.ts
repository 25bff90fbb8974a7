import type { Emulator, TenantAnswer } from "../support/emulator";
import { rsaKeyPair } from "../support/rsaKeyPair";
import { type Administered, attached, keys, type Made, PUBLIC_KEY, startAdministered } from "./administered";

jest.setTimeout(60_000);

let emulator: Emulator;
let call: Administered["call"];
let made: Administered["made"];
let application: Administered["application"];

beforeAll(async () => {
  ({ emulator, call, made, application } = await startAdministered());
});

afterAll(async () => {
  await emulator.stop();
});

function refusedWith(answer: TenantAnswer): unknown[] {
  const { statusCode, errorCode, message } = answer.json() as Record<string, unknown>;
  return [answer.status, statusCode, errorCode, message];
}

const payload = "Payload validation error: ";
const rows: [string, (ids: Made) => [string, string, unknown?], unknown[]][] = [
  [
    "an unknown client",
    () => ["GET", "clients/nobody"],
    [404, "inexistent_client", "The client does not exist"],
  ],
  [
    "an unknown credential",
    ({ id }) => ["GET", `clients/${id}/credentials/cred_none`],
    [404, "inexistent_credential", "The credential does not exist"],
  ],
  [
    "an unknown grant",
    () => ["PATCH", "client-grants/cgr_none", {}],
    [404, "inexistent_client_grant", "The client grant does not exist"],
  ],
  [
    "a client without a name",
    () => ["POST", "clients", { app_type: 7 }],
    [
      400,
      "invalid_body",
      `${payload}'Missing required property' on property name; 'Expected type string' on property app_type.`,
    ],
  ],
  [
    "settings that the emulator doesn't keep",
    () => ["POST", "clients", { name: "Web", callbacks: ["https://app.example.com/"] }],
    [400, "invalid_body", `${payload}'Not supported by this emulator' on property callbacks.`],
  ],
  [
    "private_key_jwt beside a method of the token endpoint",
    ({ id, credential }) => [
      "PATCH",
      `clients/${id}`,
      { ...attached(credential), token_endpoint_auth_method: "none" },
    ],
    [
      400,
      "invalid_body",
      `${payload}'Mutually exclusive with token_endpoint_auth_method' on property client_authentication_methods.`,
    ],
  ],
  [
    "private_key_jwt with a credential that isn't there",
    ({ id }) => ["PATCH", `clients/${id}`, attached("cred_none")],
    [
      400,
      "invalid_body",
      `${payload}'No credential cred_none of this client' on property client_authentication_methods.`,
    ],
  ],
  [
    "private_key_jwt taken away with nothing in its place",
    ({ id }) => ["PATCH", `clients/${id}`, { client_authentication_methods: null }],
    [
      400,
      "invalid_body",
      `${payload}'Null needs a token_endpoint_auth_method' on property client_authentication_methods.`,
    ],
  ],
  [
    "what is no public key",
    ({ id }) => ["POST", `clients/${id}/credentials`, { ...PUBLIC_KEY, pem: keys.privateKey }],
    [
      400,
      "invalid_body",
      `${payload}'Expected an RSA public key or certificate of 2048 bits or more, PEM' on property pem.`,
    ],
  ],
  [
    "a grant for nobody",
    () => ["POST", "client-grants", { client_id: "nobody", audience: emulator.audience }],
    [404, "inexistent_client", "The client does not exist"],
  ],
  [
    "a grant for an API that there isn't",
    ({ id }) => ["POST", "client-grants", { client_id: id, audience: "https://nowhere.example/" }],
    [404, "inexistent_resource_server", "The resource server does not exist"],
  ],
  [
    "a second grant for the same API",
    ({ id }) => ["POST", "client-grants", { client_id: id, audience: emulator.audience }],
    [409, "client_grant_conflict", "A resource with the same identifier already exists"],
  ],
  [
    "scopes that the API doesn't have",
    ({ grant }) => ["PATCH", `client-grants/${grant}`, { scope: ["read:users"] }],
    [400, "invalid_body", `${payload}'The API has no read:users' on property scope.`],
  ],
  [
    "a filter that isn't emulated",
    () => ["GET", "client-grants?subject_type=user"],
    [400, "invalid_query_string", "Query validation error: 'subject_type' is not supported by this emulator"],
  ],
  [
    "the deletion of the application that the start line names",
    () => ["DELETE", `clients/${emulator.clientId}`],
    [
      400,
      "operation_not_supported",
      "The first application of an emulated tenant keeps its secret and stays",
    ],
  ],
  [
    "another secret for it",
    () => ["PATCH", `clients/${emulator.clientId}`, { token_endpoint_auth_method: "none" }],
    [
      400,
      "operation_not_supported",
      "The first application of an emulated tenant keeps its secret and stays",
    ],
  ],
];
test.each(rows)("refused: %s", async (_, request, [status, errorCode, message]) => {
  const [method, url, body] = request(await application());
  expect(refusedWith(await call(method, url, body))).toEqual([status, status, errorCode, message]);
});

test("refused: private_key_jwt before jwt_configuration.alg is RS256", async () => {
  const { client_id: id = "" } = await made("clients", { name: "Rotation" });
  const { id: credential = "" } = await made(`clients/${id}/credentials`, PUBLIC_KEY);
  expect(refusedWith(await call("PATCH", `clients/${id}`, attached(credential)))).toEqual([
    400,
    400,
    "invalid_body",
    "Payload validation error: 'The property jwt_configuration.alg must be set to RS256' on property client_authentication_methods.",
  ]);
});

test("refused: a third credential", async () => {
  const { id } = await application();
  await made(`clients/${id}/credentials`, { ...PUBLIC_KEY, pem: rsaKeyPair().publicKey });
  expect(refusedWith(await call("POST", `clients/${id}/credentials`, PUBLIC_KEY))).toEqual([
    400,
    400,
    "invalid_body",
    "Payload validation error: 'An application has 2 credentials at most' on property credentials.",
  ]);
});
