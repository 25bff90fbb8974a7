import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { createHttpsClient } from "./httpsClient.mjs";

/** The API that the emulator's tenants protect for demonstrations. */
export const API_AUDIENCE = "https://api.example.com/";

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
  const request = createHttpsClient(readFileSync(access.caFile));

  const ask = async (method, pathname, options) => {
    const { status, text } = await request(method, `https://${access.domain}${pathname}`, options);
    return { status, body: JSON.parse(text) };
  };
  const token = async (audience) => {
    const { clientId: client_id, clientSecret: client_secret } = access;
    const answer = await ask("POST", "/oauth/token", {
      body: { grant_type: "client_credentials", client_id, client_secret, audience },
    });
    return answer.body.access_token;
  };
  const control = async (method, pathname, body) => {
    const answer = await fetch(`${access.controlUrl}${pathname}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    if (!answer.ok) throw new Error(`${method} ${pathname}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    access,
    /** A token of an application for the demonstration API, with the kid that signed it and its expiry, in milliseconds. */
    async applicationToken() {
      const value = await token(API_AUDIENCE);
      const [header, payload] = value
        .split(".", 2)
        .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
      return { value, kid: header.kid, expiresAt: payload.exp * 1000 };
    },
    /** The status with which the demonstration API answers a token. */
    async presentToken({ value }) {
      return (await ask("GET", "/demo/api", { headers: { authorization: `Bearer ${value}` } })).status;
    },
    async keys() {
      const authorization = `Bearer ${await token(access.audience)}`;
      return (await ask("GET", "/api/v2/keys/signing", { headers: { authorization } })).body;
    },
    /** The effects on the ring so far, and how many requests there were. */
    async journal() {
      const entries = await control("GET", "/journal");
      return { requests: entries.length, effects: entries.filter((entry) => entry.effect) };
    },
    advanceClock: (advance) => control("POST", "/clock", { advance }),
    /** How long access tokens for the demonstration API live from now on. */
    setTokenLifetime: (seconds) =>
      control("PUT", `/tenants/${access.domain}/lifetimes`, {
        accessTokenSeconds: seconds,
        accessTokenForWebSeconds: seconds,
      }),
    /** What a browser would post to a service provider after a login. */
    async samlResponse(acsUrl, audience) {
      const answer = await control("POST", `/tenants/${access.domain}/saml-response`, { acsUrl, audience });
      return answer.samlResponse;
    },
    async stop() {
      const ended = once(emulator, "exit");
      emulator.kill("SIGTERM");
      await ended;
    },
  };
}
