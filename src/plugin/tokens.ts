/** The plugin's name: of its executable `pulumi-resource-NAME`, its stack configuration and its type tokens. */
export const PACKAGE = "auth0-signing-keys";

/** The component that programs write. */
export const ROTATION_COMPONENT = `${PACKAGE}:index:SigningKeyRotation`;
/** Its two parts. */
export const INTENT_RESOURCE = `${PACKAGE}:index:SigningKeyRotationIntent`;
export const RING_RESOURCE = `${PACKAGE}:index:SigningKeyRing`;
export const REVOCATION_RESOURCE = `${PACKAGE}:index:SigningKeyRevocation`;
export const GET_KEYS_FUNCTION = `${PACKAGE}:index:getSigningKeys`;

/** The type token at the end of a URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
export function typeOf(urn: string): string {
  const [, , qualified = ""] = urn.split("::");
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

/** The URN with another type in the place of the last. */
export function urnOfType(urn: string, type: string): string {
  const [start, project, qualified = "", ...name] = urn.split("::");
  const parents = qualified.slice(0, qualified.lastIndexOf("$") + 1);
  return [start, project, `${parents}${type}`, ...name].join("::");
}
