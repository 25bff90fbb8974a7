/** The type tokens that stand in every user's state. */
export const ROTATION_TYPE = "pulumi-nodejs:dynamic/auth0:SigningKeyRotation";
export const REVOCATION_TYPE = "pulumi-nodejs:dynamic/auth0:SigningKeyRevocation";
export const INTENT_TYPE = "pulumi-nodejs:dynamic/auth0:SigningKeyRotationIntent";

/**
 * What stands in state as a resource's `__provider`: where to find the code, and none of it, so that nothing is frozen
 * there. The host runs in the folder of the program's `main`, from which the package is found, installed or by its own name.
 */
export function providerShell(name: "rotation" | "intent" | "revocation"): string {
  return `exports.handler=()=>require("module").createRequire(process.cwd()+"/x.js")("pulumi-auth0-signing-keys/provider").${name}`;
}
