/**
 * The `pulumi-auth0-signing-keys/provider` entry: what the engine's host loads when the state of a resource says so.
 * Its path and its names stand in the state of every user; they never change.
 */
import { IntentLifecycle } from "./intent";
import { RevocationLifecycle } from "./revocation";
import { RotationLifecycle } from "./rotation";
import { Runtime } from "./runtime";

const runtime = new Runtime();

export const rotation = new RotationLifecycle(runtime);
export const revocation = new RevocationLifecycle(runtime);
export const intent = new IntentLifecycle(runtime);
