import * as v from "valibot";
import { credentialAlgorithms, readPublicKey } from "./clientCredential.js";
import { payload } from "./payload.js";

const text = v.string("Expected type string");
const flag = v.boolean("Expected type boolean");

const publicKey = v.pipe(
  text,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const key = readPublicKey(dataset.value);
    if (key !== undefined) return key;
    addIssue({ message: "Expected an RSA public key or certificate of 2048 bits or more, PEM" });
    return NEVER;
  }),
);

const date = v.pipe(
  text,
  v.check((value) => !Number.isNaN(Date.parse(value)), "Expected format date-time"),
  v.transform((value) => new Date(value)),
);

/** Of POST /clients/{id}/credentials. */
export const credentialSchema = payload({
  credential_type: v.literal("public_key", "Only public_key is supported by this emulator"),
  name: v.optional(v.pipe(text, v.maxLength(128, "String is too long, 128 at most"))),
  pem: publicKey,
  alg: v.optional(v.picklist(credentialAlgorithms, `Expected one of ${credentialAlgorithms.join(", ")}`)),
  parse_expiry_from_cert: v.optional(flag),
  expires_at: v.nullish(date),
});

export type CredentialRequest = v.InferOutput<typeof credentialSchema>;

export const credentialUpdateSchema = payload({ expires_at: v.nullish(date) });

const name = v.pipe(
  text,
  v.minLength(1, "String is too short, 1 at least"),
  v.regex(/^[^<>]*$/, "String does not match pattern ^[^<>]+$"),
);

const settingsEntries = {
  description: v.nullish(v.pipe(text, v.maxLength(140, "String is too long, 140 at most"))),
  app_type: v.nullish(text),
  grant_types: v.optional(v.array(text, "Expected type array")),
  is_first_party: v.optional(flag),
  oidc_conformant: v.optional(flag),
  client_metadata: v.nullish(v.record(v.string(), v.nullable(text), "Expected type object")),
  jwt_configuration: v.optional(
    payload({
      alg: v.optional(text),
      lifetime_in_seconds: v.optional(
        v.pipe(
          v.number("Expected type integer"),
          v.integer("Expected type integer"),
          v.minValue(1, "Too small"),
        ),
      ),
      secret_encoded: v.optional(v.literal(false, "Only false is supported by this emulator")),
    }),
  ),
  token_endpoint_auth_method: v.nullish(
    v.picklist(
      ["none", "client_secret_post", "client_secret_basic"],
      "Expected one of none, client_secret_post, client_secret_basic",
    ),
  ),
};

/** How an application authenticates: only private_key_jwt is emulated, with the credentials given in this form. */
function authenticationMethods<S extends v.GenericSchema>(credential: S) {
  const credentials = v.array(credential, "Expected type array");
  return v.nullish(payload({ private_key_jwt: payload({ credentials }) }));
}

/** Of POST /clients: with whole credentials, which are attached at once. */
export const newClientSchema = payload({
  name,
  ...settingsEntries,
  client_authentication_methods: authenticationMethods(credentialSchema),
});

export type NewClientRequest = v.InferOutput<typeof newClientSchema>;

/** Of PATCH /clients/{id}: with the ids of credentials that the application has. */
export const clientUpdateSchema = payload({
  name: v.optional(name),
  ...settingsEntries,
  client_secret: v.optional(v.pipe(text, v.minLength(1, "String is too short, 1 at least"))),
  client_authentication_methods: authenticationMethods(payload({ id: text })),
});

export type ClientUpdateRequest = v.InferOutput<typeof clientUpdateSchema>;
