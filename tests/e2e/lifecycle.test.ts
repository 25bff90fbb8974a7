import { decodeProtectedHeader } from "jose";
import { effectsOf, expectExactlyOnce } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf, rotationProgram } from "./program";
import { TenantSupply } from "./tenants";

jest.setTimeout(180_000);

const supply = new TenantSupply();
afterAll(async () => {
  await supply.stop();
});

describe("creation", () => {
  test("a preview says what will happen, in words and without a request", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    const { outcome, output } = await stack.preview();
    expect(outcome).toBe(0);
    expect(output).toContain(`${tenant.domain}: generation 1: rotate once; revoke nothing`);
    expect(await tenant.journal()).toEqual([]);
  });

  test("generation 0 adopts the keys as they are", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    const { outcome, output } = await stack.up();
    expect(outcome).toBe(0);
    expect(output).toContain(
      `${tenant.domain}: generation 0: adopt the key ring as it is, rotate nothing; revoke nothing`,
    );
    await expectExactlyOnce(tenant, stack, { rotations: 0, revocations: 0 });
    const { currentKey, nextKey, previousKeys } = rotationOf(stack);
    const ring = await tenant.ring();
    expect([currentKey.kid, nextKey?.kid, previousKeys]).toEqual([ring.current, ring.next, []]);
  });

  test("generation 1 rotates once, with no more requests than it takes", async () => {
    const tenant = await supply.take();
    const before = await tenant.ring();
    const stack = await stackFor(tenant, {
      program: rotationProgram({ generation: 1, reason: "scheduled" }),
    });
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    const after = await tenant.ring();
    expect([after.current, after.previous]).toEqual([before.next, [before.current]]);
    const requests = (await tenant.journal()).map(({ method, path }) => `${method} ${path}`);
    expect(requests.filter((request) => request !== "GET /.well-known/jwks.json")).toEqual([
      "POST /oauth/token",
      "GET /api/v2/keys/signing",
      "GET /api/v2/keys/signing",
      "POST /api/v2/keys/signing/rotate",
      "GET /api/v2/keys/signing",
    ]);
    expect(await stack.outputs()).toMatchObject({
      currentKid: before.next,
      retired: [{ kid: before.current, generation: 1 }],
      pending: [],
    });
  });

  test("generation 2 without state is taken as carried out, unless expectedCurrentKid names the current key", async () => {
    const tenant = await supply.take();
    const { current } = await tenant.ring();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 7 }) });
    const { output } = await stack.up();
    expect(output).toContain("no state for generation 7: taken as carried out; raise to 8 to rotate");
    await expectExactlyOnce(tenant, stack, { rotations: 0, revocations: 0 });

    const named = await stackFor(tenant, {
      program: rotationProgram({ generation: 7, expectedCurrentKid: current }),
    });
    expect((await named.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, named, { rotations: 1, revocations: 0 });
  });
});

describe("no change", () => {
  test("neither an update nor a preview makes a request, and both find nothing to do", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await stack.up();
    const before = (await tenant.journal()).length;
    const update = await stack.up();
    expect(update.output).toMatch(/Resources:\s+3 unchanged/);
    const preview = await stack.preview("--expect-no-changes");
    expect([preview.outcome, preview.output]).toEqual([0, expect.stringMatching(/3 unchanged/)]);
    expect(await tenant.journal()).toHaveLength(before);
  });

  test("a refresh reads, writes nothing, and leaves nothing to do", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await stack.up();
    const state = rotationOf(stack);
    const refresh = await stack.refresh("--expect-no-changes");
    expect(refresh.outcome).toBe(0);
    expect(rotationOf(stack)).toEqual(state);
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });
});

describe("a raise", () => {
  test("a preview says it in words without a request; the update does that and no more", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    await stack.up();
    const { current } = await tenant.ring();
    stack.write(rotationProgram({ generation: 5 }));
    const before = (await tenant.journal()).length;
    const preview = await stack.preview();
    expect(preview.output).toContain(
      `${tenant.domain}: generation 0 → 5: rotate (${current} retires, current since`,
    );
    expect(preview.output).toMatch(/; revoke nothing; ring as recorded at /);
    expect(await tenant.journal()).toHaveLength(before);

    expect((await stack.up("--preview")).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
  });

  test("with the flag on and no grace period: refused at preview, with both ways out", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await stack.up();
    stack.write(rotationProgram({ generation: 2, revokePrevious: true, minKeyAge: "0s" }));
    const before = (await tenant.journal()).length;
    for (const run of [await stack.preview(), await stack.up()]) {
      expect(run.outcome).not.toBe(0);
      expect(run.output).toMatch(/set gracePeriod \(for example "24h"\)/);
      expect(run.output).toMatch(/name the key in revokeNow: \{ kid, reason \}/);
    }
    expect(await tenant.journal()).toHaveLength(before);

    stack.write(
      rotationProgram({ generation: 2, revokePrevious: true, minKeyAge: "0s", gracePeriod: "24h" }),
    );
    expect((await stack.up()).outcome).toBe(0);
    // The key of generation 1, retired without a grace period of its own, now has the one that was given, too.
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
  });

  test("revokeNow with a raise is the Dashboard's Rotate & Revoke", async () => {
    const tenant = await supply.take();
    const { current } = await tenant.ring();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 0 }) });
    await stack.up();
    stack.write(rotationProgram({ generation: 1, revokeNow: { kid: current, reason: "leaked" } }));
    const preview = await stack.preview();
    expect(preview.output).toContain(`revoke ${current} now (leaked)`);
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
  });

  test("a generation that is not known at preview is not guessed at", async () => {
    const tenant = await supply.take();
    const program = (generation: number): string => `
const pulumi = require("@pulumi/pulumi");
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
const provider = {
  create: async (inputs) => ({ id: "counter", outs: inputs }),
  diff: async (id, olds, news) => ({ changes: olds.count !== news.count, replaces: ["count"] }),
};
class Counter extends pulumi.dynamic.Resource {
  constructor(name, count) { super(provider, name, { count }); }
}
new SigningKeyRotation("keys", { generation: new Counter("counter", ${generation}).count, minKeyAge: "0s" });
`;
    const stack = await stackFor(tenant, { program: program(1) });
    expect((await stack.preview()).outcome).toBe(0);
    expect(await tenant.journal()).toEqual([]);
    expect((await stack.up("--preview")).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    stack.write(program(2));
    const before = (await tenant.journal()).length;
    expect((await stack.preview()).outcome).toBe(0);
    expect(await tenant.journal()).toHaveLength(before);
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 2, revocations: 0 });
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
  });
});

describe("revocation", () => {
  test("the flag revokes what this resource retired, once; turning it off and on again does nothing", async () => {
    const tenant = await supply.take();
    const { emulator, audience, clientId, clientSecret, domain } = tenant;
    const access = { audience, clientId, clientSecret, domain };
    const oldToken = await emulator.token({ access });
    const accepts = async (token: string): Promise<boolean> =>
      (await emulator.request("/api/v2/keys/signing", { token, domain })).status === 200;
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await stack.up();
    expect(await accepts(oldToken)).toBe(true);

    stack.write(rotationProgram({ generation: 1, revokePrevious: true }));
    const retiredKid = decodeProtectedHeader(oldToken).kid ?? "";
    const preview = await stack.preview();
    expect(preview.output).toContain(`${domain}: revoke ${retiredKid}; ring as recorded at `);
    expect(await accepts(oldToken)).toBe(true);
    expect((await stack.up()).outcome).toBe(0);
    expect(await accepts(oldToken)).toBe(false);
    expect(await accepts(await emulator.token({ access }))).toBe(true);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });

    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
    for (const revokePrevious of [false, true]) {
      stack.write(rotationProgram({ generation: 1, revokePrevious }));
      expect((await stack.up()).outcome).toBe(0);
    }
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });

    await emulator.advanceClock("2h", domain);
    stack.write(rotationProgram({ generation: 2, revokePrevious: true }));
    const refused = await stack.preview();
    expect([refused.outcome === 0, refused.output]).toEqual([false, expect.stringContaining("gracePeriod")]);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
  });

  test("once the grace period has passed, an update without an edit revokes", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, {
      program: rotationProgram({ generation: 1, revokePrevious: true, gracePeriod: "5s" }),
    });
    const first = await stack.up();
    expect(first.outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 0 });
    const [retired] = rotationOf(stack).retired;
    const dueAt = Date.parse(retired?.revokeDueAt ?? "");
    expect(dueAt - Date.parse(retired?.retiredAt ?? "")).toBe(5_000);

    await new Promise((resolve) => setTimeout(resolve, dueAt - Date.now() + 50));
    const preview = await stack.preview();
    expect(preview.output).toContain(`revoke ${retired?.kid ?? ""}`);
    expect(preview.output).toMatch(/~ 1 to update/);
    expect((await stack.up()).outcome).toBe(0);
    await expectExactlyOnce(tenant, stack, { rotations: 1, revocations: 1 });
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
  });

  test("before it is due, every preview says when it will be, and nothing changes", async () => {
    const tenant = await supply.take();
    const program = rotationProgram({ generation: 1, revokePrevious: true, gracePeriod: "24h" });
    const stack = await stackFor(tenant, { program });
    await stack.up();
    const [retired] = rotationOf(stack).retired;
    const preview = await stack.preview("--expect-no-changes");
    expect(preview.outcome).toBe(0);
    expect(preview.output).toContain(`revoke ${retired?.kid ?? ""} not before ${retired?.revokeDueAt ?? ""}`);
    expect((await stack.up("--expect-no-changes")).outcome).toBe(0);
  });

  test("a key that somebody else retired is warned about and never revoked by the flag", async () => {
    const tenant = await supply.take();
    const { emulator, domain } = tenant;
    const { current } = await tenant.ring();
    await emulator.control("POST", `/tenants/${domain}/rotate`);
    const stack = await stackFor(tenant, {
      program: rotationProgram({ generation: 1, revokePrevious: true, gracePeriod: "1s", minKeyAge: "0s" }),
    });
    await stack.up();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { output } = await stack.up();
    expect(output).toContain(`${current} was retired by somebody else`);
    expect(rotationOf(stack)).toMatchObject({ foreign: [current] });
    expect(effectsOf(await tenant.journal()).revoked).not.toContain(current);
    expect(effectsOf(await tenant.journal()).revoked).toHaveLength(1);
  });
});

describe("destroy", () => {
  test("changes nothing in Auth0 and says so", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, { program: rotationProgram({ generation: 1 }) });
    await stack.up();
    const before = await tenant.ring();
    const { outcome, output } = await stack.destroy();
    expect(outcome).toBe(0);
    expect(output).toContain(`${tenant.domain}: the rotation is no longer managed here`);
    expect(await tenant.ring()).toEqual(before);
    expect(stack.stateFile.resources.filter(({ type }) => type.includes("SigningKey"))).toEqual([]);
  });
});

describe("get", () => {
  test("reads a tenant's keys and manages nothing", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, {
      program: `
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
const keys = SigningKeyRotation.get("keys", ${JSON.stringify(tenant.domain)});
module.exports = { current: keys.currentKey.kid, next: keys.nextKey.kid, trusted: keys.trustedCertificates.length };
`,
    });
    expect((await stack.up()).outcome).toBe(0);
    const ring = await tenant.ring();
    expect(await stack.outputs()).toEqual({ current: ring.current, next: ring.next, trusted: 2 });
    expect(stack.stateFile.resources.map(({ type }) => type)).not.toContainEqual(
      expect.stringMatching(/Intent$/),
    );
    expect((await stack.up()).outcome).toBe(0);
    expect((await stack.refresh()).outcome).toBe(0);
    expect((await stack.destroy()).outcome).toBe(0);
    expect(effectsOf(await tenant.journal())).toEqual({ rotated: [], revoked: [] });
  });

  test("refuses another tenant than the id names", async () => {
    const tenant = await supply.take();
    const stack = await stackFor(tenant, {
      program: `
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
SigningKeyRotation.get("keys", "elsewhere.eu.auth0.com");
`,
    });
    const { outcome, output } = await stack.up();
    expect(outcome).not.toBe(0);
    expect(output).toContain("[wrong_tenant]");
  });
});

testWhatIsLeftBehind();
