import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { PropertyBag } from "../lifecycle/inputs";
import { answerTo, grpc } from "./grpc";
import { toStruct } from "./properties";
import { PACKAGE, ROTATION_COMPONENT, typeOf, urnOfType } from "./tokens";

/** A resource of a component that is to be registered. */
export interface Part {
  readonly type: string;
  /** Its name is the component's with this at its end. */
  readonly suffix: string;
  /** As the engine has sent them. */
  readonly inputs: PropertyBag;
  /** The URNs of the resources that each input comes from. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** The dynamic resource whose place it takes, if the state holds that one. */
  readonly former: Former;
}

/** What a part may have been without the component, whose name it had with this at its end. */
interface Former {
  readonly type: string;
  readonly suffix: string;
}

/** The engine's side of a component that is being constructed. What is said of the component holds for its parts too. */
export class Monitor {
  private readonly client: ResourceMonitorClient;

  constructor(
    private readonly request: ConstructRequest,
    /** Of this package, so that the parts are served by the provider that constructs them. */
    private readonly version: string,
    /** The provider that constructs them, as resources refer to it; empty where the engine has not said. */
    private readonly provider: string,
  ) {
    this.client = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
  }

  /** The URNs of the resources that each input of the component comes from. */
  get sources(): Map<string, readonly string[]> {
    const entries = this.request.getInputdependenciesMap().entries();
    return new Map([...entries].map(([property, dependencies]) => [property, dependencies.getUrnsList()]));
  }

  /** @returns its URN */
  async registerComponent(): Promise<string> {
    const { request } = this;
    const registration = this.registration(request.getType(), request.getName(), request.getParent())
      .setCustom(false)
      .setAliasesList(request.getAliasesList().filter(isOfComponent));
    const providers = registration.getProvidersMap();
    for (const [name, reference] of request.getProvidersMap().entries()) providers.set(name, reference);
    return (await this.register(registration)).getUrn();
  }

  registerPart(component: string, part: Part): Promise<RegisterResourceResponse> {
    const { request } = this;
    const registration = this.registration(part.type, `${request.getName()}${part.suffix}`, component)
      .setCustom(true)
      .setObject(toStruct(part.inputs))
      .setProvider(request.getProvidersMap().get(PACKAGE) ?? this.provider)
      .setVersion(this.version)
      .setAliasesList([part.former, part].flatMap((former) => this.besideComponent(former)));
    const sources = registration.getPropertydependenciesMap();
    for (const property of Object.keys(part.inputs)) {
      const urns = [...(part.sources.get(property) ?? [])];
      sources.set(property, new RegisterResourceRequest.PropertyDependencies().setUrnsList(urns));
    }
    const all = new Set([...registration.getDependenciesList(), ...[...part.sources.values()].flat()]);
    return this.register(registration.setDependenciesList([...all]));
  }

  async registerOutputs(component: string, outputs: Struct): Promise<void> {
    const request = new RegisterResourceOutputsRequest().setUrn(component).setOutputs(outputs);
    await answerTo((callback) => this.client.registerResourceOutputs(request, callback));
  }

  close(): void {
    this.client.close();
  }

  private registration(type: string, name: string, parent: string): RegisterResourceRequest {
    const { request } = this;
    const registration = new RegisterResourceRequest()
      .setType(type)
      .setName(name)
      .setParent(parent)
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setSupportspartialvalues(true)
      .setAliasspecs(true)
      .setDependenciesList(request.getDependenciesList())
      .setIgnorechangesList(request.getIgnorechangesList());
    if (request.hasProtect()) registration.setProtect(request.getProtect() ?? false);
    if (request.hasRetainondelete()) registration.setRetainondelete(request.getRetainondelete() ?? false);
    return registration;
  }

  /**
   * What a part may have been before: a dynamic resource, or the same imported, neither with the component as parent;
   * by the component's name and place, and by those that its aliases say it had.
   */
  private besideComponent({ type, suffix }: Former): Alias[] {
    const { request } = this;
    const component = new Alias().setSpec(this.place(new Alias.Spec()));
    return [component, ...request.getAliasesList()].map((alias) => {
      if (alias.hasUrn()) return new Alias().setUrn(`${urnOfType(alias.getUrn(), type)}${suffix}`);
      const said = alias.getSpec()?.clone() ?? new Alias.Spec();
      const isPlaced = said.getNoparent() || said.getParenturn() !== "";
      const spec = isPlaced ? said : this.place(said);
      return new Alias().setSpec(
        spec.setType(type).setName(`${spec.getName() === "" ? request.getName() : spec.getName()}${suffix}`),
      );
    });
  }

  /** At the component's place. */
  private place(spec: Alias.Spec): Alias.Spec {
    const parent = this.request.getParent();
    return parent === "" ? spec.setNoparent(true) : spec.setParenturn(parent);
  }

  private register(registration: RegisterResourceRequest): Promise<RegisterResourceResponse> {
    return answerTo((callback) => this.client.registerResource(registration, callback));
  }
}

/** The component is none of the dynamic resources whose place its parts take, although programs name these in its aliases. */
function isOfComponent(alias: Alias): boolean {
  const type = alias.hasUrn() ? typeOf(alias.getUrn()) : alias.getSpec()?.getType();
  return type === undefined || type === "" || type === ROTATION_COMPONENT;
}
