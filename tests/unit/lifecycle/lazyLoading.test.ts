import { spawnSync } from "node:child_process";
import path from "node:path";

jest.setTimeout(30_000);

const packageFolder = path.join(__dirname, "../../..");

/** What a process that calls the built lifecycle has loaded and opened. */
interface Observed {
  /** URLs of every module, CommonJS or ES. */
  modules: string[];
  /** Every attempt to reach something, by its function. */
  connections: string[];
  answers: unknown[];
}

/**
 * Runs a call of the built lifecycle in a process of its own and looks at what it loads and opens.
 * A CommonJS module shows in `Module._load`, an ES module in a resolve hook, a connection where a socket is made.
 */
function observe(calls: string): Observed {
  const script = `
    const Module = require("node:module");
    const { MessageChannel } = require("node:worker_threads");
    const { setTimeout: pause } = require("node:timers/promises");
    const modules = [], connections = [], answers = [];

    const resolveFilename = Module._resolveFilename;
    Module._resolveFilename = function (...args) {
      const file = resolveFilename.apply(this, args);
      modules.push(file);
      return file;
    };
    const hook = \`
      let port;
      export const initialize = (data) => { port = data; };
      export const resolve = async (specifier, context, next) => {
        const resolved = await next(specifier, context);
        port.postMessage(resolved.url);
        return resolved;
      };\`;
    const { port1, port2 } = new MessageChannel();
    port1.on("message", (url) => modules.push(url));
    port1.unref();
    Module.register("data:text/javascript," + encodeURIComponent(hook), { data: port2, transferList: [port2] });

    const watch = (object, name) => {
      const original = object[name];
      object[name] = function (...args) {
        connections.push(name);
        return original.apply(this, args);
      };
    };
    const net = require("node:net");
    watch(net.Socket.prototype, "connect");
    watch(require("node:dns"), "lookup");
    watch(globalThis, "fetch");

    (async () => {
      const { rotation, intent } = require("pulumi-auth0-signing-keys/provider");
      const values = { "auth0:domain": "acme.invalid", "auth0:clientId": "app", "auth0:clientSecret": "s3cr3t" };
      const config = { get: (key) => values[key] };
      rotation.configure({ config });
      intent.configure({ config });
      ${calls}
      // The hook reports from a thread of its own: a module of which it is known comes last.
      await import("data:text/javascript,//last");
      while (!modules.some((name) => name.endsWith("//last"))) await pause(1);
      process.stderr.write(JSON.stringify({ modules, connections, answers }), () => process.exit());
    })();
  `;
  const { stderr, status } = spawnSync(process.execPath, ["-e", script], {
    cwd: packageFolder,
    encoding: "utf8",
    env: {},
    timeout: 20_000,
  });
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringMatching(/^\{/) as string });
  return JSON.parse(stderr) as Observed;
}

/** The packages among modules, by name. */
function packagesAmong(modules: readonly string[]): Set<string> {
  return new Set(
    modules.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(decodeURIComponent(name))?.[1] ?? []),
  );
}

const KEY = JSON.stringify({ kid: "current", certificate: "", fingerprint: "", thumbprint: "" });
const STATE = `{ domain: "acme.invalid", generation: 4, kids: ["current"], baselines: [], retired: [], pending: [],
  previousKeys: [], revocable: [], foreign: [], revokePrevious: false, currentKey: ${KEY}, observedAt: "2026-03-10T12:00:00.000Z" }`;

test.each([
  ["check and diff without a change", "{ generation: 4 }", { changes: false }],
  ["check and diff of a raise", "{ generation: 5 }", { changes: true }],
])("%s load neither the SDK nor jose, and open no connection", (_, news, diff) => {
  const { modules, connections, answers } = observe(`
    for (const lifecycle of [intent, rotation]) {
      answers.push(await lifecycle.check({ generation: 4 }, ${news}));
      answers.push(await lifecycle.diff("acme.invalid", ${STATE}, ${news}));
    }
  `);
  expect(answers).toEqual([
    expect.objectContaining({ failures: [] }),
    diff,
    expect.objectContaining({ failures: [] }),
    diff,
  ]);
  expect([...packagesAmong(modules)].sort()).toEqual(["ms", "valibot"]);
  expect(connections).toEqual([]);
});

test("this observation sees the SDK, jose and a connection once there is a request", () => {
  const { modules, connections } = observe(`
    const tenant = { domain: "127.0.0.1:65535", apiToken: "a.b.c" };
    intent.create({ generation: 0, tenant }).catch(() => undefined);
    while (!connections.includes("connect")) await pause(1);
  `);
  expect([...packagesAmong(modules)]).toEqual(expect.arrayContaining(["auth0", "jose"]));
  expect(connections).toEqual(["fetch", "connect"]);
});
