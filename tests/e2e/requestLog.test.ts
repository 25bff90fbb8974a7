import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationProgram } from "./program";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

const REQUEST = /localhost:\d+: (\S+ \/\S+): 20[01] in \d+ ms \(request [0-9a-f]{20}\)$/gm;

/** Each request that a run has shown, once: the engine shows lines as they come and again at the end. */
function shownIn(output: string): string[] {
  return [...new Set([...output.matchAll(REQUEST)].map(([, request = ""]) => request))];
}

test("AUTH0_DEBUG and the engine's own verbosity show each request, and nothing does by default or in a preview", async () => {
  const tenant = await supply.take();
  const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1, minKeyAge: "0s" }) });
  expect((await stack.up()).output).not.toMatch(REQUEST);

  const verbosely = await stack.refresh("--logtostderr", "--logflow", "-v=1");
  expect(verbosely.outcome).toBe(0);
  expect(shownIn(verbosely.output)).toEqual(["POST /oauth/token", "GET /api/v2/keys/signing"]);
  expect((await stack.refresh("--logtostderr", "-v=1")).output).not.toMatch(REQUEST);

  stack.setEnvironment({ AUTH0_DEBUG: "true" });
  stack.write(rotationProgram({ generation: 2, minKeyAge: "0s" }));
  expect((await stack.preview()).output).not.toMatch(REQUEST);
  const debugged = await stack.up();
  expect(debugged.outcome).toBe(0);
  expect(shownIn(debugged.output)).toEqual([
    "POST /oauth/token",
    "GET /api/v2/keys/signing",
    "POST /api/v2/keys/signing/rotate",
    "GET /.well-known/jwks.json",
  ]);
});

testWhatIsLeftBehind();
