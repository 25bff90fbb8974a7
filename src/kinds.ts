import { INTENT_RESOURCE, REVOCATION_RESOURCE, RING_RESOURCE } from "./plugin/tokens";
import { INTENT_TYPE, REVOCATION_TYPE, ROTATION_TYPE } from "./shell";

/** What a resource of this package is for, whoever serves it. */
export type Kind = "intent" | "rotation" | "revocation";

const KINDS: ReadonlyMap<string, Kind> = new Map([
  [INTENT_TYPE, "intent"],
  [INTENT_RESOURCE, "intent"],
  [ROTATION_TYPE, "rotation"],
  // The plugin's `SigningKeyRotation` is a component of these, and holds nothing itself.
  [RING_RESOURCE, "rotation"],
  [REVOCATION_TYPE, "revocation"],
  [REVOCATION_RESOURCE, "revocation"],
]);

/** What a type token names, be it a dynamic resource or one of the plugin; `undefined` for any other. */
export function kindOf(type: string): Kind | undefined {
  return KINDS.get(type);
}
