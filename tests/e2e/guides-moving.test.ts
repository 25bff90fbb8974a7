import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { INTENT_TYPE, ROTATION_TYPE } from "../../src/shell";
import type { Stack } from "../support/engine";
import { linkDependencies } from "../support/project";
import { effectsOf } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf, rotationProgram } from "./program";
import { codeBlock, shellBlock } from "./readme";
import { TenantSupply } from "./tenants";
import { mustUp } from "./updates";

jest.setTimeout(180_000);

const MOVING = "docs/guides/moving-and-renaming.md";
const ARGS = { generation: 1, gracePeriod: "24h", revokePrevious: true };
const ROLLOVER_TYPE = "auth0-signing-keys:index:SigningKeyRollover";

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

/** A program around the statements that the guide has under a heading. */
function guideProgram(heading: string, statement: number, component = ""): string {
  const statements = codeBlock(MOVING, heading)
    .split("\n")
    .filter((line) => line.startsWith("new "));
  const chosen = (statements[statement] ?? "").replace("COMPONENT_URN", component);
  if (chosen === "") throw new Error(`no statement ${statement} under "${heading}"`);
  return `
const pulumi = require("@pulumi/pulumi");
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
const args = ${JSON.stringify(ARGS)};
class Component extends pulumi.ComponentResource {
  constructor() { super("acme:index:Auth", "auth"); this.fill(); }
  fill() { ${chosen} }
}
${chosen.includes("parent: this") ? "new Component();" : chosen}
`;
}

function urnsOf(stack: Stack): { INTENT_URN: string; ROTATION_URN: string } {
  const urnOf = (type: string): string =>
    stack.stateFile.resources.find((resource) => resource.type === type)?.urn ?? "";
  return { INTENT_URN: urnOf(INTENT_TYPE), ROTATION_URN: urnOf(ROTATION_TYPE) };
}

test("renamed, moved under a component, into a rollover and back, into another project and another backend: rotated once", async () => {
  const tenant = await supply.take();
  const { current: retired } = await tenant.ring();
  const stack = await stackFor(tenant, {
    program: rotationProgram(ARGS, { name: "first", options: { protect: true } }),
  });
  await mustUp(stack);
  const recorded = rotationOf(stack);
  expect(recorded.retired).toMatchObject([{ kid: retired, generation: 1 }]);
  const date = `${retired} not before ${recorded.retired[0]?.revokeDueAt ?? ""}`;

  // Without an alias the engine takes it for a new one; what is protected stops the preview.
  stack.write(rotationProgram(ARGS, { name: "keys" }));
  const refused = await stack.preview();
  expect([refused.outcome === 0, refused.output]).toEqual([
    false,
    expect.stringContaining(`${tenant.domain}: generation 1: rotate once; revoke nothing`),
  ]);
  expect(refused.output).toMatch(
    /\+ .*SigningKeyRotationIntent keys-intent create[^]*- .*SigningKeyRotation first delete/,
  );
  expect(refused.output).toContain("cannot be deleted\n    because it is protected");

  const renamed = await stack.shell(
    shellBlock(MOVING, "Renaming", 0, { ...urnsOf(stack), NEW_NAME: "keys" }),
  );
  expect([renamed.outcome, renamed.output]).toEqual([0, expect.stringContaining("Resource renamed")]);

  stack.write(guideProgram("Renaming", 0));
  expect(await mustUp(stack)).toMatch(new RegExp(`revoke ${date}[^]*Resources:\n +3 unchanged`));
  expect(urnsOf(stack).INTENT_URN).toMatch(/::signing-keys-intent$/);

  stack.write(`
const { SigningKeyRollover } = require("pulumi-auth0-signing-keys");
new SigningKeyRollover("signing-keys", ${JSON.stringify(ARGS)});
`);
  const rollover = await mustUp(stack);
  expect(rollover).toContain("[diff: -revokePrevious]");
  expect(rollover).toMatch(
    /is due at .*; this resource keeps it; ring as recorded[^]*\+ 2 created\n +~ 1 updated/,
  );

  const component = stack.stateFile.resources.find(({ type }) => type === ROLLOVER_TYPE)?.urn ?? "";
  stack.write(guideProgram("From SigningKeyRotation to SigningKeyRollover, and back", 0, component));
  const back = await mustUp(stack);
  expect(back).toContain("[diff: +revokePrevious]");
  expect(back).toMatch(new RegExp(`revoke ${date}[^]*~ 1 updated\n +- 2 deleted`));

  const { currentKey, previousKeys, ...kept } = rotationOf(stack);
  expect([currentKey.kid, previousKeys.map(({ kid }) => kid)]).toEqual([recorded.currentKey.kid, [retired]]);
  expect(kept.retired).toEqual(recorded.retired);

  // Into another project of this backend: a stack of the same name, for the tests' environment names that.
  const elsewhere = path.join(stack.folder, "elsewhere");
  mkdirSync(elsewhere);
  linkDependencies(elsewhere);
  const settings = readFileSync(path.join(stack.folder, "Pulumi.yaml"), "utf8");
  writeFileSync(path.join(elsewhere, "Pulumi.yaml"), settings.replace("name: e2e", "name: elsewhere"));
  writeFileSync(path.join(elsewhere, "index.js"), rotationProgram(ARGS, { name: "signing-keys" }));
  const names = {
    OLD_PROJECT: "e2e",
    OLD_STACK: "test",
    NEW_PROJECT: "elsewhere",
    NEW_STACK: "test",
  };
  const move = shellBlock(MOVING, "Into another stack or project", 0, { ...names, ...urnsOf(stack) });
  const moved = await stack.shell(
    `cd elsewhere && pulumi stack init test\n${move}pulumi preview --expect-no-changes\n`,
  );
  expect([moved.outcome, moved.output]).toEqual([0, expect.stringContaining(`revoke ${date}`)]);

  // Into another backend; the tests' environment names the former one.
  const other = path.join(stack.folder, "backend");
  mkdirSync(other);
  const values = { STACK: "test", NEW_BACKEND: `file://${other}` };
  const leave = shellBlock(MOVING, "Into another backend", 0, values);
  const script = `cd elsewhere\npulumi login "$PULUMI_BACKEND_URL"\nunset PULUMI_BACKEND_URL\n${leave}`;
  const left = await stack.shell(script);
  expect([left.outcome, left.output]).toEqual([0, expect.stringContaining(`revoke ${date}`)]);

  writeFileSync(path.join(elsewhere, "index.js"), guideProgram("Under a component, and out of it", 0));
  const under = await stack.shell(`cd elsewhere\nexport PULUMI_BACKEND_URL=file://${other}\npulumi up\n`);
  expect([under.outcome, under.output]).toEqual([
    0,
    expect.stringMatching(new RegExp(`revoke ${date}[^]*\\+ 1 created\n +3 unchanged`)),
  ]);
  expect(effectsOf(await tenant.journal())).toEqual({ rotated: [retired], revoked: [] });
});

testWhatIsLeftBehind();
