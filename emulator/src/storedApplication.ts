import * as v from "valibot";
import { credentialAlgorithms } from "./clientCredential.js";
import { defaultIdTokenSeconds, machineToMachine } from "./clientSettings.js";

const text = v.string();
const texts = v.array(text);
const seconds = v.pipe(v.number(), v.integer(), v.minValue(1));

const settingsSchema = v.strictObject({
  name: text,
  description: v.optional(text),
  appType: v.optional(text),
  grantTypes: texts,
  isFirstParty: v.boolean(),
  oidcConformant: v.boolean(),
  metadata: v.optional(v.record(text, text)),
  idTokenAlgorithm: v.optional(text),
  idTokenSeconds: seconds,
});

const credentialSchema = v.strictObject({
  id: text,
  name: text,
  kid: text,
  algorithm: v.optional(v.picklist(credentialAlgorithms)),
  publicKeyPem: text,
  createdAt: text,
  updatedAt: text,
  expiresAt: v.optional(text),
});

const currentSchema = v.strictObject({
  clientId: text,
  settings: settingsSchema,
  clientSecret: v.optional(text),
  credentials: v.array(credentialSchema),
  authentication: v.variant("method", [
    v.strictObject({ method: v.picklist(["client_secret_post", "client_secret_basic", "none"]) }),
    v.strictObject({ method: v.literal("private_key_jwt"), credentialIds: texts }),
  ]),
  /** Of a file from before client grants: what its grant on the Management API is made of. */
  managementScopes: v.optional(texts),
});

/** Of files from before the Management API had applications added and changed. */
const earlierSchema = v.pipe(
  v.strictObject({
    clientId: text,
    name: text,
    scopes: texts,
    idTokenSeconds: v.optional(seconds, defaultIdTokenSeconds),
    credential: v.union([v.strictObject({ clientSecret: text }), v.strictObject({ publicKeyPem: text })]),
  }),
  v.transform(({ clientId, name, scopes, idTokenSeconds, credential }) =>
    bringForward(clientId, { ...machineToMachine(name), idTokenSeconds }, scopes, credential),
  ),
);

export const applicationSchema = v.union([currentSchema, earlierSchema]);

export type StoredApplication = v.InferOutput<typeof currentSchema>;

export const grantSchema = v.strictObject({
  id: text,
  clientId: text,
  audience: v.nullable(text),
  scopes: texts,
});

function bringForward(
  clientId: string,
  { grantTypes, ...settings }: ReturnType<typeof machineToMachine>,
  managementScopes: string[],
  credential: { clientSecret: string } | { publicKeyPem: string },
): StoredApplication {
  const common = { clientId, settings: { ...settings, grantTypes: [...grantTypes] }, managementScopes };
  if ("clientSecret" in credential) {
    const authentication = { method: "client_secret_post" } as const;
    return { ...common, clientSecret: credential.clientSecret, credentials: [], authentication };
  }
  const id = "cred_of_an_earlier_file";
  const [at, kid] = [new Date(0).toISOString(), clientId];
  const { publicKeyPem } = credential;
  return {
    ...common,
    credentials: [{ id, name: "", kid, publicKeyPem, createdAt: at, updatedAt: at }],
    authentication: { method: "private_key_jwt", credentialIds: [id] },
  };
}
