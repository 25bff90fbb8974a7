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
