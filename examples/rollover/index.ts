import * as pulumi from "@pulumi/pulumi";
import { SigningKeyRollover } from "pulumi-auth0-signing-keys";
import { PinnedCertificates } from "./pinnedCertificates";

const config = new pulumi.Config();

const rollover = new SigningKeyRollover("signing-keys", {
  generation: config.requireNumber("generation"),
  revokePrevious: config.getBoolean("revokePrevious") ?? true,
  gracePeriod: config.get("gracePeriod"), // "auto" unless set
  minKeyAge: config.get("minKeyAge"),
  revokeNow: config.getObject("revokeNow"),
  // Verifiers that follow the JWKS need nothing; those with pinned certificates get them here, before a key is revoked.
  consumers: ({ trustedCertificates }) => [
    new PinnedCertificates("service-provider", {
      url: config.require("serviceProviderUrl"),
      certificates: trustedCertificates,
    }),
  ],
  // A token signed by the current key must be accepted here, or nothing is revoked.
  canaries: [{ audience: config.require("apiAudience"), url: config.require("apiUrl") }],
});

export const currentKid = rollover.keys.currentKey.kid;
export const trustedCertificates = rollover.trustedCertificates;
export const pendingRevocations = rollover.pendingRevocations;
