import * as pulumi from "@pulumi/pulumi";
import { generationFromSchedule, SigningKeyRotation, type RotationSchedule } from "pulumi-auth0-signing-keys";

const config = new pulumi.Config();

const edited = config.requireNumber("generation"); // raise it in a pull request: the merge rotates once
const schedule = config.getObject<Omit<RotationSchedule, "extra">>("schedule"); // { every, since }: time raises it too

const rotation = new SigningKeyRotation(
  "signing-keys",
  {
    generation: schedule === undefined ? edited : generationFromSchedule({ ...schedule, extra: edited }),
    gracePeriod: config.require("gracePeriod"), //   dates what is retired; the revocation's stack goes by it
    expectedCurrentKid: config.get("expectedCurrentKid"), // the pipeline sets it to the kid that was previewed
    reason: config.get("reason"),
  },
  { protect: true }, // deleting the record would forget which keys are to be revoked
);

export const currentKid = rotation.currentKey.kid;
export const generation = rotation.generation;
/** What a verifier with pinned certificates should hold: current, next, then previous, PEM. */
export const trustedCertificates = rotation.trustedCertificates;
/** What the revocation's stack reads: the retired keys, with the date from which on each is due. */
export const retired = rotation.retired;
/** Steps begun and not finished: the next `pulumi up` goes on with them. */
export const pending = rotation.pending;
/** Kids that somebody else retired. */
export const foreign = rotation.foreign;
/** The last commit that was carried out; the pipeline tells by it whether an edit is waiting. */
export const commit = process.env["SIGNING_KEYS_COMMIT"] ?? "";
