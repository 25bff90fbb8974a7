import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { createInterface } from "node:readline";

/** The API that the emulator's tenants protect for demonstrations. */
const API_AUDIENCE = "https://api.example.com/";

/**
 * Starts the emulator and talks to its tenant as an application, an API and an operator would.
 * @param {string} root
 */
export async function startTenant(root) {
  const emulator = spawn(process.execPath, [path.join(root, "emulator/dist/main.js"), "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(emulator.stdout), "line");
  /** @type {{domain: string, audience: string, clientId: string, clientSecret: string, caFile: string, controlUrl: string}} */
  const access = JSON.parse(line);
  const ca = readFileSync(access.caFile);

  /** @returns {Promise<{status: number, body: any}>} */
  const request = (method, pathname, { headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const options = {
        method,
        ca,
        headers: { ...headers, ...(text && { "content-type": "application/json" }) },
      };
      const asked = https.request(`https://${access.domain}${pathname}`, options, (answer) => {
        let received = "";
        answer.on("data", (data) => (received += data));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(received) }));
      });
      asked.on("error", reject);
      asked.end(text);
    });

  const token = async (audience) => {
    const { clientId: client_id, clientSecret: client_secret } = access;
    const answer = await request("POST", "/oauth/token", {
      body: { grant_type: "client_credentials", client_id, client_secret, audience },
    });
    return answer.body.access_token;
  };
  const control = async (method, pathname, body) => {
    const answer = await fetch(`${access.controlUrl}${pathname}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return answer.json();
  };
  return {
    access,
    /** A token of an application for the demonstration API, with the kid that signed it. */
    async applicationToken() {
      const value = await token(API_AUDIENCE);
      return { value, kid: JSON.parse(Buffer.from(value.split(".")[0], "base64url").toString()).kid };
    },
    /** The status with which the demonstration API answers a token. */
    async presentToken({ value }) {
      return (await request("GET", "/demo/api", { headers: { authorization: `Bearer ${value}` } })).status;
    },
    async keys() {
      const authorization = `Bearer ${await token(access.audience)}`;
      return (await request("GET", "/api/v2/keys/signing", { headers: { authorization } })).body;
    },
    /** The effects on the ring so far, and how many requests there were. */
    async journal() {
      const entries = await control("GET", "/journal");
      return { requests: entries.length, effects: entries.filter((entry) => entry.effect) };
    },
    advanceClock: (advance) => control("POST", "/clock", { advance }),
    async stop() {
      const ended = once(emulator, "exit");
      emulator.kill("SIGTERM");
      await ended;
    },
  };
}
