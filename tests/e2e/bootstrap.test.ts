import { readFileSync } from "node:fs";
import path from "node:path";
import { ADMINISTRATION, assertionOf, grantedTo } from "../integration/privateKeyJwt";
import { keepSecret, stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { example, shellBlock } from "./readme";
import { startTenant, type TestTenant } from "./tenants";

jest.setTimeout(180_000);

const README = "examples/bootstrap/README.md";

// Only where `pulumi-resource-auth0` is on PATH (jest.config.js); tests/integration/emulatorAuth0Provider.test.ts replays its requests everywhere.
describe("bootstrap, with the real provider: its README's commands", () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await startTenant();
  });

  afterAll(async () => {
    await tenant.emulator.stop();
  });

  test("create an application with exactly its scopes, change its scopes and its key, and take it away", async () => {
    const { emulator } = tenant;
    const { body } = await emulator.control("POST", "/clients", { scopes: ADMINISTRATION });
    const administrator = body as { clientId: string; clientSecret: string };
    keepSecret(administrator.clientSecret);
    const stack = await stackFor(tenant, {
      project: example("bootstrap"),
      env: {
        ...tenant.bareEnv,
        SSL_CERT_FILE: tenant.caFile,
        AUTH0_DOMAIN: tenant.domain,
        AUTH0_CLIENT_ID: administrator.clientId,
        AUTH0_CLIENT_SECRET: administrator.clientSecret,
      },
    });
    const does = async (commands: string, said: RegExp): Promise<void> => {
      const { outcome, output } = await stack.shell(commands);
      expect([outcome, output]).toEqual([0, expect.stringMatching(said)]);
    };
    const pair = shellBlock(README, "2. Make a key pair", 0);
    await does(`${pair}\n${pair.replaceAll("rotation", "new")}`, /^/);
    const keyIn = (file: string): string => readFileSync(path.join(stack.folder, file), "utf8");

    const create = shellBlock(README, "3. Create", 1);
    await does(create.replace(/^pulumi stack init .*\n/, ""), /\+ 5 created/);
    const { applications } = (await stack.outputs()) as {
      applications: { rotation: { clientId: string; scopes: string[] } };
    };
    const { clientId, scopes } = applications.rotation;
    const granted = async (file: string): Promise<unknown> =>
      grantedTo(emulator, await assertionOf(emulator, clientId, keyIn(file)));
    const rotate = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
    expect(scopes).toEqual(rotate);
    expect(await granted("rotation.pem")).toBe(rotate.join(" "));

    await does(shellBlock(README, "3. Create", 2), /~ 1 updated/);
    const auto = [...rotate, "read:resource_servers", "read:clients"].join(" ");
    expect(await granted("rotation.pem")).toBe(auto);

    await does(shellBlock(README, "5. Put another key in its place", 0), /~ 1 updated/);
    expect([await granted("rotation.pem"), await granted("new.pem")]).toEqual([auto, auto]);
    await does(shellBlock(README, "5. Put another key in its place", 1), /~ 1 updated/);
    expect([await granted("rotation.pem"), await granted("new.pem")]).toEqual([
      expect.objectContaining({ error: "invalid_client" }),
      auto,
    ]);
    await does("pulumi up --refresh --expect-no-changes", /5 unchanged/);

    for (const secret of (await emulator.issued()).secrets) keepSecret(secret);
    await stack.export();
    await does(shellBlock(README, "6. Take it all away", 0), /5 deleted/);
    expect(await granted("new.pem")).toEqual({ error: "access_denied", error_description: "Unauthorized" });
  });

  testWhatIsLeftBehind();
});
