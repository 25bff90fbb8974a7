/** The root project: one tenant, from stack configuration. `Pulumi.yaml` declares the configuration. */
import * as pulumi from "@pulumi/pulumi";
import { SigningKeyRotation, type SigningKeyRotationArgs } from "./index";

const config = new pulumi.Config();

/** A text; `Pulumi.yaml` must give optional ones a default, and that is the empty text. */
function worded(key: string): string | undefined {
  const text = config.get(key);
  return text === "" ? undefined : text;
}

/** A value as it was written: what is no number or no boolean goes on as text, for the resource to refuse with all other faults. */
function written(key: string): unknown {
  const text = worded(key);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}

const args: Record<keyof Omit<SigningKeyRotationArgs, "tenant">, unknown> = {
  generation: written("generation"),
  revokePrevious: written("revokePrevious"),
  gracePeriod: worded("gracePeriod"),
  jwksCacheAllowance: worded("jwksCacheAllowance"),
  revokeNow: written("revokeNow"),
  minKeyAge: worded("minKeyAge"),
  expectedCurrentKid: worded("expectedCurrentKid"),
  verifyTimeout: worded("verifyTimeout"),
  reason: worded("reason"),
};

const rotation = new SigningKeyRotation("signing-keys", args as unknown as SigningKeyRotationArgs, {
  protect: written("protect") === true,
});

export const domain = rotation.domain;
export const generation = rotation.generation;
export const currentKid = rotation.currentKey.kid;
export const nextKid = rotation.nextKey.apply((key) => key?.kid);
/** What a verifier with pinned certificates should hold, PEM. */
export const trustedCertificates = rotation.trustedCertificates;
export const retired = rotation.retired;
export const foreign = rotation.foreign;
export const pending = rotation.pending;
