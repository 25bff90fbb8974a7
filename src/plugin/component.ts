import { ConstructResponse, type ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import type { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { isUnknown, UNKNOWN, type PropertyBag } from "../lifecycle/inputs";
import type { RotationOutputs } from "../lifecycle/state";
import { certificatesToTrust, INTENT_SUFFIX, programInputs, PROGRAM_OUTPUTS } from "../rotationParts";
import { INTENT_TYPE, ROTATION_TYPE } from "../shell";
import { Monitor } from "./monitor";
import { fromStruct, received, toStruct } from "./properties";
import { INTENT_RESOURCE, RING_RESOURCE } from "./tokens";

const RING_SUFFIX = "-ring";

/**
 * Makes a `SigningKeyRotation` of its two parts: the intent, which makes every refusal and records what is meant, and then
 * the key ring, which takes the generation from what is recorded and carries it out. Each takes the place of the dynamic
 * resource of a program in TypeScript.
 */
export async function constructRotation(
  request: ConstructRequest,
  version: string,
  provider: string,
): Promise<ConstructResponse> {
  const monitor = new Monitor(request, version, provider);
  try {
    const inputs = fromStruct(request.getInputs());
    const { sources } = monitor;
    const component = await monitor.registerComponent();
    const intent = await monitor.registerPart(component, {
      type: INTENT_RESOURCE,
      suffix: INTENT_SUFFIX,
      inputs,
      sources,
      former: { type: INTENT_TYPE, suffix: INTENT_SUFFIX },
    });
    const recorded = fromIntent(intent, inputs);
    for (const property of Object.keys(recorded)) sources.set(property, [intent.getUrn()]);
    const ring = await monitor.registerPart(component, {
      type: RING_RESOURCE,
      suffix: RING_SUFFIX,
      inputs: { ...recorded, ...programInputs(inputs) },
      sources,
      former: { type: ROTATION_TYPE, suffix: "" },
    });
    const outputs = toStruct(outputsOf(ring));
    await monitor.registerOutputs(component, outputs);
    const response = new ConstructResponse().setUrn(component).setState(outputs);
    for (const property of outputs.getFieldsMap().keys()) {
      const from = new ConstructResponse.PropertyDependencies().setUrnsList([ring.getUrn()]);
      response.getStatedependenciesMap().set(property, from);
    }
    return response;
  } finally {
    monitor.close();
  }
}

/** What the ring takes from its intent, so that no option can let one go without the other. */
function fromIntent(intent: RegisterResourceResponse, inputs: PropertyBag): PropertyBag {
  const { generation, baselines, revokeNow } = fromStruct(intent.getObject());
  return { generation, baselines, ...(inputs["revokeNow"] !== undefined && { revokeNow }) };
}

function outputsOf(ring: RegisterResourceResponse): PropertyBag {
  const raw = fromStruct(ring.getObject());
  const { currentKey, nextKey, previousKeys } = received(ring.getObject())
    .properties as unknown as Partial<RotationOutputs>;
  return {
    ...Object.fromEntries(PROGRAM_OUTPUTS.map((name) => [name, raw[name]])),
    trustedCertificates: isUnknown([currentKey, nextKey, previousKeys])
      ? UNKNOWN
      : certificatesToTrust(currentKey, nextKey, previousKeys),
  };
}
