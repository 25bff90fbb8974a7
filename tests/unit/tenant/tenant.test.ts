import { Tenant } from "../../../src/tenant/tenant";
import type { Credentials } from "../../../src/tenant/credentials";
import { FakeClock } from "../fakeClock";
import { DOMAIN } from "../keyRingOf";
import { rejectedBy } from "../thrownBy";

const MANAGEMENT_API = `https://${DOMAIN}/api/v2/`;

function tenantWith(credentials: Credentials): Tenant {
  return new Tenant({
    credentials,
    clock: new FakeClock(),
    requestTimeout: 1,
    say: () => undefined,
    logsRequests: false,
  });
}

describe("a token for somebody else's URL is refused without a request", () => {
  test.each<[string, Credentials, string, string]>([
    [
      "where it would be one for the Management API",
      {
        kind: "clientSecret",
        domain: DOMAIN,
        audience: MANAGEMENT_API,
        clientId: "app",
        clientSecret: "s3cr3t",
      },
      MANAGEMENT_API,
      `getting a token for ${MANAGEMENT_API}: it is the Management API, whose tokens go to Auth0 alone; name an API of your own [invalid_input]`,
    ],
    [
      "where there is a static one only",
      { kind: "apiToken", domain: DOMAIN, audience: MANAGEMENT_API, apiToken: "static" },
      "https://api.acme.com/",
      "getting a token for https://api.acme.com/: there is a static API token only, which can't ask for others; give an application's client id and secret [invalid_input]",
    ],
  ])("%s", async (_, credentials, audience, message) => {
    expect((await rejectedBy(() => tenantWith(credentials).tokenFor(audience))).message).toBe(message);
  });
});
