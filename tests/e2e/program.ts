import type { RotationOutputs } from "../../src/lifecycle/state";
import { INTENT_TYPE, ROTATION_TYPE } from "../../src/shell";
import type { Stack } from "../support/engine";
import type { StateResource } from "../support/stateFile";

export interface ProgramOptions {
  /** The resource's name. */
  readonly name?: string;
  /** Resource options, as far as JSON can say them. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A program of one rotation with these inputs. */
export function rotationProgram(
  args: Readonly<Record<string, unknown>>,
  { name = "keys", options = {} }: ProgramOptions = {},
): string {
  return `
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
const keys = new SigningKeyRotation(${JSON.stringify(name)}, ${JSON.stringify(args)}, ${JSON.stringify(options)});
module.exports = { currentKid: keys.currentKey.kid, retired: keys.retired, pending: keys.pending };
`;
}

/** What the state holds of the rotation; the only one unless a name is given. */
export function rotationOf(stack: Stack, name = ""): RotationOutputs {
  return resourceOf(stack, ROTATION_TYPE, name).outputs as unknown as RotationOutputs;
}

export function intentOf(stack: Stack): StateResource {
  return resourceOf(stack, INTENT_TYPE, "");
}

function resourceOf(stack: Stack, type: string, name: string): StateResource {
  const resources = stack.stateFile.resources;
  const found = resources.filter(
    (resource) => resource.type === type && resource.urn.endsWith(`::${name}`) === (name !== ""),
  );
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} of ${type} in state: ${resources.map(({ urn }) => urn).join(", ")}`);
  return found[0];
}
