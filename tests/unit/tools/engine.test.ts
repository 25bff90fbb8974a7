import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import path from "node:path";
import { checkout, runNode, Sandbox, type Ended } from "./sandbox";

const platform = `${process.platform}-${process.arch}`;
const archiveName = `pulumi-v3.259.0-${platform}.tar.gz`;
const checksumsName = "pulumi-3.259.0-checksums.txt";
// The discard service's port, which fetch refuses to connect to.
const nowhere = "http://127.0.0.1:9";

interface Found {
  readonly dir: string;
  readonly version: string;
  readonly source: string;
  readonly binaries: readonly { name: string; path: string; version?: string; from: string }[];
}

// A process takes a fraction of a second to start, and longer on a machine that is busy with other tests.
jest.setTimeout(60_000);

let sandbox: Sandbox;
let path_: string[];
let releasesUrl: string;

beforeEach(() => {
  sandbox = new Sandbox();
  // A Go that is too old keeps a real one of this machine out of the tests.
  sandbox.script("go-bin", "go", "echo go1.22.1");
  path_ = [path.join(sandbox.folder, "go-bin")];
  releasesUrl = nowhere;
});

afterEach(() => {
  sandbox.remove();
});

function cacheFolder(): string {
  return path.join(sandbox.folder, "cache");
}

function engineFolder(): string {
  return path.join(cacheFolder(), "engine", `3.259.0-${platform}`);
}

function engine(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runNode(path.join(checkout, "tools/engine/main.mjs"), args, {
    PATH: path_.join(path.delimiter),
    HOME: path.join(sandbox.folder, "home"),
    PULUMI_AUTH0_SIGNING_KEYS_CACHE: cacheFolder(),
    PULUMI_AUTH0_SIGNING_KEYS_ENGINE_URL: releasesUrl,
    ...env,
  });
}

async function find(): Promise<Found> {
  const ended = await engine(["--json"]);
  expect(ended).toMatchObject({ code: 0 });
  return JSON.parse(ended.stdout) as Found;
}

async function refusal(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const ended = await engine([], env);
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  return ended.stderr.slice(ended.stderr.indexOf("no Pulumi engine"));
}

describe("an engine on PATH", () => {
  test("is taken when its plugins stand beside it", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    path_.push(dir);
    expect(await find()).toEqual({
      dir,
      version: "3.210.0",
      source: "PATH",
      binaries: [
        { name: "pulumi", path: path.join(dir, "pulumi"), version: "3.210.0", from: "PATH" },
        { name: "pulumi-language-nodejs", path: path.join(dir, "pulumi-language-nodejs"), from: "PATH" },
        {
          name: "pulumi-resource-pulumi-nodejs",
          path: path.join(dir, "pulumi-resource-pulumi-nodejs"),
          from: "PATH",
        },
      ],
    });
    expect(existsSync(cacheFolder())).toBe(false);
  });

  test("is taken when its plugins stand in another folder of PATH", async () => {
    path_.push(sandbox.engine("plugins", "v3.210.0"), sandbox.directory("installed"));
    rmSync(path.join(sandbox.folder, "plugins", "pulumi"));
    sandbox.script("installed", "pulumi", "echo v3.210.0");
    expect(await find()).toMatchObject({ dir: path.join(sandbox.folder, "installed"), source: "PATH" });
  });

  test("is taken when it is a link, and its plugins stand beside what it points to", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    const links = sandbox.directory("links", [path.join(dir, "pulumi")]);
    path_.push(links);
    const { binaries } = await find();
    expect(binaries.map((binary) => path.dirname(binary.path))).toEqual([links, dir, dir]);
  });

  test.each(["v3.200.0", "3.300.1-dev.0"])("of version %s is taken", async (version) => {
    path_.push(sandbox.engine("installed", version));
    expect(await find()).toMatchObject({ version: version.replace(/^v/, ""), source: "PATH" });
  });

  test.each([
    ["v3.199.9", "it is v3.199.9, older than 3.200.0"],
    ["v3.200.0-alpha.1", "it is v3.200.0-alpha.1, older than 3.200.0"],
    ["v2.300.0", "it is v2.300.0, and only major version 3 is supported"],
    ["v4.0.0", "it is v4.0.0, and only major version 3 is supported"],
    ["unknown", 'its version reads "unknown", which is no version'],
  ])("of version %s is refused", async (version, reason) => {
    const dir = sandbox.engine("installed", version);
    path_.push(dir);
    expect(await refusal()).toContain(`1. PATH: ${dir}/pulumi cannot be used: ${reason}\n`);
  });

  test("without a language host is refused", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    rmSync(path.join(dir, "pulumi-language-nodejs"));
    path_.push(dir);
    expect(await refusal()).toContain(
      `1. PATH: ${dir}/pulumi has no pulumi-language-nodejs beside it or on PATH\n`,
    );
  });

  test("that fails is refused with what it said", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    sandbox.script("installed", "pulumi", "echo no such luck >&2; exit 3");
    path_.push(dir);
    expect(await refusal()).toContain(`1. PATH: \`${dir}/pulumi version\` failed: no such luck\n`);
  });
});

describe("the cache", () => {
  const userFolder = process.platform === "darwin" ? "home/Library/Caches" : "home/.cache";

  test.each([
    ["XDG_CACHE_HOME, if set", () => path.join(sandbox.folder, "xdg"), "xdg"],
    ["the user's cache folder, if XDG_CACHE_HOME is relative", () => "xdg", userFolder],
    ["the user's cache folder, if nothing is set", () => "", userFolder],
  ])("is in %s", async (_name, xdg, parent) => {
    const cache = path.join(sandbox.folder, parent, "pulumi-auth0-signing-keys");
    expect(await refusal({ PULUMI_AUTH0_SIGNING_KEYS_CACHE: "", XDG_CACHE_HOME: xdg() })).toContain(
      `2. cache: ${cache}/engine/3.259.0-${platform} does not exist\n`,
    );
  });

  test("that is incomplete is refused", async () => {
    mkdirSync(engineFolder(), { recursive: true });
    expect(await refusal()).toContain(`2. cache: ${engineFolder()} holds no readable engine.json\n`);
  });

  test("that cannot be written is refused with the remedy", async () => {
    writeFileSync(cacheFolder(), "a file, not a folder");
    expect(await refusal()).toMatch(/the cache .* cannot be written .* PULUMI_AUTH0_SIGNING_KEYS_CACHE/);
  });
});

describe("the official download", () => {
  let server: Server;
  let requests: string[];
  let archive: Buffer;
  let checksums: string;

  beforeEach(async () => {
    path_.push(sandbox.directory("programs", programs("tar", "gzip")));
    archive = packed(sandbox.engine("release/pulumi", "v3.259.0"));
    checksums = `${"0".repeat(64)}  pulumi-v3.259.0-plan9-x64.tar.gz\n${sha256(archive)}  ${archiveName}\n`;
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.url ?? "");
      if (request.url === `/${checksumsName}`) response.end(checksums);
      else if (request.url === `/${archiveName}`) response.end(archive);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    releasesUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  function packed(dir: string): Buffer {
    const file = path.join(sandbox.folder, "release.tar.gz");
    execFileSync("tar", ["-czf", file, "-C", path.dirname(dir), "pulumi"]);
    return readFileSync(file);
  }

  function lock(pid: number): void {
    mkdirSync(`${engineFolder()}.lock`, { recursive: true });
    const owner = { token: "another", pid, host: hostname() };
    writeFileSync(path.join(`${engineFolder()}.lock`, "owner"), JSON.stringify(owner));
  }

  test("is checked, unpacked, and kept: the second time there is no request", async () => {
    const first = await find();
    expect(first).toMatchObject({ dir: engineFolder(), version: "3.259.0", source: "download" });
    expect(new Set(first.binaries.map((binary) => binary.from))).toEqual(
      new Set([`${releasesUrl}/${archiveName}`]),
    );
    expect(requests).toEqual([`/${checksumsName}`, `/${archiveName}`]);
    expect(await find()).toEqual(first);
    expect(requests).toHaveLength(2);
    expect(readdirSync(path.join(cacheFolder(), "engine"))).toEqual([path.basename(engineFolder())]);
  });

  test("happens once when two ask at once", async () => {
    const both = await Promise.all([find(), find()]);
    expect(both[0]).toEqual(both[1]);
    expect(requests).toHaveLength(2);
  });

  test("replaces a cache that is incomplete", async () => {
    mkdirSync(engineFolder(), { recursive: true });
    expect(await find()).toMatchObject({ dir: engineFolder(), source: "download" });
  });

  test("goes ahead when a process died with the lock", async () => {
    const dead = Number(execFileSync("/bin/sh", ["-c", "echo $$"], { encoding: "utf8" }));
    lock(dead);
    expect(await find()).toMatchObject({ source: "download" });
    expect(existsSync(`${engineFolder()}.lock`)).toBe(false);
  });

  test("waits while a living process holds the lock, and says so", async () => {
    lock(process.pid);
    setTimeout(() => {
      rmSync(`${engineFolder()}.lock`, { recursive: true });
    }, 3000);
    const ended = await engine(["--path"]);
    expect(ended).toMatchObject({ code: 0, stdout: `${engineFolder()}\n` });
    expect(ended.stderr).toContain("waiting for another process that is getting the engine … 2 s");
  });

  test("is thrown away when it is not what was published", async () => {
    const published = sha256(archive);
    archive = Buffer.concat([archive, Buffer.from("x")]);
    const url = `${releasesUrl}/${archiveName}`;
    expect(await refusal()).toContain(
      `3. official download: ${url}: its SHA-256 is ${sha256(archive)}, but ${published} is published; thrown away\n`,
    );
    expect(readdirSync(path.join(cacheFolder(), "engine"))).toEqual([]);
  });

  test("is refused when no checksum of it is published", async () => {
    checksums = `${sha256(archive)}  pulumi-v3.259.0-plan9-x64.tar.gz\n`;
    expect(await refusal()).toContain(`${checksumsName}: it lists no SHA-256 of ${archiveName}\n`);
    expect(requests).toHaveLength(1);
  });

  test("is refused when it holds no working engine", async () => {
    const dir = sandbox.engine("release/pulumi", "v3.259.0");
    rmSync(path.join(dir, "pulumi-language-nodejs"));
    archive = packed(dir);
    checksums = `${sha256(archive)}  ${archiveName}\n`;
    expect(await refusal()).toContain("has no pulumi-language-nodejs beside it or on PATH\n");
  });

  test("is refused with the status when the address is wrong", async () => {
    releasesUrl += "/elsewhere/";
    expect(await refusal()).toContain(`/elsewhere/${checksumsName}: status 404\n`);
  });

  test("that can't be reached fails at once", async () => {
    await new Promise((resolve) => server.close(resolve));
    const startedAt = Date.now();
    expect(await refusal()).toMatch(/3\. official download: .*: connect ECONNREFUSED 127\.0\.0\.1/);
    expect(Date.now() - startedAt).toBeLessThan(8000);
  });
});

describe("the Go build", () => {
  beforeEach(() => {
    path_.push(sandbox.directory("programs", programs("chmod")));
  });

  test("is made when nothing else is there, and kept", async () => {
    sandbox.script("go-bin", "go", fakeGo);
    const ended = await engine(["--json"], { GO_MODULE: goModule() });
    expect(ended).toMatchObject({ code: 0 });
    const found = JSON.parse(ended.stdout) as Found;
    expect(found).toMatchObject({ dir: engineFolder(), version: "3.259.0", source: "go build" });
    expect(found.binaries.map(({ name, version, from }) => [name, version, from])).toEqual([
      ["pulumi", "3.259.0", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
      [
        "pulumi-language-nodejs",
        "3.68.0",
        "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      ],
      ["pulumi-resource-pulumi-nodejs", "3.259.0", "github.com/pulumi/pulumi/sdk/v3/nodejs/dist"],
    ]);
    rmSync(path.join(sandbox.folder, "go-bin"), { recursive: true });
    expect(await find()).toEqual(found);
  });

  test("that fails is refused with what Go said", async () => {
    const body = 'if [ "$1" = env ]; then echo go1.26.0; else echo "proxy: 403 Forbidden" >&2; exit 1; fi';
    sandbox.script("go-bin", "go", body);
    expect(await refusal()).toContain(
      "4. Go build: go build github.com/pulumi/pulumi/pkg/v3/cmd/pulumi failed:\n     proxy: 403 Forbidden\n",
    );
    expect(readdirSync(path.join(cacheFolder(), "engine"))).toEqual([]);
  });

  test("needs a Go that is new enough", async () => {
    expect(await refusal()).toContain(
      `4. Go build: ${path.join(sandbox.folder, "go-bin", "go")} is Go 1.22.1, older than 1.24.0\n`,
    );
  });
});

describe("what programs in other languages need", () => {
  const names = ["pulumi-language-yaml", "pulumi-language-python", "pulumi-language-go"];

  beforeEach(() => {
    sandbox.script("python-bin", "python3", "");
    path_.push(path.join(sandbox.folder, "python-bin"));
  });

  function hosts(directory: string): string {
    for (const name of names) sandbox.script(directory, name, "");
    return path.join(sandbox.folder, directory);
  }

  /** An engine that was built by Go and cached before anybody asked for these. */
  async function cachedBuild(): Promise<void> {
    path_.push(sandbox.directory("programs", programs("chmod")));
    sandbox.script("go-bin", "go", fakeGo);
    expect(await engine([], { GO_MODULE: goModule(), GO_BUILDS: goBuilds() })).toMatchObject({ code: 0 });
    expect(built()).toEqual(["pulumi", "pulumi-language-nodejs"]);
  }

  function goBuilds(): string {
    return path.join(sandbox.folder, "go-builds");
  }

  /** What was built by Go, in order. */
  function built(): string[] {
    return readFileSync(goBuilds(), "utf8").trimEnd().split("\n");
  }

  function withLanguages(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return engine(["--languages", "--json"], { GO_MODULE: goModule(), GO_BUILDS: goBuilds(), ...env });
  }

  function others({ stdout }: Ended): Found["binaries"] {
    return (JSON.parse(stdout) as Found).binaries.slice(3);
  }

  test("is not looked for unless it is asked for", async () => {
    path_.push(sandbox.engine("installed", "v3.210.0"), hosts("hosts"));
    expect((await find()).binaries).toHaveLength(3);
  });

  test("is taken from beside an engine on PATH, or from another folder of PATH", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    path_.push(dir, hosts("hosts"));
    sandbox.script("installed", "pulumi-language-yaml", "");
    const ended = await withLanguages();
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(others(ended)).toEqual([
      { name: names[0], path: path.join(dir, "pulumi-language-yaml"), from: "PATH" },
      { name: names[1], path: path.join(sandbox.folder, "hosts/pulumi-language-python"), from: "PATH" },
      { name: names[2], path: path.join(sandbox.folder, "hosts/pulumi-language-go"), from: "PATH" },
    ]);
  });

  test("may be missing beside an engine on PATH, which can be used nevertheless", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    path_.push(dir);
    const ended = await engine(["--languages", "--path"]);
    expect(ended).toMatchObject({ code: 1, stdout: `${dir}\n` });
    expect(ended.stderr).toBe(
      names.map((name) => `engine: no ${name}: none in ${dir} or on PATH\n`).join(""),
    );
    expect(existsSync(cacheFolder())).toBe(false);
  });

  test("is built into an engine that was built before, and kept", async () => {
    await cachedBuild();
    const ended = await withLanguages();
    expect(ended).toMatchObject({ code: 0 });
    expect(others(ended).map(({ name, version, from }) => [name, version, from])).toEqual([
      [names[0], "1.38.0", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"],
      [names[1], "3.68.0", "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"],
      [names[2], "3.65.0", "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"],
    ]);
    expect(built().slice(2)).toEqual(names);
    expect(readdirSync(path.join(cacheFolder(), "engine"))).toEqual([path.basename(engineFolder())]);
    expect(readdirSync(engineFolder())).toContain("pulumi-language-python-exec");
    expect(await withLanguages()).toEqual({ ...ended, stderr: "" });
    expect(built()).toHaveLength(5);
  });

  test("is built once when two ask at once", async () => {
    await cachedBuild();
    const [one, other] = await Promise.all([withLanguages(), withLanguages()]);
    expect(one.code).toBe(0);
    expect(one.stdout).toBe(other.stdout);
    expect(built()).toHaveLength(5);
  });

  test("is built into the cached engine when that is the one on PATH", async () => {
    await cachedBuild();
    path_.push(engineFolder());
    expect(await withLanguages()).toMatchObject({ code: 0 });
    expect(built().slice(2)).toEqual(names);
  });

  test("is built again when another version of it is cached", async () => {
    await cachedBuild();
    await withLanguages();
    const record = path.join(engineFolder(), "engine.json");
    writeFileSync(record, readFileSync(record, "utf8").replace('"1.38.0"', '"1.37.0"'));
    expect(others(await withLanguages())[0]).toMatchObject({ name: names[0], version: "1.38.0" });
    expect(built().slice(5)).toEqual([names[0]]);
  });

  test("is built as far as it can be: the rest is named with what Go said", async () => {
    await cachedBuild();
    const ended = await withLanguages({ GO_FAILS: "pulumi-language-python" });
    expect(ended).toMatchObject({ code: 1 });
    expect(others(ended).map(({ name }) => name)).toEqual([names[0], names[2]]);
    expect(ended.stderr).toContain(
      "engine: no pulumi-language-python: go build github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python failed:\nproxy: 403 Forbidden\n",
    );
    expect(readdirSync(path.join(cacheFolder(), "engine"))).toEqual([path.basename(engineFolder())]);
    expect(await withLanguages()).toMatchObject({ code: 0 });
  });

  test("is not built without the program that it starts", async () => {
    await cachedBuild();
    rmSync(path.join(sandbox.folder, "python-bin"), { recursive: true });
    const ended = await withLanguages();
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain("engine: no pulumi-language-python: no python3 on PATH\n");
    expect(built().slice(2)).toEqual([names[0], names[2]]);
  });

  test("is taken from a download that holds it", async () => {
    const dir = sandbox.engine(`cache/engine/3.259.0-${platform}`, "v3.259.0");
    hosts(`cache/engine/3.259.0-${platform}`);
    const url = "https://example.com/release.tar.gz";
    const record = { source: "download", binaries: { pulumi: { version: "3.259.0", from: url } } };
    writeFileSync(path.join(dir, "engine.json"), JSON.stringify(record));
    const ended = await withLanguages();
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(others(ended)).toEqual(names.map((name) => ({ name, path: path.join(dir, name), from: url })));
  });
});

describe("the command", () => {
  test("without an engine says what was tried and what helps", async () => {
    expect(await refusal()).toMatch(
      new RegExp(
        [
          `^no Pulumi engine for ${platform}\\. Tried:`,
          "  1\\. PATH: none of its 1 folders holds pulumi",
          "  2\\. cache: .* does not exist",
          "  3\\. official download: http://127\\.0\\.0\\.1:9/.*",
          "  4\\. Go build: .*",
          "Any one of these helps:",
          "  - install Pulumi 3\\.200\\.0 or newer .*",
          "  - let this machine reach 127\\.0\\.0\\.1:9, or name a mirror in PULUMI_AUTH0_SIGNING_KEYS_ENGINE_URL",
          "  - install Go .*\n$",
        ].join("\n"),
      ),
    );
  });

  test("--path prints the folder and nothing else", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    path_.push(dir);
    expect(await engine(["--path"])).toEqual({ code: 0, stdout: `${dir}\n`, stderr: "" });
  });

  test("without a flag prints where each binary came from", async () => {
    const dir = sandbox.engine("installed", "v3.210.0");
    path_.push(dir);
    const { stdout } = await engine();
    expect(stdout).toContain(`pulumi 3.210.0\n  ${dir}/pulumi\n  from PATH\n`);
  });

  test("--help prints the usage", async () => {
    expect(await engine(["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: /) as string,
    });
  });

  test.each([
    ["an unknown flag", ["--where"]],
    ["two kinds of output at once", ["--path", "--json"]],
  ])("refuses %s", async (_name, args) => {
    expect(await engine(args)).toMatchObject({ code: 2, stdout: "" });
  });
});

function programs(...names: readonly string[]): string[] {
  return names.map((name) =>
    execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(),
  );
}

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Stands in for `go`: writes a script where a binary is asked for. */
const fakeGo = `
case "$1" in
  env) echo go1.25.11 ;;
  list) echo "$GO_MODULE" ;;
  build)
    for last; do :; done
    name="\${last##*/}"
    if [ "$name" = "$GO_FAILS" ]; then echo "proxy: 403 Forbidden" >&2; exit 1; fi
    [ -z "$GO_BUILDS" ] || echo "$name" >> "$GO_BUILDS"
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho v3.259.0\\n' > "$2/$name"
    chmod +x "$2/$name" ;;
esac`;

/** Stands in for the folder of Pulumi's SDK in Go's module cache. */
function goModule(): string {
  for (const script of [
    "nodejs/dist/pulumi-resource-pulumi-nodejs",
    "python/cmd/pulumi-language-python-exec",
  ]) {
    sandbox.directory(path.join("module", path.dirname(script)));
    writeFileSync(path.join(sandbox.folder, "module", script), "#!/bin/sh\n");
  }
  return path.join(sandbox.folder, "module");
}
