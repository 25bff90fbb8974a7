import * as pulumi from "@pulumi/pulumi";
import { SigningKeyRotation } from "pulumi-auth0-signing-keys";

const config = new pulumi.Config();

const rotation = new SigningKeyRotation("signing-keys", {
  generation: config.requireNumber("generation"), // raise it: rotates once
  gracePeriod: config.get("gracePeriod"), //         a retired key stays valid this long …
  revokePrevious: config.getBoolean("revokePrevious"), // … and is revoked by the first `pulumi up` after that
  minKeyAge: config.get("minKeyAge"), //             no key is retired before it has been current for this long
  revokeNow: config.getObject("revokeNow"), //       in an emergency: { kid, reason }
});

export const currentKid = rotation.currentKey.kid;
/** What a verifier with pinned certificates should hold: current, next, then previous, PEM. */
export const trustedCertificates = rotation.trustedCertificates;
/** What this stack has retired, with the date from which on each key is due to be revoked. */
export const retired = rotation.retired;
/** Valid previous keys that somebody else retired: nothing here revokes them unless they are named. */
export const foreign = rotation.foreign;
