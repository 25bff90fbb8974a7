import { setAllConfig } from "@pulumi/pulumi/runtime";
import { nameOf, publicKeysFrom } from "../../../../examples/bootstrap/publicKeys";
import { configuredTenant } from "../../../../examples/bootstrap/tenant";
import { rsaKeyPair } from "../../../support/rsaKeyPair";

const { publicKey, privateKey } = rsaKeyPair();
const { publicKey: second } = rsaKeyPair();
const AUDIENCE = "https://acme.eu.auth0.com/api/v2/";

test("a key keeps its name where another is taken away before it, and no two have the same", () => {
  const names = (keys: string[]): string[] => keys.map(nameOf);
  expect(names([publicKey, second]).slice(1)).toEqual(names([second]));
  expect(nameOf(publicKey)).not.toBe(nameOf(second));
});

test("a private key is refused without being shown", () => {
  expect(() => publicKeysFrom({ rotation: [publicKey, privateKey] })).toThrow(
    /^applications\.rotation\[1\]: is a private key, which must not leave the pipeline: give its public half, and take this one out of the settings and out of use$/,
  );
});

const wanted = "must be an RSA public key or certificate of 2048 bits or more, PEM";

test.each<[string, unknown, string]>([
  [
    "no object",
    [publicKey],
    "applications must be an object of rotation, preview, revocation, audit, each a list of public keys",
  ],
  ["nothing", {}, "applications: name at least one of rotation, preview, revocation, audit"],
  [
    "a job that there isn't",
    { deletion: [publicKey] },
    "applications.deletion: there is no such job; there are rotation, preview, revocation, audit",
  ],
  ["no list", { preview: publicKey }, "applications.preview: must be a list of one or 2 public keys, PEM"],
  [
    "three keys",
    { preview: [publicKey, publicKey, publicKey] },
    "applications.preview: must be a list of one or 2 public keys, PEM",
  ],
  [
    "what is no key, all at once",
    { rotation: ["x"], revocation: [7] },
    `applications.rotation[0]: ${wanted}\napplications.revocation[0]: ${wanted}`,
  ],
  [
    "a key that is too short",
    { preview: [rsaKeyPair(1024).publicKey] },
    `applications.preview[0]: ${wanted}`,
  ],
])("settings that are refused: %s", (_, applications, message) => {
  expect(() => publicKeysFrom(applications)).toThrow(new Error(message));
});

describe("the tenant", () => {
  const before = process.env["AUTH0_DOMAIN"];

  afterEach(() => {
    delete process.env["AUTH0_DOMAIN"];
    if (before !== undefined) process.env["AUTH0_DOMAIN"] = before;
  });

  test("is the provider's, its audience that of the Management API unless another is set, as with a custom domain", () => {
    setAllConfig({ "auth0:domain": "acme.eu.auth0.com" });
    expect(configuredTenant()).toEqual({ domain: "acme.eu.auth0.com", audience: AUDIENCE });
    setAllConfig({ "auth0:domain": "login.acme.com", "auth0:audience": AUDIENCE });
    expect(configuredTenant()).toEqual({ domain: "login.acme.com", audience: AUDIENCE });
    setAllConfig({});
    process.env["AUTH0_DOMAIN"] = "acme.eu.auth0.com";
    expect(configuredTenant()).toEqual({ domain: "acme.eu.auth0.com", audience: AUDIENCE });
  });

  test("has to be said", () => {
    setAllConfig({});
    delete process.env["AUTH0_DOMAIN"];
    expect(configuredTenant).toThrow("which tenant? set auth0:domain, or AUTH0_DOMAIN in the environment");
  });
});
