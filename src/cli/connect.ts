import { systemClock } from "../clock";
import { SigningKeyError } from "../errors";
import { Runtime } from "../lifecycle/runtime";
import { domainFault, ENVIRONMENT_VARIABLES } from "../tenant/credentials";
import type { Environment, Output } from "./output";

const DOMAIN_VARIABLE = ENVIRONMENT_VARIABLES.domain;

/**
 * The environment as the only source of credentials, for the tenant named on the command line.
 * @throws SigningKeyError `wrong_tenant` if the credentials are for another one
 */
export function environmentFor(domain: string | undefined, environment: Environment): Environment {
  const configured = environment[DOMAIN_VARIABLE] ?? "";
  if (domain === undefined) return environment;
  if (configured !== "" && configured.toLowerCase() !== domain.toLowerCase()) {
    throw new SigningKeyError("wrong_tenant", {
      attempt: `reading the credentials for ${domain}`,
      // What is no domain may be a secret in the wrong place.
      observation: `${DOMAIN_VARIABLE} is ${domainFault(configured) === undefined ? configured : "another text"}, so they are another tenant's`,
      remedy: "nothing was asked of either; correct --tenant, or set that tenant's AUTH0_* variables",
    });
  }
  return { ...environment, [DOMAIN_VARIABLE]: domain };
}

/** A runtime whose credentials come from the environment alone. */
export function runtimeFor(domain: string | undefined, environment: Environment, output: Output): Runtime {
  const own = environmentFor(domain, environment);
  return new Runtime(systemClock, () => own, writerTo(output));
}

/** Where the lifecycle's lines go; the receipt, and nobody who reads them, records what is done. */
export function writerTo(output: Output): (line: string) => Promise<void> {
  return (line) => {
    output.say(line);
    return Promise.resolve();
  };
}
