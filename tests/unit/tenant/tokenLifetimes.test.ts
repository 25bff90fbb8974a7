import { parseApis, parseApplications } from "../../../src/tenant/tokenLifetimes";
import { thrownBy } from "../thrownBy";

test("an API counts with the longer of its two lifetimes, and with Auth0's default where it says none", () => {
  const page = {
    total: 3,
    resource_servers: [
      { identifier: "one", token_lifetime: 60, token_lifetime_for_web: 30 },
      { identifier: "web", token_lifetime: 60, token_lifetime_for_web: 90, signing_alg: "HS256" },
      { identifier: "silent", token_lifetime: null },
    ],
  };
  expect(parseApis(page, "listing")).toEqual({
    total: 3,
    lifetimes: [
      { of: "one", seconds: 60 },
      { of: "web", seconds: 90 },
      { of: "silent", seconds: 86_400 },
    ],
  });
});

test("an application counts with its ID tokens' lifetime, and with Auth0's default where it says none", () => {
  const clients = [
    { client_id: "one", jwt_configuration: { lifetime_in_seconds: 60 } },
    { client_id: "two", jwt_configuration: { alg: "RS256" } },
    { client_id: "three" },
  ];
  expect(parseApplications({ clients }, "listing")).toEqual({
    total: undefined,
    lifetimes: [
      { of: "one", seconds: 60 },
      { of: "two", seconds: 36_000 },
      { of: "three", seconds: 36_000 },
    ],
  });
});

test.each([
  ["what the SDK makes of HTML", { ok: false, error: { reason: "non-json" } }],
  ["null", null],
  ["a bare list", []],
  ["a negative lifetime", { resource_servers: [{ identifier: "one", token_lifetime: -1 }] }],
  ["a lifetime as text", { resource_servers: [{ identifier: "one", token_lifetime: "60" }] }],
])("%s is refused, for a lifetime that is overlooked would shorten the grace", (_, answer) => {
  expect(thrownBy(() => parseApis(answer, "listing"))).toMatchObject({ code: "unexpected_answer" });
  expect(thrownBy(() => parseApplications(answer, "listing"))).toMatchObject({ code: "unexpected_answer" });
});
