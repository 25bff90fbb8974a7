import { REQUEST_TIMEOUT_VARIABLE, Runtime } from "../../../src/lifecycle/runtime";
import { FakeClock } from "../fakeClock";
import { DOMAIN } from "../keyRingOf";
import { rejectedBy, thrownBy } from "../thrownBy";

const fields = { domain: DOMAIN, clientId: "app", clientSecret: "s3cr3t" };

function runtimeIn(environment: Record<string, string>, write: (line: string) => Promise<void>): Runtime {
  return new Runtime(new FakeClock(), () => environment, write);
}
const silent = (): Promise<void> => Promise.resolve();
const gone = (): Promise<void> => Promise.reject(new Error("EPIPE"));

test("stack configuration is kept at once, as the host does not wait for configure", () => {
  const runtime = runtimeIn({}, silent);
  const config = new Map(Object.entries(fields).map(([field, value]) => [`auth0:${field}`, value]));
  runtime.configure({ get: (key) => config.get(key) });
  expect(runtime.credentials(undefined)).toMatchObject(fields);
});

test("the environment is read when it is needed, not before", () => {
  const environment: Record<string, string> = {};
  const runtime = runtimeIn(environment, silent);
  expect(thrownBy(() => runtime.credentials(undefined)).code).toBe("invalid_input");
  environment["AUTH0_DOMAIN"] = DOMAIN;
  environment["AUTH0_API_TOKEN"] = "token";
  expect(runtime.credentials(undefined)).toMatchObject({ kind: "apiToken", domain: DOMAIN });
});

test("a tenant, and with it its token, is shared by all who give the same credentials, and by nobody else", () => {
  const runtime = runtimeIn({}, silent);
  const tenant = runtime.tenant(fields);
  expect(runtime.tenant({ ...fields })).toBe(tenant);
  expect(runtime.tenant({ ...fields, clientSecret: "another" })).not.toBe(tenant);
  expect(runtime.tenant({ ...fields, domain: "other.auth0.com" })).not.toBe(tenant);
});

test("no tenant is reached while Node is told not to verify certificates", () => {
  const unverified = runtimeIn({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, silent);
  const error = thrownBy(() => unverified.tenant(fields));
  expect(error.message).toBe(
    "checking the settings of this machine: NODE_TLS_REJECT_UNAUTHORIZED=0 turns the verification of certificates off; " +
      "unset it, and name the certificate authority's file in NODE_EXTRA_CA_CERTS; nothing was sent [tls_untrusted]",
  );
  expect(runtimeIn({ NODE_TLS_REJECT_UNAUTHORIZED: "1" }, silent).tenant(fields).domain).toBe(DOMAIN);
});

describe("how long one request may take", () => {
  test("ten seconds, and half as long again until nobody's can be in flight", () => {
    const runtime = runtimeIn({}, silent);
    expect([runtime.requestTimeout, runtime.settleTime]).toEqual([10_000, 15_000]);
  });
  test("what the environment says", () => {
    expect(runtimeIn({ [REQUEST_TIMEOUT_VARIABLE]: "2s" }, silent).requestTimeout).toBe(2_000);
  });
  test.each(["10", "soon", "0s", ""])("not %j, which is refused", (text) => {
    const runtime = runtimeIn({ [REQUEST_TIMEOUT_VARIABLE]: text }, silent);
    const error = thrownBy(() => runtime.requestTimeout);
    expect(error.code).toBe("invalid_input");
    expect(error.message).toBe(
      `reading ${REQUEST_TIMEOUT_VARIABLE}: ${JSON.stringify(text)} is not a duration; set it to one such as "10s" [invalid_input]`,
    );
  });
});

describe("an engine that is gone", () => {
  test("stops a write before it is done: nobody would record it", async () => {
    const error = await rejectedBy(() => runtimeIn({}, gone).announce("acme: rotating the signing keys"));
    expect(error.code).toBe("engine_gone");
    expect(error.message).toBe(
      "acme: rotating the signing keys: the engine that asked for it has ended; nothing was done; run it again [engine_gone]",
    );
  });
  test("is no reason to fail for words", () => {
    expect(() => {
      runtimeIn({}, gone).say("waiting");
    }).not.toThrow();
  });
});

test("what is announced and said is written, a line each", async () => {
  const lines: string[] = [];
  const runtime = runtimeIn({}, (line) => {
    lines.push(line);
    return Promise.resolve();
  });
  await runtime.announce("acme: rotating");
  runtime.say("acme: rotated");
  expect(lines).toEqual(["acme: rotating", "acme: rotated"]);
});

test("one key is the start of one raise only, by whatever domain its tenant is named, until that is taken back", () => {
  const runtime = runtimeIn({}, silent);
  runtime.claimRaise(DOMAIN, "current");
  runtime.claimRaise(DOMAIN, "another");
  const error = thrownBy(() => {
    runtime.claimRaise("login.acme.com", "current");
  });
  expect(error.code).toBe("tenant_managed_twice");
  runtime.releaseRaise("current");
  expect(() => {
    runtime.claimRaise(DOMAIN, "current");
  }).not.toThrow();
});

describe("an engine that stores nothing before the end", () => {
  test.each(["1", "true", "TRUE"])("is refused: PULUMI_SKIP_CHECKPOINTS=%s", (value) => {
    const runtime = runtimeIn({ PULUMI_SKIP_CHECKPOINTS: value }, silent);
    const error = thrownBy(() => {
      runtime.assertCheckpoints();
    });
    expect(error.message).toContain("unset it and run it again");
  });
  test.each([{}, { PULUMI_SKIP_CHECKPOINTS: "false" }])("is none with %j", (environment) => {
    expect(() => {
      runtimeIn(environment, silent).assertCheckpoints();
    }).not.toThrow();
  });
});

describe("each request is shown", () => {
  const engine = ["node", "dynamic-provider"];
  async function shownWith(debug: string | undefined, commandLine: readonly string[]): Promise<string[]> {
    const lines: string[] = [];
    const write = (line: string): Promise<void> => {
      lines.push(line);
      return Promise.resolve();
    };
    const environment = debug === undefined ? {} : { AUTH0_DEBUG: debug };
    const runtime = new Runtime(
      new FakeClock(),
      () => environment,
      write,
      () => commandLine,
    );
    const answered = jest.spyOn(globalThis, "fetch").mockResolvedValue(new Response('{"keys":[]}'));
    try {
      await runtime.tenant(fields).publishedKids();
    } finally {
      answered.mockRestore();
    }
    return lines;
  }
  const LINE = `${DOMAIN}: GET /.well-known/jwks.json: 200 in 0 ms`;

  test.each([
    ["AUTH0_DEBUG is true", "true", engine],
    ["AUTH0_DEBUG is anything else", "yes", engine],
    ["the engine hands its verbosity on", undefined, [...engine, "--logtostderr", "-v=9", "127.0.0.1:5"]],
  ])("where %s", async (_, debug, commandLine) => {
    expect(await shownWith(debug, commandLine)).toEqual([LINE]);
  });

  test.each([
    ["nothing asks for it", undefined, engine],
    ["AUTH0_DEBUG is empty", "", engine],
    ["AUTH0_DEBUG is false, as Auth0's own provider reads it", "false", engine],
    ["AUTH0_DEBUG is 0", "0", engine],
    ["the verbosity is none", undefined, [...engine, "-v=0"]],
  ])("but not where %s", async (_, debug, commandLine) => {
    expect(await shownWith(debug, commandLine)).toEqual([]);
  });
});
