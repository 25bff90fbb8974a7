import type { EnforcementLevel } from "@pulumi/policy";

/** A rule's configuration: texts, each with a default. */
export type Options = Readonly<Record<string, string>>;

/** What every rule has. */
export interface Rule<Config extends Options> {
  /** The policy's name, by which a pack's configuration names it. */
  readonly name: string;
  readonly description: string;
  readonly level: EnforcementLevel;
  readonly defaults: Config;
  /** What each option means. */
  readonly options: Readonly<Record<keyof Config, string>>;
}
