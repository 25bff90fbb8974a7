import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BINARY_NAMES, findExecutable, inspect } from "./binaries.mjs";
import { lastLines, run, startProgress } from "./run.mjs";
import { ENGINE_VERSION } from "./version.mjs";

const OFFICIAL_URL = "https://get.pulumi.com/releases/sdk";
const ANSWER_TIMEOUT_SECONDS = 8;
const STALL_TIMEOUT_SECONDS = 30;

/** @type {Record<string, string>} */
const OS_NAMES = { linux: "linux", darwin: "darwin", win32: "windows" };

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} the address of the folder that holds the releases
 */
export function releasesUrl(env) {
  return (env["PULUMI_AUTH0_SIGNING_KEYS_ENGINE_URL"] || OFFICIAL_URL).replace(/\/+$/, "");
}

/**
 * Downloads the official release, checks it against its published SHA-256 and unpacks it.
 *
 * @param {string} folder an empty one, which then holds the binaries
 * @param {{env: NodeJS.ProcessEnv, log: import("./run.mjs").Log}} context
 * @returns {Promise<import("./cache.mjs").Origin>}
 * @throws {Error} whose message says what was tried and seen
 */
export async function downloadEngine(folder, { env, log }) {
  const os = OS_NAMES[process.platform];
  if (os === undefined || !["x64", "arm64"].includes(process.arch)) {
    throw new Error(`Pulumi publishes no release for ${process.platform}-${process.arch}`);
  }
  const archive = `pulumi-v${ENGINE_VERSION}-${os}-${process.arch}.${os === "windows" ? "zip" : "tar.gz"}`;
  const url = `${releasesUrl(env)}/${archive}`;
  const expected = await publishedChecksum(
    `${releasesUrl(env)}/pulumi-${ENGINE_VERSION}-checksums.txt`,
    archive,
  );
  const file = join(folder, archive);
  const actual = await save(url, file, log);
  if (actual !== expected) {
    throw new Error(`${url}: its SHA-256 is ${actual}, but ${expected} is published; thrown away`);
  }
  await unpack(file, folder, env);
  const pulumi = await findExecutable("pulumi", [folder]);
  if (pulumi === undefined) throw new Error(`${url}: it holds no pulumi`);
  const installation = await inspect(pulumi, [], env);
  if (typeof installation === "string") throw new Error(`${url}: ${installation}`);
  const origin = { version: ENGINE_VERSION, from: url };
  return { source: "download", binaries: Object.fromEntries(BINARY_NAMES.map((name) => [name, origin])) };
}

/**
 * @param {string} url
 * @param {string} archive
 */
async function publishedChecksum(url, archive) {
  const { response, stop } = await request(url);
  const text = await response.text().finally(stop);
  const line = text.split("\n").find((each) => each.trim().split(/\s+\*?/)[1] === archive);
  const checksum = line?.trim().split(/\s/)[0] ?? "";
  if (!/^[0-9a-f]{64}$/.test(checksum)) throw new Error(`${url}: it lists no SHA-256 of ${archive}`);
  return checksum;
}

/**
 * @param {string} url
 * @param {string} file
 * @param {import("./run.mjs").Log} log
 * @returns {Promise<string>} the SHA-256 of what was saved
 */
async function save(url, file, log) {
  const { response, stop, alive } = await request(url);
  const total = Number(response.headers.get("content-length") ?? 0);
  const hash = createHash("sha256");
  let received = 0;
  const stopProgress = startProgress({ label: `downloading ${url}`, log }, () =>
    total > 0 ? `${Math.floor((100 * received) / total)} % of ${megabytes(total)}` : megabytes(received),
  );
  try {
    const body = Readable.fromWeb(/** @type {import("node:stream/web").ReadableStream} */ (response.body));
    body.on("data", (chunk) => {
      alive();
      received += chunk.length;
      hash.update(chunk);
    });
    await pipeline(body, createWriteStream(file));
  } catch (error) {
    throw new Error(`${url}: broke off after ${megabytes(received)}: ${because(error)}`, { cause: error });
  } finally {
    stopProgress();
    stop();
  }
  return hash.digest("hex");
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * A request that fails soon where the network is closed, and during the transfer once nothing comes any more.
 *
 * @param {string} url
 */
async function request(url) {
  const controller = new globalThis.AbortController();
  /** @param {number} seconds */
  const abortAfter = (seconds) =>
    setTimeout(() => controller.abort(new Error(`no answer for ${seconds} s`)), seconds * 1000);
  let timer = abortAfter(ANSWER_TIMEOUT_SECONDS);
  const stop = () => clearTimeout(timer);
  const alive = () => {
    stop();
    timer = abortAfter(STALL_TIMEOUT_SECONDS);
  };
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    alive();
    return { response, stop, alive };
  } catch (error) {
    stop();
    throw new Error(`${url}: ${because(error)}`, { cause: error });
  }
}

/**
 * `fetch` says only "fetch failed"; what failed stands in the cause.
 *
 * @param {unknown} error
 * @returns {string}
 */
function because(error) {
  if (!(error instanceof Error)) return String(error);
  const code = /** @type {NodeJS.ErrnoException} */ (error).code;
  if (error.cause !== undefined) return because(error.cause);
  return error.message || code || error.name;
}

/**
 * @param {string} file
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 */
async function unpack(file, folder, env) {
  const unpacked = join(folder, "unpacked");
  await mkdir(unpacked);
  const finished = await run("tar", ["-xf", file, "-C", unpacked], { env });
  if (finished.code !== 0) throw new Error(`${file}: tar could not unpack it: ${lastLines(finished, 2)}`);
  // Everything stands in `pulumi`, on Windows in `pulumi/bin`.
  const inner = [join(unpacked, "pulumi", "bin"), join(unpacked, "pulumi")];
  const found = await findExecutable("pulumi", inner);
  const source = found?.startsWith(inner[0] ?? "") ? inner[0] : inner[1];
  for (const name of await readdir(source ?? unpacked).catch(() => [])) {
    await rename(join(source ?? unpacked, name), join(folder, name));
  }
  await rm(unpacked, { recursive: true });
  await rm(file);
}
