import * as pulumi from "@pulumi/pulumi";
import { SigningKeyRotation } from "pulumi-auth0-signing-keys";

const config = new pulumi.Config();

const rotation = new SigningKeyRotation("signing-keys", {
  generation: config.requireNumber("generation"),
  revokePrevious: config.getBoolean("revokePrevious"),
  gracePeriod: config.get("gracePeriod"),
  minKeyAge: config.get("minKeyAge"),
  revokeNow: config.getObject("revokeNow"),
});

export const currentKid = rotation.currentKey.kid;
export const trustedCertificates = rotation.trustedCertificates;
export const retired = rotation.retired;
