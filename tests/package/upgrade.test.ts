import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { previousVersion } from "../../tools/previousVersion.cjs";
import { effectsOf, expectExactlyOnce } from "../e2e/exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "../e2e/leftBehind";
import { TenantSupply } from "../e2e/tenants";
import { mustUp } from "../e2e/updates";
import { checkout } from "../support/project";
import { Consumer, pack, type Tarball } from "./consumer";

jest.setTimeout(300_000);

const supply = new TenantSupply();
const consumer = new Consumer("npm");
const temporary = mkdtempSync(path.join(tmpdir(), "signing-keys-previous-"));

afterAll(async () => {
  await supply.stop();
  consumer.remove();
  rmSync(temporary, { recursive: true, force: true });
});

const PROGRAM = {
  main: "index.js",
  text: `
const pulumi = require("@pulumi/pulumi");
const { SigningKeyRevocation, SigningKeyRotation } = require("pulumi-auth0-signing-keys");
const generation = new pulumi.Config().requireNumber("generation");
const keys = new SigningKeyRotation("keys", { generation, gracePeriod: "24h", minKeyAge: "0s" });
new SigningKeyRevocation("keys", { retired: keys.retired });
`,
};

/** The tarball that the previous version's sources make with today's compiler and packages. */
async function packPrevious(): Promise<Tarball> {
  const sources = path.join(temporary, "sources");
  mkdirSync(sources);
  const archive = execFileSync("git", ["archive", previousVersion() ?? ""], {
    cwd: checkout,
    maxBuffer: 64 * 1024 * 1024,
  });
  execFileSync("tar", ["-x", "-C", sources], { input: archive });
  symlinkSync(path.join(checkout, "node_modules"), path.join(sources, "node_modules"));
  const compiler = path.join(checkout, "node_modules/typescript/bin/tsc");
  // What today's packages declare is nothing that it could be held to.
  execFileSync(process.execPath, [compiler, "-p", "tsconfig.json", "--noCheck"], { cwd: sources });
  const tarball = await pack(temporary, sources);
  // Both may have the same version, and npm goes by the name of the file.
  const file = path.join(temporary, "previous.tgz");
  renameSync(tarball.file, file);
  return { ...tarball, file };
}

/** A hash of what is built and packed. */
function hashOf(folder: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".js") && name !== "program.js",
  );
  for (const name of files.sort()) hash.update(`${name}\0`).update(readFileSync(path.join(folder, name)));
  return hash.digest("hex");
}

test("what the previous version has recorded, this one previews unchanged, revokes once, raises once and destroys", async () => {
  const installed = path.join(consumer.folder, "node_modules/pulumi-auth0-signing-keys/dist");
  const built = hashOf(path.join(checkout, "dist"));
  await consumer.install(await packPrevious());
  expect(hashOf(installed)).not.toBe(built);
  const tenant = await supply.take();
  const stack = await stackFor(tenant, { project: consumer.project(PROGRAM), config: { generation: "1" } });
  await mustUp(stack);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });

  await consumer.install(await pack(temporary));
  expect(hashOf(installed)).toBe(built);
  expect(await stack.preview("--expect-no-changes")).toMatchObject({ outcome: 0 });
  expect(await stack.refresh("--expect-no-changes")).toMatchObject({ outcome: 0 });

  await tenant.emulator.advanceClock("25h", tenant.domain);
  expect((await stack.refresh()).outcome).toBe(0);
  await mustUp(stack);
  expect((await stack.refresh()).outcome).toBe(0);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });

  await stack.configure({ generation: "2" });
  await mustUp(stack);
  await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 1 });

  const before = effectsOf(await tenant.journal());
  expect((await stack.destroy()).outcome).toBe(0);
  expect(effectsOf(await tenant.journal())).toEqual(before);
});

testWhatIsLeftBehind();
