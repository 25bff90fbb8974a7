import type { ConfigurationReader, Runtime } from "./runtime";

/** What the resources of this package have in common as the engine's host sees them. */
export abstract class Lifecycle {
  constructor(protected readonly runtime: Runtime) {}

  /** Synchronous inside: the host serves other calls before an awaited `configure` has ended. */
  configure(request: { config: ConfigurationReader }): Promise<void> {
    this.runtime.configure(request.config);
    return Promise.resolve();
  }
}
