import { type Emulator, startEmulator, type TenantAnswer } from "../support/emulator";
import { rsaKeyPair } from "../support/rsaKeyPair";
import { administrator } from "./privateKeyJwt";

export const keys = rsaKeyPair();

export const PUBLIC_KEY = { credential_type: "public_key", pem: keys.publicKey };

/** What names an application that was made for one test. */
export interface Made {
  readonly id: string;
  readonly secret: string;
  /** A public key of it that isn't attached. */
  readonly credential: string;
  readonly grant: string;
}

/** A tenant whose applications are managed as an administrator does. */
export interface Administered {
  readonly emulator: Emulator;
  readonly call: (method: string, url: string, body?: unknown, token?: string) => Promise<TenantAnswer>;
  /** Posts, and must succeed. */
  readonly made: (url: string, body: object) => Promise<Record<string, string>>;
  /** An application that signs in by its secret and may read signing keys. */
  readonly application: () => Promise<Made>;
}

export async function startAdministered(): Promise<Administered> {
  const emulator = await startEmulator();
  const admin = await administrator(emulator);

  function call(method: string, url: string, body?: unknown, token = admin): Promise<TenantAnswer> {
    return emulator.request(`/api/v2/${url}`, { method, token, ...(body === undefined ? {} : { body }) });
  }

  async function made(url: string, body: object): Promise<Record<string, string>> {
    const answer = await call("POST", url, body);
    if (answer.status !== 201) throw new Error(`POST ${url}: ${answer.status} ${answer.text}`);
    return answer.json() as Record<string, string>;
  }

  async function application(): Promise<Made> {
    const { client_id: id = "", client_secret: secret = "" } = await made("clients", {
      name: "Rotation",
      grant_types: ["client_credentials"],
      jwt_configuration: { alg: "RS256" },
    });
    const { id: credential = "" } = await made(`clients/${id}/credentials`, PUBLIC_KEY);
    const scope = ["read:signing_keys"];
    const { id: grant = "" } = await made("client-grants", {
      client_id: id,
      audience: emulator.audience,
      scope,
    });
    return { id, secret, credential, grant };
  }

  return { emulator, call, made, application };
}

/** Of PATCH /clients/{id}: these credentials are what the application signs in by. */
export function attached(...ids: string[]): object {
  return { client_authentication_methods: { private_key_jwt: { credentials: ids.map((id) => ({ id })) } } };
}
