import { INTENT_TYPE, REVOCATION_TYPE, ROTATION_TYPE } from "../shell";

/** The resources of this package that a rule can be about. */
export type Kind = "intent" | "rotation" | "revocation";

const CLASSES = new Map<string, Kind>(
  (
    [
      ["intent", INTENT_TYPE],
      ["rotation", ROTATION_TYPE],
      ["revocation", REVOCATION_TYPE],
    ] as const
  ).map(([kind, type]) => [className(type), kind]),
);

/** What a type token names, whoever serves it: the dynamic provider of this package, or a plugin of the same classes. */
export function kindOf(type: string): Kind | undefined {
  return type.includes("auth0") ? CLASSES.get(className(type)) : undefined;
}

function className(type: string): string {
  return type.slice(type.lastIndexOf(":") + 1);
}
