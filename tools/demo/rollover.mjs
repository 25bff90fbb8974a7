/**
 * `npm run demo:rollover`: a tenant's keys are rolled over while applications and users are at work, once with
 * everything that guards against an outage, and once as it is done by hand. On this machine alone.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Load } from "./load.mjs";
import { createProject } from "./project.mjs";
import { startServices } from "./services.mjs";
import { openStory, readFlags } from "./story.mjs";
import { API_AUDIENCE, startTenant } from "./tenant.mjs";

const HELP = `npm run demo:rollover [-- --json]

Rolls the signing keys of an emulated Auth0 tenant over with examples/rollover and a real Pulumi engine, under load:
applications call an API that follows the JWKS (jose), users log in to a service provider with pinned certificates
(node-saml). Then the same as it is done by hand, rotate and revoke at once, to see what that breaks.

  --json   print {"requests", "refused", "withoutGuards": {"requests", "refused"}} on standard output, the story on
           standard error
  --help   this text

Takes about two minutes. Exit code 0 only if every step did what it says.`;

/** Times of seconds instead of hours, in the proportions of real ones. */
const TOKEN_LIFETIME_SECONDS = 12;
const JWKS_CACHE_SECONDS = 2;
const GRACE_SECONDS = TOKEN_LIFETIME_SECONDS + JWKS_CACHE_SECONDS + 4;
const RENEW_BEFORE_SECONDS = 4;
const ENOUGH_REQUESTS = 2_000;
const JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/;

const flags = readFlags(HELP);
const root = fileURLToPath(new URL("../..", import.meta.url));
const story = await openStory({ json: flags.json });
const { say, step, steps, colours } = story;
const { bold, green, red } = colours;
const up = ["up", "--yes", "--skip-preview"];

/** @type {(() => Promise<unknown>)[]} what was started, to be ended in the opposite order */
const toEnd = [];
const end = async () => {
  for (const stop of toEnd.splice(0).reverse()) await stop();
};
process.once("SIGINT", () => void end().then(() => process.exit(130)));

const start = Date.now();
try {
  say(bold("\nWith guards: grace period, consumers, canary"));
  const guarded = await withGuards();
  await end();
  say(bold("\nThe same without: rotate and revoke at once, certificates pinned by hand"));
  const unguarded = await withoutGuards();
  await end();

  const ok = steps.every((done) => done.ok);
  say(`\n   with guards      ${guarded}\n   without guards   ${unguarded}`);
  say(
    ok
      ? green(
          `\nAll ${steps.length} steps did what they say, in ${Math.round((Date.now() - start) / 1000)} s.`,
        )
      : red("\nNot every step did what it says."),
  );
  if (flags.json) {
    const { requests, refused } = unguarded;
    const { requests: all, refused: none } = guarded;
    console.log(JSON.stringify({ requests: all, refused: none, withoutGuards: { requests, refused } }));
  }
  process.exitCode = ok ? 0 : 1;
} finally {
  await end();
}

async function withGuards() {
  const { tenant, services, project, set } = await startWorld("rollover");
  await set("gracePeriod", `${GRACE_SECONDS}s`);
  await set("serviceProviderUrl", services.certificatesUrl);
  await set("apiUrl", services.apiUrl);
  await set("apiAudience", API_AUDIENCE);
  const load = prepareLoad(tenant, services);
  const [current, next] = await currentAndNext(tenant);

  await step(
    "generation 0: adopt the keys; the service provider gets the current and the next certificate",
    async () => {
      await set("generation", 0);
      const { code } = await story.pulumi(project, up);
      load.start();
      await sleep(3_000);
      return {
        checks: {
          "the update succeeded": code === 0,
          "the service provider trusts both": sameKeys(services.trusted(), [current, next]),
          [`under load: ${load}`]: load.refused === 0 && load.requests > 0,
        },
      };
    },
  );

  await step("generation 1: rotate", async () => {
    await set("generation", 1);
    const { code } = await story.pulumi(project, up);
    const [signing] = await currentAndNext(tenant);
    return {
      checks: {
        "the update succeeded": code === 0,
        "the certificate that signs now was trusted before": signing.kid === next.kid,
        [`under load: ${load}`]: load.refused === 0,
      },
    };
  });

  await step(`wait for ${GRACE_SECONDS} s of grace, as a scheduled run would`, async () => {
    const [{ revokeDueAt }] = JSON.parse(
      (await project.pulumi(["stack", "output", "pendingRevocations", "--json"])).output,
    );
    const { said } = await story.pulumi(project, ["preview"]);
    for (let left = 1; left > 0; await sleep(Math.min(left, 5_000))) {
      left = Date.parse(revokeDueAt) + 1_000 - Date.now();
      if (left > 0) say(`   ${Math.ceil(left / 1000)} s left; ${load}`);
    }
    return { checks: { "the preview says when it is due": said.includes(revokeDueAt) } };
  });

  await step(
    "pulumi up, with no edit: the service provider drops the old certificate, then the key is revoked",
    async () => {
      const { code } = await story.pulumi(project, up);
      const { effects } = await tenant.journal();
      const revoked = effects.at(-1);
      const [rotated, revocation] = effects.map(({ effect, kid }) => `${effect} ${kid}`);
      return {
        checks: {
          "the update succeeded": code === 0,
          "one rotation and one revocation, of the key that was current":
            effects.length === 2 &&
            rotated === `rotate ${current.kid}` &&
            revocation === `revoke ${current.kid}`,
          "the service provider dropped the old certificate before that":
            !services.trusted().includes(current.fingerprint) &&
            Date.parse(services.trustedSince()) <= Date.parse(revoked?.at),
        },
      };
    },
  );

  await step("everybody goes on working", async () => {
    await sleep((TOKEN_LIFETIME_SECONDS + JWKS_CACHE_SECONDS) * 1_000);
    await load.stop({ atLeast: ENOUGH_REQUESTS });
    const stored = (await project.stored()).join("\n");
    const secrets = [tenant.access.clientSecret, services.administratorToken];
    return {
      checks: {
        [`${load}`]: load.refused === 0 && load.requests >= ENOUGH_REQUESTS,
        "neither a secret nor a token stands in the state":
          stored.includes(current.kid) &&
          !secrets.some((secret) => stored.includes(secret)) &&
          !JWT.test(stored),
      },
    };
  });
  return load;
}

async function withoutGuards() {
  const { tenant, services, project, set } = await startWorld("quickstart");
  const load = prepareLoad(tenant, services);
  const [current] = await currentAndNext(tenant);
  await step(
    "the service provider has pinned the current certificate, and nobody thinks of the next",
    async () => {
      await services.pin([current.cert]);
      load.start();
      await sleep(3_000);
      return { checks: { [`under load: ${load}`]: load.refused === 0 && load.requests > 0 } };
    },
  );
  await step("rotate and revoke at once", async () => {
    await set("generation", 1);
    await set("revokeNow", JSON.stringify({ kid: current.kid, reason: "to see what it breaks" }));
    const { code } = await story.pulumi(project, up);
    return { checks: { "the update succeeded": code === 0 } };
  });
  await step(
    "applications are refused until their tokens are renewed, users until somebody pins a certificate",
    async () => {
      await sleep((TOKEN_LIFETIME_SECONDS + JWKS_CACHE_SECONDS) * 1_000);
      await load.stop();
      return { checks: { [`${load}`]: load.refused > 0 } };
    },
  );
  return load;
}

/** A tenant, its API and service provider, and a stack of an example. */
async function startWorld(example) {
  const tenant = await startTenant(root);
  toEnd.push(tenant.stop);
  const { domain, clientId, clientSecret, caFile } = tenant.access;
  await tenant.setTokenLifetime(TOKEN_LIFETIME_SECONDS);
  const services = await startServices({ root, domain, caFile, jwksCacheSeconds: JWKS_CACHE_SECONDS });
  toEnd.push(services.stop);
  const { engineDir, log } = story;
  const env = { SERVICE_PROVIDER_TOKEN: services.administratorToken };
  const project = await createProject({ root, example, engineDir, caFile: services.caFile, env, log });
  toEnd.push(project.remove);
  const set = (key, value) => project.pulumi(["config", "set", key, String(value)]);
  await project.pulumi(["stack", "init", "demo"]);
  await set("auth0:domain", domain);
  await set("auth0:clientId", clientId);
  await project.pulumi(["config", "set", "--secret", "auth0:clientSecret"], { input: clientSecret });
  return { tenant, services, project, set };
}

function prepareLoad(tenant, services) {
  const load = new Load(tenant, services, { renewBeforeSeconds: RENEW_BEFORE_SECONDS });
  toEnd.push(() => load.stop());
  return load;
}

/** @returns {Promise<[any, any]>} as the Management API lists them */
async function currentAndNext(tenant) {
  const keys = await tenant.keys();
  return [keys.find((key) => key.current), keys.find((key) => key.next)];
}

/** @param {string[]} fingerprints */
function sameKeys(fingerprints, keys) {
  return (
    [...fingerprints].sort().join() ===
    keys
      .map((key) => key.fingerprint)
      .sort()
      .join()
  );
}
