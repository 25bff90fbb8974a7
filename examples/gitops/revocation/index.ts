import * as pulumi from "@pulumi/pulumi";
import { SigningKeyRevocation, type CanaryArgs, type RetiredKey } from "pulumi-auth0-signing-keys";

const config = new pulumi.Config();

const rotation = new pulumi.StackReference(config.require("rotationStack"));

const revocation = new SigningKeyRevocation(
  "signing-keys",
  {
    retired: rotation.requireOutput("retired") as pulumi.Output<RetiredKey[]>, // each is due at its own date
    hold: config.getBoolean("hold"), //             true: nothing is revoked until it is taken out
    canaries: config.getObject<CanaryArgs[]>("canaries"), // must pass before a key is revoked
    reason: config.get("reason"),
  },
  { protect: true },
);

export const domain = revocation.domain;
/** The keys of the rotation's stack, with the dates at which they are due and were revoked. */
export const keys = revocation.keys;
export const revocable = revocation.revocable;
export const pending = revocation.pending;
