import type * as pulumi from "@pulumi/pulumi";
import type { Tenant } from "../tenant/tenant";
import { checkFailures } from "./checkFailures";
import type { Fault, PropertyBag } from "./inputs";
import type { ConfigurationReader, Runtime } from "./runtime";
import { unknownDigests } from "./secretInputs";
import { withoutTraces } from "./withoutTraces";

/** What the resources of this package have in common as the engine's host sees them. */
export abstract class Lifecycle {
  constructor(protected readonly runtime: Runtime) {}

  /** Synchronous inside: the host serves other calls before an awaited `configure` has ended. */
  configure(request: { config: ConfigurationReader }): Promise<void> {
    this.runtime.configure(request.config);
    return Promise.resolve();
  }

  check(olds: PropertyBag, news: PropertyBag): Promise<pulumi.dynamic.CheckResult> {
    return withoutTraces(() => {
      const given = this.revealed(news);
      const faults = [...unknownDigests(given), ...this.findFaults(olds, given)];
      return { inputs: this.runtime.secretInputs.conceal(given), failures: checkFailures(faults) };
    });
  }

  /** Compares with what is recorded, without a request; nothing ever replaces. */
  diff(_id: string, olds: PropertyBag, news: PropertyBag): Promise<pulumi.dynamic.DiffResult> {
    return withoutTraces(() => ({ changes: this.changedProperties(olds, news).length > 0 }));
  }

  /**
   * For what an update would be made: inputs that ask for something else than what is recorded, and outputs that it
   * would change of itself, such as `retired` once a key is due.
   */
  abstract changedProperties(olds: PropertyBag, news: PropertyBag): string[];

  /**
   * The outputs of a create or an update as far as they are known before it, without a request; the others are unknown.
   * @param olds what is recorded, nothing before a creation
   */
  abstract foreseenOutputs(olds: PropertyBag | undefined, news: PropertyBag): PropertyBag;

  /** Lets a create or an update fail with a receipt of it, wherever receipts are kept. */
  protected audited<T>(
    { domain }: Tenant,
    { generation, reason }: { readonly generation?: number; readonly reason?: string },
    change: () => Promise<T>,
  ): Promise<T> {
    const subject = { domain, ...(generation !== undefined && { generation }), ...(reason && { reason }) };
    return this.runtime.audit.failing(subject, change);
  }

  /** Every fault of the inputs at once, without a request. */
  protected abstract findFaults(olds: PropertyBag, news: PropertyBag): readonly Fault[];

  /** Inputs that have been checked, with their secrets. */
  protected revealed(inputs: PropertyBag): PropertyBag {
    return this.runtime.secretInputs.reveal(inputs);
  }
}

/** The names of the properties of which it is true that they change. */
export function changed(properties: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(properties).filter((property) => properties[property]);
}
