import { parseDuration } from "../duration";
import { SigningKeyError } from "../errors";

/**
 * The milliseconds of a duration in a rule's configuration.
 * @throws SigningKeyError `invalid_input`
 */
export function configured(property: string, text: string): number {
  return (
    parseDuration(text) ?? refuse(property, text, 'give it a number with a unit, such as "24h" or "30d"')
  );
}

/**
 * A whole number in a rule's configuration.
 * @throws SigningKeyError `invalid_input`
 */
export function configuredNumber(property: string, text: string): number {
  return /^\d{1,9}$/.test(text)
    ? Number(text)
    : refuse(property, text, 'give it a whole number, such as "1"');
}

function refuse(property: string, text: string, remedy: string): never {
  throw new SigningKeyError("invalid_input", {
    attempt: "reading the configuration of a policy",
    observation: `${property} is ${JSON.stringify(text)}`,
    remedy,
  });
}

/** Whether an input is a duration that is shorter; what is no duration is for the resource itself to refuse. */
export function isShorter(input: unknown, milliseconds: number): boolean {
  const given = typeof input === "string" ? parseDuration(input) : undefined;
  return given !== undefined && given < milliseconds;
}
