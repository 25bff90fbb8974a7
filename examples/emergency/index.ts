import * as pulumi from "@pulumi/pulumi";
import { getSigningKeysOutput, SigningKeyRollover } from "pulumi-auth0-signing-keys";
import { CertificateBundle } from "./certificateBundle";
import { sayRotationBudget } from "./rotationBudget";

const config = new pulumi.Config();
const compromisedKid = config.get("compromisedKid");
const canaryUrl = config.get("canaryUrl");

// Before an update is confirmed: how many of the day's rotations are left.
if (pulumi.runtime.isDryRun()) getSigningKeysOutput().apply(sayRotationBudget);

const rollover = new SigningKeyRollover("signing-keys", {
  // In an emergency: this key, now. Nothing below stands in its way.
  revokeNow:
    compromisedKid === undefined ? undefined : { kid: compromisedKid, reason: config.require("incident") },
  generation: config.requireNumber("generation"),
  // Every day.
  revokePrevious: true,
  gracePeriod: config.get("gracePeriod"), // "auto" unless set
  minKeyAge: config.get("minKeyAge"), // an hour unless set
  consumers: ({ trustedCertificates }) =>
    new CertificateBundle("verifiers", {
      file: config.get("bundle") ?? "trusted.pem",
      certificates: trustedCertificates,
    }),
  canaries: canaryUrl === undefined ? [] : [{ audience: config.require("canaryAudience"), url: canaryUrl }],
});

export const currentKid = rollover.keys.currentKey.kid;
export const nextKid = rollover.keys.nextKey.apply((key) => key?.kid);
/** Valid keys that sign no longer: tokens that they signed are still accepted. */
export const previousKids = rollover.keys.previousKeys.apply((keys) => keys.map((key) => key.kid));
export const pendingRevocations = rollover.pendingRevocations;
