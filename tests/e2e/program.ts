import type { RotationOutputs } from "../../src/lifecycle/state";
import { INTENT_RESOURCE, RING_RESOURCE, ROTATION_COMPONENT } from "../../src/plugin/tokens";
import { INTENT_TYPE, ROTATION_TYPE } from "../../src/shell";
import { isPlugin } from "../support/adapter";
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
  if (isPlugin())
    return yamlProgram({ [name]: { type: ROTATION_COMPONENT, properties: args, options } }, name);
  return `
const { SigningKeyRotation } = require("pulumi-auth0-signing-keys");
const keys = new SigningKeyRotation(${JSON.stringify(name)}, ${JSON.stringify(args)}, ${JSON.stringify(options)});
module.exports = { currentKid: keys.currentKey.kid, retired: keys.retired, pending: keys.pending };
`;
}

/** A program in YAML, of which JSON is a part, with what is of interest of its rotation put out. */
export function yamlProgram(resources: Readonly<Record<string, unknown>>, rotation = "keys"): string {
  const outputs = {
    currentKid: `\${${rotation}.currentKey.kid}`,
    retired: `\${${rotation}.retired}`,
    pending: `\${${rotation}.pending}`,
  };
  return `name: e2e\nruntime: yaml\nresources: ${JSON.stringify(resources)}\noutputs: ${JSON.stringify(outputs)}\n`;
}

/** What the state holds of the rotation; the only one unless a name is given. */
export function rotationOf(stack: Stack, name = ""): RotationOutputs {
  return resourceOf(stack, isPlugin() ? RING_RESOURCE : ROTATION_TYPE, name)
    .outputs as unknown as RotationOutputs;
}

export function intentOf(stack: Stack): StateResource {
  return resourceOf(stack, isPlugin() ? INTENT_RESOURCE : INTENT_TYPE, "");
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
