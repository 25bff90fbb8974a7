import { assertBaselinesListed, assertSameTenant } from "../../../src/lifecycle/wrongTenant";
import { DOMAIN, keyRingOf } from "../keyRingOf";
import { thrownBy } from "../thrownBy";

const CUSTOM = "login.acme.example";
const ring = keyRingOf({ previous: ["previous"], revoked: ["revoked"] });

test.each(["current", "next", "previous", "revoked"])(
  "a custom domain of the same tenant is fine: it lists a recorded key as %s",
  (kid) => {
    expect(() => {
      assertSameTenant({ domain: DOMAIN, kids: ["gone", kid] }, CUSTOM, ring);
    }).not.toThrow();
  },
);

test("the recorded domain is fine, though all its keys are new", () => {
  expect(() => {
    assertSameTenant({ domain: DOMAIN, kids: ["gone"] }, DOMAIN, ring);
  }).not.toThrow();
});

test("where no key is on record, any tenant is fine", () => {
  expect(() => {
    assertSameTenant({ domain: DOMAIN, kids: [] }, CUSTOM, ring);
  }).not.toThrow();
});

test("another domain with none of the recorded keys is another tenant", () => {
  const error = thrownBy(() => {
    assertSameTenant({ domain: DOMAIN, kids: ["theirs"] }, CUSTOM, ring);
  });
  expect(error.code).toBe("wrong_tenant");
  expect(error.message).toBe(
    `comparing ${CUSTOM} with the recorded ${DOMAIN}: it has none of the recorded keys, so it is another tenant; ` +
      "correct the domain or the credentials; for a second tenant, add a resource of its own [wrong_tenant]",
  );
});

describe("a raise that was recorded", () => {
  const raisedFrom = (kid: string) => ({
    baselines: [{ generation: 5, from: 4, kid, at: "2026-03-10T11:00:00.000Z" }],
  });
  test.each(["current", "previous", "revoked"])(
    "is carried out on the tenant that lists its key as %s",
    (kid) => {
      expect(() => {
        assertBaselinesListed(raisedFrom(kid), 4, DOMAIN, ring);
      }).not.toThrow();
    },
  );
  test("is not carried out on a tenant that doesn't list its key", () => {
    const error = thrownBy(() => {
      assertBaselinesListed(raisedFrom("theirs"), 4, CUSTOM, ring);
    });
    expect(error.code).toBe("wrong_tenant");
    expect(error.message).toContain("it doesn't list theirs");
  });
  test("and carried out before has nothing more to say", () => {
    expect(() => {
      assertBaselinesListed(raisedFrom("gone"), 5, DOMAIN, ring);
    }).not.toThrow();
  });
});
