import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectExactlyOnce } from "../e2e/exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "../e2e/leftBehind";
import { TenantSupply } from "../e2e/tenants";
import { Consumer, pack, PROGRAMS, type PackageManager, type Tarball } from "./consumer";

jest.setTimeout(300_000);

const MANAGERS: Readonly<Record<PackageManager, readonly (keyof typeof PROGRAMS)[]>> = {
  npm: ["TypeScript", "JavaScript", "JavaScript as an ES module"],
  pnpm: ["TypeScript", "JavaScript"],
  yarn: ["TypeScript", "JavaScript"],
};

const supply = new TenantSupply();
const downloads = mkdtempSync(path.join(tmpdir(), "signing-keys-tarball-"));
let tarball: Tarball;

beforeAll(async () => {
  tarball = await pack(downloads);
});
afterAll(async () => {
  await supply.stop();
  rmSync(downloads, { recursive: true, force: true });
});

describe.each(Object.entries(MANAGERS))(
  "a project that has installed the tarball with %s",
  (manager, languages) => {
    const consumer = new Consumer(manager as PackageManager);
    beforeAll(() => consumer.install(tarball));
    afterAll(() => {
      consumer.remove();
    });

    test("has the plugin for other languages as a command", async () => {
      const command = path.join(consumer.folder, "node_modules/.bin/pulumi-resource-auth0-signing-keys");
      expect(await consumer.firstLineOf(command)).toMatch(/^\d+$/);
      expect(await consumer.firstLineOf(command, "--version")).toMatch(
        / \d+\.\d+\.\d+, which Pulumi's engine/,
      );
    });

    test.each(languages)("in %s: rotates, refreshes, and is destroyed", async (language) => {
      const tenant = await supply.take();
      const stack = await stackFor(tenant, { project: consumer.project(PROGRAMS[language]) });
      const created = await stack.up();
      expect([created.outcome, created.output]).toEqual([0, expect.stringContaining("rotated: ")]);
      await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
      expect(await stack.outputs()).toMatchObject({ retired: [{ generation: 1 }] });
      expect((await stack.refresh("--expect-no-changes")).outcome).toBe(0);
      expect((await stack.destroy()).outcome).toBe(0);
    });
  },
);

testWhatIsLeftBehind();
