import { isDeepStrictEqual } from "node:util";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { checkFailures } from "../lifecycle/checkFailures";
import { UNKNOWN, type Fault, type PropertyBag } from "../lifecycle/inputs";
import { IntentLifecycle } from "../lifecycle/intent";
import type { Lifecycle } from "../lifecycle/lifecycle";
import { RevocationLifecycle } from "../lifecycle/revocation";
import { RotationLifecycle } from "../lifecycle/rotation";
import type { Runtime } from "../lifecycle/runtime";
import { packageVersion } from "../packageVersion";
import { SECRET_FIELDS, TENANT_FIELDS, type TenantFields } from "../tenant/credentials";
import { readSigningKeys } from "../tenant/signingKeys";
import { constructRotation } from "./component";
import { keepingSecret } from "./failure";
import { readImportId } from "./importId";
import { received, toSend } from "./properties";
import { outputNames, packageSchema } from "./schema";
import {
  GET_KEYS_FUNCTION,
  INTENT_RESOURCE,
  PACKAGE,
  REVOCATION_RESOURCE,
  RING_RESOURCE,
  ROTATION_COMPONENT,
  typeOf,
} from "./tokens";

/** A lifecycle as the engine's dynamic host calls it. */
type Managed = Lifecycle & {
  create(inputs: PropertyBag): Promise<{ id: string; outs?: PropertyBag }>;
  update(id: string, olds: PropertyBag, news: PropertyBag): Promise<{ outs?: PropertyBag }>;
  read(id: string, properties: PropertyBag): Promise<{ id?: string; props?: PropertyBag }>;
  delete?(id: string, properties: PropertyBag): Promise<void>;
};

/** The same lifecycles as in dynamic resources, in the words of the provider protocol. */
export class Provider {
  private readonly managed: ReadonlyMap<string, Managed>;
  /** Which provider of the stack this process is, as resources refer to it; older engines don't say. */
  private self = "";

  constructor(private readonly runtime: Runtime) {
    this.managed = new Map<string, Managed>([
      [INTENT_RESOURCE, new IntentLifecycle(runtime)],
      [RING_RESOURCE, new RotationLifecycle(runtime)],
      [REVOCATION_RESOURCE, new RevocationLifecycle(runtime)],
    ]);
  }

  getSchema(): rpc.GetSchemaResponse {
    return new rpc.GetSchemaResponse().setSchema(packageSchema());
  }

  /** Whether what is configured makes up credentials is a question for each resource, which may bring its own. */
  checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
    const { properties, secret } = received(request.getNews());
    const known: readonly string[] = [...TENANT_FIELDS, "version", "pluginDownloadURL"];
    const faults = Object.keys(properties)
      .filter((property) => !known.includes(property))
      .map((property) => ({
        property,
        reason: `there is no such setting; allowed: ${TENANT_FIELDS.join(", ")}`,
      }));
    const checked = toSend(properties, new Set([...secret, ...SECRET_FIELDS]));
    return checkResponse(checked, checkFailures(faults));
  }

  /** Other credentials, even those of another domain, never replace what they manage. */
  diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
    const olds = received(request.getOldInputs() ?? request.getOlds()).properties;
    const news = received(request.getNews()).properties;
    const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
    return diffResponse(
      names.filter((name) => !isDeepStrictEqual(olds[name], news[name])),
      olds,
      news,
    );
  }

  configure(request: rpc.ConfigureRequest): rpc.ConfigureResponse {
    const { properties } = received(request.getArgs());
    if (request.hasUrn() && request.hasId()) this.self = `${request.getUrn()}::${request.getId()}`;
    this.runtime.configure({
      namespace: PACKAGE,
      get: (key) => {
        const value = properties[key.slice(key.indexOf(":") + 1)];
        return typeof value === "string" ? value : undefined;
      },
    });
    return new rpc.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
  }

  async check(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    const news = received(request.getNews());
    const olds = received(request.getOlds()).properties;
    const checked: { inputs?: PropertyBag; failures?: Fault[] } = await this.at(request.getUrn()).check(
      olds,
      news.properties,
    );
    return checkResponse(toSend(checked.inputs ?? {}, news.secret), checked.failures ?? []);
  }

  diff(request: rpc.DiffRequest): rpc.DiffResponse {
    const olds = received(request.getOlds()).properties;
    const news = received(request.getNews()).properties;
    const changed = this.at(request.getUrn()).changedProperties(olds, news);
    return diffResponse(changed, received(request.getOldInputs()).properties, news);
  }

  async create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    const { properties, secret } = received(request.getProperties());
    if (request.getPreview()) {
      const foreseen = this.foreseen(request.getUrn(), undefined, properties);
      return new rpc.CreateResponse().setProperties(toSend(foreseen, secret));
    }
    const { id, outs } = await keepingSecret(secret, () => this.at(request.getUrn()).create(properties));
    return new rpc.CreateResponse().setId(id).setProperties(toSend(outs ?? {}, secret));
  }

  async update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    const olds = received(request.getOlds()).properties;
    const { properties, secret } = received(request.getNews());
    if (request.getPreview()) {
      const foreseen = this.foreseen(request.getUrn(), olds, properties);
      return new rpc.UpdateResponse().setProperties(toSend(foreseen, secret));
    }
    const { outs } = await keepingSecret(secret, () =>
      this.at(request.getUrn()).update(request.getId(), olds, properties),
    );
    return new rpc.UpdateResponse().setProperties(toSend(outs ?? {}, secret));
  }

  /** Nothing is recorded of what is imported: `DOMAIN?generation=N` says all. */
  async read(request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
    const { properties, secret } = received(request.getProperties());
    const lifecycle = this.at(request.getUrn());
    if (Object.keys(properties).length > 0) {
      const { id, props } = await lifecycle.read(request.getId(), properties);
      return new rpc.ReadResponse()
        .setId(id ?? "")
        .setProperties(toSend(props ?? {}, secret))
        .setInputs(request.getInputs());
    }
    const { domain, generation } = readImportId(request.getId());
    const { id, props } = await lifecycle.read(domain, { generation });
    return new rpc.ReadResponse()
      .setId(id ?? "")
      .setProperties(toSend(props ?? {}))
      .setInputs(toSend({ generation }));
  }

  async delete(request: rpc.DeleteRequest): Promise<void> {
    const { properties } = received(request.getProperties());
    await this.at(request.getUrn()).delete?.(request.getId(), properties);
  }

  construct(request: rpc.ConstructRequest): Promise<rpc.ConstructResponse> {
    if (request.getType() !== ROTATION_COMPONENT) throw unknownToken("component", request.getType());
    return constructRotation(request, packageVersion(), this.self);
  }

  async invoke(request: rpc.InvokeRequest): Promise<rpc.InvokeResponse> {
    if (request.getTok() !== GET_KEYS_FUNCTION) throw unknownToken("function", request.getTok());
    const { tenant } = received(request.getArgs()).properties;
    const keys = await readSigningKeys(this.runtime.tenant(tenant as Partial<TenantFields> | undefined));
    return new rpc.InvokeResponse().setReturn(toSend({ ...keys }));
  }

  private at(urn: string): Managed {
    const found = this.managed.get(typeOf(urn));
    if (found === undefined) throw unknownToken("resource", typeOf(urn));
    return found;
  }

  /** Every output, unknown unless it is foreseen. */
  private foreseen(urn: string, olds: PropertyBag | undefined, news: PropertyBag): PropertyBag {
    const unknown = outputNames(typeOf(urn)).map((name): [string, unknown] => [name, UNKNOWN]);
    return { ...Object.fromEntries(unknown), ...this.at(urn).foreseenOutputs(olds, news) };
  }
}

function checkResponse(inputs: Struct, faults: readonly Fault[]): rpc.CheckResponse {
  const failures = faults.map(({ property, reason }) =>
    new rpc.CheckFailure().setProperty(property).setReason(reason),
  );
  return new rpc.CheckResponse().setInputs(inputs).setFailuresList(failures);
}

/** Of each property that changes, whether it is for another input or of itself. */
function diffResponse(changed: readonly string[], olds: PropertyBag, news: PropertyBag): rpc.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
  const response = new rpc.DiffResponse()
    .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList([...changed])
    .setHasdetaileddiff(true);
  for (const name of changed) {
    const isInput = !isDeepStrictEqual(olds[name], news[name]);
    const { ADD, DELETE, UPDATE } = rpc.PropertyDiff.Kind;
    const kind = !isInput
      ? UPDATE
      : olds[name] === undefined
        ? ADD
        : news[name] === undefined
          ? DELETE
          : UPDATE;
    response.getDetaileddiffMap().set(name, new rpc.PropertyDiff().setKind(kind).setInputdiff(isInput));
  }
  return response;
}

function unknownToken(what: string, token: string): Error {
  return new Error(`${PACKAGE} has no ${what} ${token}`);
}
