import type { PropertyBag } from "../../../src/lifecycle/inputs";
import { IntentLifecycle } from "../../../src/lifecycle/intent";
import { RevocationLifecycle } from "../../../src/lifecycle/revocation";
import { RotationLifecycle } from "../../../src/lifecycle/rotation";
import { Runtime } from "../../../src/lifecycle/runtime";
import { SecretInputs } from "../../../src/lifecycle/secretInputs";
import { FakeClock } from "../fakeClock";
import { DOMAIN } from "../keyRingOf";

const DIGEST = /^sha256:/;
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secrets = { clientSecret: "s3cr3t", apiToken: "t0ken", clientAssertionPrivateKey: "-----BEGIN …" };
const harmless = { domain: DOMAIN, clientId: "app", audience: "https://acme/api/v2/" };

test("what is to be stored holds a digest in the place of each secret, and the rest as it is", () => {
  const concealed = new SecretInputs().conceal({ generation: 1, tenant: { ...harmless, ...secrets } });
  expect(concealed).toMatchObject({ generation: 1, tenant: harmless });
  for (const field of Object.keys(secrets))
    expect((concealed["tenant"] as PropertyBag)[field]).toMatch(DIGEST);
  for (const secret of Object.values(secrets)) expect(JSON.stringify(concealed)).not.toContain(secret);
});

test("the process that concealed a secret reveals it, also after a policy has had it checked once more", () => {
  const inputs = { tenant: { ...harmless, ...secrets } };
  const held = new SecretInputs();
  const once = held.conceal(inputs);
  expect(held.conceal(once)).toEqual(once);
  expect(held.reveal(once)).toEqual(inputs);
  expect(new SecretInputs().reveal(once)).toEqual(once);
});

test.each<[string, PropertyBag]>([
  ["no tenant", { generation: 1 }],
  ["a tenant that is not known yet", { tenant: UNKNOWN }],
  ["a secret that is not known yet", { tenant: { ...harmless, clientSecret: UNKNOWN } }],
  ["a secret without a value", { tenant: { ...harmless, clientSecret: null } }],
  ["something else", { tenant: 7 }],
])("%s stays as it is", (_, inputs) => {
  expect(new SecretInputs().conceal(inputs)).toEqual(inputs);
});

const lifecycles = (runtime: Runtime) => ({
  intent: new IntentLifecycle(runtime),
  rotation: new RotationLifecycle(runtime),
  revocation: new RevocationLifecycle(runtime),
});
const newRuntime = (): Runtime =>
  new Runtime(
    new FakeClock(),
    () => ({}),
    () => Promise.resolve(),
  );
const args = {
  intent: { generation: 0 },
  rotation: { generation: 0, baselines: [] },
  revocation: { retired: [] },
};

describe.each(["intent", "rotation", "revocation"] as const)("the check of the %s", (name) => {
  const news = { ...args[name], tenant: { ...harmless, clientSecret: secrets.clientSecret } };
  /** Each time in a run of its own. */
  const check = async (inputs: PropertyBag): Promise<{ inputs: PropertyBag; failures: unknown }> => {
    const answer = await lifecycles(newRuntime())[name].check({}, inputs);
    return { inputs: answer.inputs as PropertyBag, failures: answer.failures };
  };

  test("leaves no secret in the inputs", async () => {
    const { inputs, failures } = await check(news);
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({
      tenant: { ...harmless, clientSecret: expect.stringMatching(DIGEST) as string },
    });
  });

  test("refuses the digest that state holds, in another run, and says how it comes about", async () => {
    const { inputs } = await check(news);
    const { failures } = await check(inputs);
    expect(failures).toEqual([
      {
        property: "",
        reason: expect.stringMatching(/^tenant.clientSecret is not .*ignoreChanges$/) as string,
      },
    ]);
  });
});
