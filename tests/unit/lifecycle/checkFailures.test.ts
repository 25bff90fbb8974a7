import { checkFailures } from "../../../src/lifecycle/checkFailures";
import { findFaults, type PropertyBag } from "../../../src/lifecycle/inputs";
import { DOMAIN } from "../keyRingOf";

const SECRET = "s3cr3t";
const tenant = { domain: DOMAIN, clientId: "app", clientSecret: SECRET };

function failuresOf(news: PropertyBag): { property: string; reason: string }[] {
  const sources = { config: () => undefined, environment: {} };
  return checkFailures(findFaults("intent", {}, { tenant, ...news }, sources));
}

test("a fault of an input that holds no secret names it, for the engine to show its value", () => {
  expect(failuresOf({ generation: -1 })).toEqual([
    { property: "generation", reason: expect.stringMatching(/^given -1; allowed: /) as string },
  ]);
});

test.each<[string, PropertyBag, string]>([
  ["the tenant", { generation: 1, tenant: { ...tenant, apiToken: SECRET } }, "tenant"],
  ["a field of the tenant", { generation: 1, tenant: { ...tenant, clientSecret: 7 } }, "tenant.clientSecret"],
  [
    "an input that there is none: a misplaced secret",
    { generation: 1, clientSecret: SECRET },
    "clientSecret",
  ],
])("the engine would print the value of %s: it is named in words alone, once", (_, news, name) => {
  const [failure, ...others] = failuresOf(news);
  expect(others).toEqual([]);
  expect(failure?.property).toBe("");
  expect(failure?.reason.startsWith(name)).toBe(true);
  expect(failure?.reason).not.toContain(`${name}: ${name}`);
  expect(failure?.reason).not.toContain(SECRET);
});
