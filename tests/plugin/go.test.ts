import "./usePlugin";
import { testWhatIsLeftBehind } from "../e2e/leftBehind";
import { shellBlock } from "../e2e/readme";
import { TenantSupply } from "../e2e/tenants";
import { goExample } from "../support/languages";
import { followExample } from "./example";

// The first run compiles SDKs.
jest.setTimeout(600_000);

const README = "examples/go/README.md";
const TITLE = "Go: rotate, hand on the certificates, revoke";

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

test("a program in Go adopts, rotates once, and revokes once the key is due and its consumer has been updated", async () => {
  await followExample(await supply.take(), goExample(), {
    adopt: shellBlock(README, TITLE, 1),
    rotate: shellBlock(README, TITLE, 2),
  });
});

testWhatIsLeftBehind();
