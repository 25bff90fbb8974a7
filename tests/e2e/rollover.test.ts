import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { effectsOf, expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf } from "./program";
import { TenantSupply, type TestTenant } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
const folder = mkdtempSync(path.join(tmpdir(), "signing-keys-consumer-"));
afterAll(async () => {
  await supply.stop();
  rmSync(folder, { recursive: true });
});

/** What a consumer was given, and how many keys were revoked on the tenant at that moment. */
interface Delivery {
  certificates: string[];
  revokedBefore: number;
}

/** An event of the engine, as far as these tests read it. */
interface EngineEvent {
  resOutputsEvent?: { metadata: { op: string; urn: string } };
}

/** A service provider with pinned certificates: a resource that writes down what it is given, and when. */
class PinnedConsumer {
  readonly file: string;

  constructor(name: string) {
    this.file = path.join(folder, name);
  }

  get deliveries(): Delivery[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Delivery);
  }

  fail(failing: boolean): void {
    if (failing) writeFileSync(`${this.file}.fail`, "");
    else rmSync(`${this.file}.fail`);
  }

  /** The program's code for it: a dynamic resource of its own. */
  code(tenant: TestTenant): string {
    return `
const pulumi = require("@pulumi/pulumi");
class ServiceProvider extends pulumi.dynamic.Resource {
  constructor(name, props, opts) {
    const deliver = async ({ file, control, tenant, certificates }) => {
      const fs = require("fs");
      if (fs.existsSync(file + ".fail")) throw new Error("the service provider is down");
      const journal = await (await fetch(control + "/journal")).json();
      const revokedBefore = journal.filter((entry) => entry.tenant === tenant && entry.effect === "revoke").length;
      fs.appendFileSync(file, JSON.stringify({ certificates, revokedBefore }) + "\\n");
    };
    super({
      create: async (inputs) => { await deliver(inputs); return { id: "sp", outs: inputs }; },
      update: async (id, olds, news) => { await deliver(news); return { outs: news }; },
    }, name, { ...props, ...${JSON.stringify({ file: this.file, control: tenant.controlUrl, tenant: tenant.domain })} }, opts);
  }
}`;
  }
}

function program(
  tenant: TestTenant,
  consumer: PinnedConsumer,
  args: Readonly<Record<string, unknown>>,
  consumers = "(keys) => [new ServiceProvider('sp', { certificates: keys.trustedCertificates })]",
): string {
  return `
${consumer.code(tenant)}
const { SigningKeyRollover } = require("pulumi-auth0-signing-keys");
const rollover = new SigningKeyRollover("keys", {
  ...${JSON.stringify({ minKeyAge: "0s", revokePrevious: true, ...args })},
  consumers: ${consumers},
});
module.exports = { pending: rollover.pendingRevocations, trusted: rollover.trustedCertificates };
`;
}

test("rotation, consumers, canaries, revocation: in this order, and a consumer that fails keeps the key", async () => {
  const tenant = await supply.take();
  const { current: first } = await tenant.ring();
  const consumer = new PinnedConsumer("ordered");
  const grace = { gracePeriod: "8s" };
  const stack = await stackFor(tenant, { program: program(tenant, consumer, { generation: 0, ...grace }) });
  const adopted = await stack.up();
  expect([adopted.outcome, adopted.output]).toEqual([0, expect.any(String)]);
  const { currentKey, nextKey } = rotationOf(stack);
  expect(consumer.deliveries).toEqual([
    { certificates: [currentKey.certificate, nextKey?.certificate], revokedBefore: 0 },
  ]);

  stack.write(program(tenant, consumer, { generation: 1, ...grace }));
  expect((await stack.up()).outcome).toBe(0);
  const rotated = rotationOf(stack);
  // A pinned consumer held the certificate of the new current key before the rotation.
  expect(consumer.deliveries[0]?.certificates).toContain(rotated.currentKey.certificate);
  expect(consumer.deliveries[1]?.certificates).toHaveLength(3);
  expect((await stack.outputs())["pending"]).toMatchObject([{ kid: first }]);

  const [retired] = rotated.retired;
  await sleep(Math.max(Date.parse(retired?.revokeDueAt ?? "") - Date.now() + 1_000, 0));
  const canaries = [{ audience: "https://api.example.com/", url: `https://${tenant.domain}/demo/api` }];
  stack.write(program(tenant, consumer, { generation: 1, ...grace, canaries }));
  consumer.fail(true);
  const failed = await stack.up();
  expect(failed.outcome).not.toBe(0);
  expect(failed.output).toContain("the service provider is down");
  expect(effectsOf(await tenant.journal()).revoked).toEqual([]);

  consumer.fail(false);
  const done = await stack.up();
  expect([done.outcome, done.output]).toEqual([0, expect.stringContaining("accepts tokens of")]);
  const last = consumer.deliveries.at(-1);
  expect(last?.revokedBefore).toBe(0);
  expect(last?.certificates).toEqual([rotated.currentKey.certificate, rotated.nextKey?.certificate]);
  const journal = await tenant.journal();
  expect(effectsOf(journal)).toMatchObject({ rotated: [first], revoked: [first] });
  const order = journal.map(({ path: requested, effect }) => effect ?? requested);
  expect(order.indexOf("rotate")).toBeLessThan(order.indexOf("/demo/api"));
  expect(order.indexOf("/demo/api")).toBeLessThan(order.indexOf("revoke"));
  expect((await stack.outputs())["pending"]).toEqual([]);
  expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);
  expect((await stack.refresh()).outcome).toBe(0);
  expect((await stack.up()).outcome).toBe(0);
  expect((await stack.preview("--expect-no-changes")).outcome).toBe(0);
});

test("one update that rotates and revokes: the journal and the engine's events have the same order", async () => {
  const tenant = await supply.take();
  const { current: first } = await tenant.ring();
  const consumer = new PinnedConsumer("one-update");
  const canaries = [{ audience: "https://api.example.com/", url: `https://${tenant.domain}/demo/api` }];
  const args = { gracePeriod: "6s", canaries };
  const stack = await stackFor(tenant, { program: program(tenant, consumer, { generation: 1, ...args }) });
  expect((await stack.up()).outcome).toBe(0);
  const [retired] = rotationOf(stack).retired;
  await sleep(Math.max(Date.parse(retired?.revokeDueAt ?? "") - Date.now() + 1_000, 0));

  stack.write(program(tenant, consumer, { generation: 2, ...args }));
  const eventLog = path.join(folder, "events");
  stack.setEnvironment({ PULUMI_DEBUG_COMMANDS: "true" });
  const { outcome, output } = await stack.up("--event-log", eventLog);
  expect([outcome, output]).toEqual([0, expect.stringContaining(`revoked ${first}`)]);

  const order = (await tenant.journal()).map(({ path: requested, effect, kid }) =>
    effect === undefined ? requested : `${effect} ${kid ?? ""}`,
  );
  const { currentKey, retired: both } = rotationOf(stack);
  expect(both.map((key) => key.kid)).toEqual([first, expect.any(String)]);
  const steps = order.filter((step) => /^(rotate|revoke) |demo/.test(step)).slice(1);
  expect(steps).toEqual([`rotate ${both[1]?.kid ?? ""}`, "/demo/api", `revoke ${first}`]);
  expect(consumer.deliveries.at(-1)?.revokedBefore).toBe(0);
  expect(consumer.deliveries.at(-1)?.certificates).toContain(currentKey.certificate);
  expect(updatedInOrder(eventLog)).toEqual(["keys-intent", "keys", "sp", "keys"]);
});

/** The resources whose update the engine reports as done, in its order, but for those that it left as they were. */
function updatedInOrder(eventLog: string): string[] {
  const events = readFileSync(eventLog, "utf8").trim().split("\n");
  return events.flatMap((line) => {
    const { resOutputsEvent } = JSON.parse(line) as EngineEvent;
    if (resOutputsEvent?.metadata.op !== "update") return [];
    return resOutputsEvent.metadata.urn.split("::").slice(-1);
  });
}

test("an emergency waits for nobody: the named key is rotated out, revoked and dropped in one update", async () => {
  const tenant = await supply.take();
  const { current: leaked } = await tenant.ring();
  const consumer = new PinnedConsumer("emergency");
  const stack = await stackFor(tenant, { program: program(tenant, consumer, { generation: 0 }) });
  expect((await stack.up()).outcome).toBe(0);
  const before = rotationOf(stack);
  const canaries = [
    { audience: "https://api.example.com/", url: `https://${tenant.domain}/nowhere`, timeout: "1s" },
  ];
  const revokeNow = { kid: leaked, reason: "leaked" };
  stack.write(program(tenant, consumer, { generation: 1, minKeyAge: "300d", revokeNow, canaries }));
  const { outcome, output } = await stack.up();
  expect([outcome, output]).toEqual([0, expect.stringContaining(`revoked ${leaked}`)]);
  expect(effectsOf(await tenant.journal())).toMatchObject({ rotated: [leaked], revoked: [leaked] });
  expect(consumer.deliveries.at(-1)?.certificates).not.toContain(before.currentKey.certificate);
});

test("a rotation that was managed on its own goes on under the component, without a write", async () => {
  const tenant = await supply.take();
  const consumer = new PinnedConsumer("moved");
  const stack = await stackFor(tenant, {
    program: `
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
new SigningKeyRotation("keys", { generation: 1, minKeyAge: "0s", gracePeriod: "24h" });`,
  });
  expect((await stack.up()).outcome).toBe(0);
  stack.write(program(tenant, consumer, { generation: 1, gracePeriod: "24h" }));
  expect((await stack.up()).outcome).toBe(0);
  await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
});

test.each([
  ["nothing", "() => undefined", /returned undefined; return the leaf resources/],
  ["an empty list", "() => []", /returned an empty list/],
  ["a component", "() => new pulumi.ComponentResource('a:b:C', 'c')", /returned a component/],
  ["an error", "() => { throw new Error('no such consumer'); }", /no such consumer/],
])("consumers that give %s are refused before anything is written", async (what, consumers, expected) => {
  const tenant = await supply.take();
  const consumer = new PinnedConsumer(what);
  const stack = await stackFor(tenant, { program: program(tenant, consumer, { generation: 0 }, consumers) });
  const { outcome, output } = await stack.preview();
  expect(outcome).not.toBe(0);
  expect(output).toMatch(expected);
  expect(effectsOf(await tenant.journal())).toMatchObject({ rotated: [], revoked: [] });
});

testWhatIsLeftBehind();
