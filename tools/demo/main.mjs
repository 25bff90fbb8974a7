/**
 * `npm run demo`: a tenant's signing keys are rotated and revoked with real parts on this machine alone.
 * Everything for people goes to standard error with --json, so that standard output holds one line of JSON.
 */
import { fileURLToPath } from "node:url";
import { createProject } from "./project.mjs";
import { openStory, readFlags } from "./story.mjs";
import { startTenant } from "./tenant.mjs";

const HELP = `npm run demo [-- --json]

Rotates and revokes the signing keys of an emulated Auth0 tenant with a real Pulumi engine,
and shows at each step which tokens are accepted. Talks to this machine alone.

  --json   print {"ok", "seconds", "steps": [{"name", "ok", …}]} on standard output, the story on standard error
  --help   this text

Exit code 0 only if every step did what it says.`;

const OWN_TENANT = `
Your own tenant
  1. In the Auth0 Dashboard, create a machine-to-machine application, authorised for the Auth0 Management API
     with the scopes read:signing_keys, create:signing_keys and update:signing_keys.
  2. pulumi stack init production
     pulumi config set auth0:domain YOUR_TENANT.eu.auth0.com
     pulumi config set auth0:clientId YOUR_CLIENT_ID
     pulumi config set --secret auth0:clientSecret
  3. pulumi config set generation 0 && pulumi up     adopts the keys as they are: nothing is written to Auth0
     pulumi config set generation 1 && pulumi up     rotates once
  README.md says what happens to tokens and who breaks when. Pinned certificates break at the rotation.
`;

const flags = readFlags(HELP);
const root = fileURLToPath(new URL("../..", import.meta.url));
const story = await openStory({ json: flags.json });
const { say, step, steps, engineDir, log } = story;
const { bold, green, red } = story.colours;
const { default: Table } = await import("cli-table3");

const start = Date.now();
const tenant = await startTenant(root);
const { domain, clientId, clientSecret, caFile } = tenant.access;
const project = await createProject({ root, example: "quickstart", engineDir, caFile, log });
process.once("SIGINT", () => void finish().then(() => process.exit(130)));

async function finish() {
  await project.remove();
  await tenant.stop();
}

async function showRing() {
  const table = new Table({
    head: ["kid", "state", "since", "until", "revoked"],
    style: { head: [], border: [] },
  });
  const day = (date) => (typeof date === "string" && date !== "" ? date.slice(0, 19).replace("T", " ") : "");
  for (const key of await tenant.keys()) {
    const state = key.current
      ? green("current")
      : key.next
        ? "next"
        : key.revoked
          ? red("revoked")
          : "previous";
    table.push([key.kid, state, day(key.current_since), day(key.current_until), day(key.revoked_at)]);
  }
  say(table.toString().replace(/^/gm, "   "));
}

const pulumi = (args, expected) => story.pulumi(project, args, expected);
const up = ["up", "--yes", "--skip-preview"];
const set = (key, value, ...options) => project.pulumi(["config", "set", key, String(value), ...options]);

try {
  say(bold(`\nAn Auth0 tenant at https://${domain}, emulated on this machine: real keys, tokens and TLS`));
  await step("The tenant's key ring, and a token that its current key signed", async () => {
    await showRing();
    return { checks: {} };
  });
  const oldToken = await tenant.applicationToken();
  const acceptedAtFirst = await tenant.presentToken(oldToken);

  await step("pulumi up at generation 1: rotate", async () => {
    await project.pulumi(["stack", "init", "demo"]);
    await set("auth0:domain", domain);
    await set("auth0:clientId", clientId);
    await project.pulumi(["config", "set", "--secret", "auth0:clientSecret"], { input: clientSecret });
    await set("generation", 1);
    const { code } = await pulumi(up);
    await showRing();
    const { effects } = await tenant.journal();
    return {
      retired: oldToken.kid,
      checks: {
        "the update succeeded": code === 0,
        "the tenant's keys were rotated once": effects.length === 1 && effects[0].effect === "rotate",
        "the key that was current is retired": effects[0]?.kid === oldToken.kid,
      },
    };
  });

  const newToken = await tenant.applicationToken();
  await step("Both tokens are accepted: nobody is logged out by a rotation", async () => ({
    checks: {
      [`the old token (${oldToken.kid}) was accepted before`]: acceptedAtFirst === 200,
      [`the old token (${oldToken.kid}) is accepted`]: (await tenant.presentToken(oldToken)) === 200,
      [`a new token is signed by another key (${newToken.kid}) and accepted`]:
        newToken.kid !== oldToken.kid && (await tenant.presentToken(newToken)) === 200,
    },
  }));

  await step("revokePrevious: the preview says what it would do, and does nothing", async () => {
    await set("revokePrevious", true);
    const before = await tenant.journal();
    const { code, said } = await pulumi(["preview"]);
    const after = await tenant.journal();
    return {
      checks: {
        "the preview names the key to be revoked": code === 0 && said.includes(`revoke ${oldToken.kid}`),
        "it made no request": after.requests === before.requests,
      },
    };
  });

  await step("pulumi up: revoke", async () => {
    const { code } = await pulumi(up);
    await showRing();
    const { effects } = await tenant.journal();
    return {
      revoked: oldToken.kid,
      checks: {
        "the update succeeded": code === 0,
        "exactly the retired key was revoked":
          effects.length === 2 && effects[1].effect === "revoke" && effects[1].kid === oldToken.kid,
        "the old token is refused": (await tenant.presentToken(oldToken)) === 401,
        "the new one is accepted": (await tenant.presentToken(newToken)) === 200,
      },
    };
  });

  await step("pulumi up again: nothing to do", async () => {
    const before = await tenant.journal();
    const { code, output } = await pulumi([...up, "--expect-no-changes"]);
    const after = await tenant.journal();
    return {
      checks: {
        "nothing changed": code === 0 && /3 unchanged/.test(output),
        "it made no request": after.requests === before.requests,
      },
    };
  });

  await step("The flag off and on again: nothing is revoked", async () => {
    await set("revokePrevious", false);
    const off = await pulumi(up);
    await set("revokePrevious", true);
    const on = await pulumi(up);
    const { effects } = await tenant.journal();
    return {
      checks: {
        "both updates succeeded": off.code === 0 && on.code === 0,
        "nothing was written to the tenant": effects.length === 2,
      },
    };
  });

  await step("generation 2 with the flag left on: refused, for it would log everybody out", async () => {
    await set("generation", 2);
    // A key younger than minKeyAge (an hour) would not be retired either: the refusal is to be the flag's alone.
    await tenant.advanceClock("2h");
    const { code, said } = await pulumi(up, 1);
    const { effects } = await tenant.journal();
    return {
      checks: {
        "the update was refused": code !== 0,
        "with both ways out": said.includes("gracePeriod") && said.includes("revokeNow"),
        "nothing was written to the tenant": effects.length === 2,
        "the token in use is still accepted": (await tenant.presentToken(newToken)) === 200,
      },
    };
  });
} finally {
  await finish();
}

const ok = steps.every((done) => done.ok);
const seconds = Math.round((Date.now() - start) / 100) / 10;
if (ok) say(OWN_TENANT);
say(
  ok
    ? green(`All ${steps.length} steps did what they say, in ${seconds} s.`)
    : red("Not every step did what it says."),
);
if (flags.json) console.log(JSON.stringify({ ok, seconds, steps }));
process.exitCode = ok ? 0 : 1;
