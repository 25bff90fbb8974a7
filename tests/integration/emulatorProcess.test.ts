import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startEmulator } from "../support/emulator";

const main = path.join(__dirname, "../../emulator/dist/main.js");
const run = promisify(execFile);

jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "emulator-test-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("start and stop", () => {
  test("one start line, of which the token request alone needs the rest", async () => {
    const emulator = await startEmulator();
    try {
      expect(emulator.domain).toMatch(/^localhost:\d+$/);
      expect(emulator.audience).toBe(`https://${emulator.domain}/api/v2/`);
      expect(emulator.controlUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(emulator.ca).toMatch(/^-----BEGIN CERTIFICATE-----/);
      expect((await emulator.token()).split(".")).toHaveLength(3);
    } finally {
      await emulator.stop();
    }
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends it at once with 0, open connections and all",
    async (signal) => {
      const emulator = await startEmulator();
      const agent = new Agent({ keepAlive: true, ca: emulator.ca });
      await new Promise((resolve, reject) => {
        httpsRequest(`https://${emulator.domain}/pem`, { agent }, (answer) =>
          answer.resume().on("end", resolve),
        )
          .on("error", reject)
          .end();
      });
      await emulator.fault({ fault: "delay", delayMs: 60_000 });
      const pending = expect(emulator.request("/pem")).rejects.toThrow(/socket hang up|ECONNRESET/);
      while ((await emulator.journal()).length < 2) await sleep(20);
      const begun = Date.now();
      expect(await emulator.stop(signal)).toBe(0);
      expect(Date.now() - begun).toBeLessThan(1_000);
      await pending;
      expect(existsSync(emulator.caFile)).toBe(false);
      agent.destroy();
    },
  );

  test("standard output holds the start line and nothing else", async () => {
    const child = spawn(process.execPath, [main, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    const done = new Promise((resolve) => child.on("close", resolve));
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (!output.includes("\n")) continue;
      const { controlUrl, domain } = JSON.parse(output) as { controlUrl: string; domain: string };
      await fetch(`${controlUrl}/tenants/${domain}/rotate`, { method: "POST" });
      child.kill();
    }
    expect(await done).toBe(0);
    expect(output.trimEnd().split("\n")).toHaveLength(1);
    expect(Object.keys(JSON.parse(output) as object)).toEqual([
      "domain",
      "audience",
      "clientId",
      "clientSecret",
      "caFile",
      "controlUrl",
    ]);
  });

  test("without --json it says the same to a human, and how to trust the CA", async () => {
    const child = spawn(process.execPath, [main], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.includes("Ctrl+C")) child.kill();
    }
    for (const name of [
      "AUTH0_DOMAIN=",
      "AUTH0_CLIENT_ID=",
      "AUTH0_CLIENT_SECRET=",
      "NODE_EXTRA_CA_CERTS=",
    ]) {
      expect(output).toContain(name);
    }
  });

  test("a client without our special cases: Node's fetch, trusting the CA by NODE_EXTRA_CA_CERTS", async () => {
    const emulator = await startEmulator();
    try {
      const script = `fetch("https://${emulator.domain}/fingerprint").then(async (a) => console.log(await a.text()))`;
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: emulator.caFile };
      const { stdout } = await run(process.execPath, ["-e", script], { env });
      expect(stdout).toMatch(/^([0-9A-F]{2}:){19}[0-9A-F]{2}\n$/);
      await expect(run(process.execPath, ["-e", script])).rejects.toThrow(/self.signed|unable to/i);
    } finally {
      await emulator.stop();
    }
  });
});

describe("flags", () => {
  test("--help names each flag, --version prints the version", async () => {
    const { stdout: help } = await run(process.execPath, [main, "--help"]);
    const flags = [
      "port",
      "tenants",
      "data",
      "json",
      "rotations-per-day",
      "requests-per-second",
      "revoked-listed",
      "key-pairs",
    ];
    for (const flag of [...flags, "help", "version"]) expect(help).toContain(`--${flag}`);
    expect(help).toContain('rewrite                        "rewriting": second-current, ');
    const { stdout: version } = await run(process.execPath, [main, "--version"]);
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("--key-pairs makes so many key pairs for any number of keys, each with a kid of its own", async () => {
    const emulator = await startEmulator(["--key-pairs", "2"]);
    try {
      const token = await emulator.token();
      for (let rotation = 1; rotation <= 3; rotation += 1)
        await emulator.request("/api/v2/keys/signing/rotate", { method: "POST", token });
      const { keys } = (await emulator.request("/.well-known/jwks.json")).json() as {
        keys: { kid: string; n: string }[];
      };
      expect([new Set(keys.map(({ kid }) => kid)).size, new Set(keys.map(({ n }) => n)).size]).toEqual([
        5, 2,
      ]);
      const fresh = await emulator.token();
      expect((await emulator.request("/api/v2/keys/signing", { token: fresh })).status).toBe(200);
    } finally {
      await emulator.stop();
    }
  });

  test.each([
    [["--port", "70000"], "--port"],
    [["--port", "http"], "--port"],
    [["--tenants", "0"], "--tenants"],
    [["--rotations-per-day", "-1"], "--rotations-per-day"],
    [["--unknown"], "--unknown"],
    [["extra"], "too many arguments"],
  ])("%j is refused by name", async (flags, named) => {
    await expect(run(process.execPath, [main, ...flags])).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining(named) as string,
    });
  });

  test("a port in use, a data file of something else and one that cannot be written are one clear line each", async () => {
    const emulator = await startEmulator();
    try {
      const port = emulator.domain.replace("localhost:", "");
      await expect(run(process.execPath, [main, "--port", port])).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^auth0-signing-keys-emulator: .*EADDRINUSE.*\n$/) as string,
      });
    } finally {
      await emulator.stop();
    }
    const other = path.join(folder, "other.json");
    writeFileSync(other, '{"version":2}');
    for (const [data, attempt] of [
      [other, "reading"],
      [path.join(folder, "missing", "tenant.json"), "writing"],
    ] as const) {
      await expect(run(process.execPath, [main, "--data", data])).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          `^auth0-signing-keys-emulator: ${attempt} the data file .*\n$`,
        ) as string,
      });
    }
  });
});

describe("--data", () => {
  test("domain, CA, keys, application, clock, rotations of the day and tokens outlive a restart", async () => {
    const data = path.join(folder, "tenant.json");
    const flags = ["--data", data, "--tenants", "2"];
    const first = await startEmulator(flags);
    const token = await first.token();
    await first.advanceClock("3h");
    for (let rotation = 1; rotation <= 5; rotation += 1) {
      await first.request("/api/v2/keys/signing/rotate", { method: "POST", token });
    }
    const { body: added } = await first.control("POST", "/clients", { scopes: ["read:signing_keys"] });
    const [, , oldest = ""] = (await first.tenants())[0]?.ring.previous ?? [];
    await first.control("POST", `/tenants/${first.domain}/revoke/${oldest}`);
    const before = (await first.request("/api/v2/keys/signing", { token: await first.token() })).json();
    const staleBefore = await staleJwks(first);
    const ringsBefore = (await first.tenants()).map(({ ring }) => ring);
    expect(await first.stop()).toBe(0);
    expect(statSync(data).mode & 0o777).toBe(0o600);

    const second = await startEmulator(["--data", data]);
    try {
      const { domain, clientId, clientSecret, caFile, ca } = second;
      expect({ domain, clientId, clientSecret, caFile, ca }).toEqual({
        domain: first.domain,
        clientId: first.clientId,
        clientSecret: first.clientSecret,
        caFile: first.caFile,
        ca: first.ca,
      });
      const tenants = await second.tenants();
      expect(tenants.map(({ ring }) => ring)).toEqual(ringsBefore);
      expect(Date.parse(tenants[0]?.now ?? "") - Date.now()).toBeGreaterThan(2.9 * 3_600_000);
      const after = await second.request("/api/v2/keys/signing", { token });
      expect(after.json()).toEqual(before);
      expect(await staleJwks(second)).toEqual(staleBefore);
      const rotate = await second.request("/api/v2/keys/signing/rotate", { method: "POST", token });
      expect(rotate.status).toBe(429);
      const access = { ...second, ...(added as { clientId: string; clientSecret: string }) };
      expect(await second.token({ access })).toMatch(/\./);
      const logs = await second.request("/api/v2/logs", { token });
      expect(logs.json()).toHaveLength(6);
    } finally {
      await second.stop();
    }
  });

  test("a killed emulator has lost no rotation that it answered", async () => {
    const data = path.join(folder, "tenant.json");
    const first = await startEmulator(["--data", data]);
    const token = await first.token();
    await first.request("/api/v2/keys/signing/rotate", { method: "POST", token });
    const [before] = await first.tenants();
    expect(await first.stop("SIGKILL")).toBe("SIGKILL");
    const second = await startEmulator(["--data", data]);
    try {
      expect((await second.tenants())[0]?.ring).toEqual(before?.ring);
    } finally {
      await second.stop();
    }
  });
});

async function staleJwks(emulator: Awaited<ReturnType<typeof startEmulator>>): Promise<unknown> {
  await emulator.fault({ fault: "stale-jwks" });
  return (await emulator.request("/.well-known/jwks.json")).json();
}

describe("many tenants", () => {
  test("each has its own port, keys, clock, application and budget", async () => {
    const emulator = await startEmulator(["--tenants", "3"]);
    try {
      const tenants = await emulator.tenants();
      for (const property of ["domain", "clientId", "clientSecret", "audience"] as const) {
        expect(new Set(tenants.map((tenant) => tenant[property])).size).toBe(3);
      }
      expect(new Set(tenants.flatMap(({ ring }) => [ring.current, ring.next])).size).toBe(6);
      const [, second, third] = tenants;
      if (second === undefined || third === undefined) throw new Error("too few tenants");
      const token = await emulator.token({ access: second });
      await emulator.request("/api/v2/keys/signing/rotate", { method: "POST", token, domain: second.domain });
      await emulator.advanceClock("2h", third.domain);
      const after = await emulator.tenants();
      expect(after.map(({ ring }) => ring.previous.length)).toEqual([0, 1, 0]);
      const aheadMs = after.map(({ now }) => Date.parse(now) - Date.now());
      expect(aheadMs.map((ms) => Math.abs(Math.round(ms / 3_600_000)))).toEqual([0, 0, 2]);
      const alien = await emulator.request("/oauth/token", {
        method: "POST",
        domain: third.domain,
        body: {
          ...second,
          grant_type: "client_credentials",
          client_id: second.clientId,
          client_secret: second.clientSecret,
        },
      });
      expect(alien.status).toBe(401);
    } finally {
      await emulator.stop();
    }
  });

  test("--port puts tenant i on port N + i", async () => {
    const port = await freePair();
    const emulator = await startEmulator(["--port", String(port), "--tenants", "2"]);
    try {
      const domains = (await emulator.tenants()).map(({ domain }) => domain);
      expect(domains).toEqual([`localhost:${port}`, `localhost:${port + 1}`]);
    } finally {
      await emulator.stop();
    }
  });

  test("a tenant's name is a custom domain of it: own issuer, the canonical audience, tokens not interchangeable", async () => {
    const emulator = await startEmulator(["--tenants", "2"]);
    try {
      const second = (await emulator.tenants())[1];
      if (second === undefined) throw new Error("too few tenants");
      const domain = `tenant-2.${emulator.domain}`;
      const found = await emulator.request("/.well-known/openid-configuration", { domain });
      expect(found.json()).toMatchObject({ issuer: `https://${domain}/` });
      const token = await emulator.token({ access: { ...second, domain } });
      const custom = await emulator.request("/api/v2/keys/signing", { token, domain });
      expect(custom.status).toBe(200);
      const canonical = await emulator.request("/api/v2/keys/signing", { token, domain: second.domain });
      expect(canonical.status).toBe(401);
      const nobody = await emulator.request("/pem", {
        domain: emulator.domain,
        headers: { host: `tenant-9.${emulator.domain}` },
      });
      expect([nobody.status, nobody.text]).toEqual([404, "Unknown host: tenant-9.localhost\n"]);
    } finally {
      await emulator.stop();
    }
  });
});

/** A free port after which another free one follows. */
async function freePair(): Promise<number> {
  const listen = async (port: number): Promise<Server> => {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  for (;;) {
    const first = await listen(0);
    const { port } = first.address() as AddressInfo;
    const second = await listen(port + 1).catch(() => undefined);
    for (const server of [first, second]) {
      server?.close();
      if (server !== undefined) await once(server, "close");
    }
    if (second !== undefined) return port;
  }
}

test("the control API answers to loopback names only", async () => {
  const emulator = await startEmulator();
  try {
    const { hostname, port } = new URL(emulator.controlUrl);
    const { stdout } = await run(process.execPath, [
      "-e",
      `require("http").get({ host: "${hostname}", port: ${port}, path: "/tenants", headers: { host: "evil.example" } },
        (answer) => console.log(answer.resume().statusCode))`,
    ]);
    expect(stdout).toBe("403\n");
    expect((await emulator.control("GET", "/nowhere")).status).toBe(404);
  } finally {
    await emulator.stop();
  }
});
