import { systemClock } from "../clock";
import { SigningKeyError } from "../errors";
import { Runtime } from "../lifecycle/runtime";
import { domainFault, ENVIRONMENT_VARIABLES } from "../tenant/credentials";
import type { Environment, Output } from "./output";

const CREDENTIALS = Object.values(ENVIRONMENT_VARIABLES);
const DOMAIN_VARIABLE = ENVIRONMENT_VARIABLES.domain;

/**
 * The environment as the only source of credentials, for the tenant named on the command line.
 * @param prefix what stands before the names of the variables, and an underscore
 * @throws SigningKeyError `wrong_tenant` if the credentials are for another one, `invalid_input` if there are none
 */
export function environmentFor(domain: string | undefined, variables: Environment, prefix = ""): Environment {
  const environment = prefix === "" ? variables : withoutPrefix(variables, `${prefix}_`);
  if (CREDENTIALS.every((name) => !environment[name])) {
    throw new SigningKeyError("invalid_input", {
      attempt: `reading the credentials${domain === undefined ? "" : ` for ${domain}`}`,
      observation: `there are none in the environment${prefix === "" ? "" : ` whose names begin with ${prefix}_`}`,
      remedy: `set ${CREDENTIALS.slice(domain === undefined ? 0 : 1, 3)
        .map((name) => (prefix === "" ? name : `${prefix}_${name}`))
        .join(", ")}; nothing was asked of Auth0`,
    });
  }
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

/** The variables `ACME_AUTH0_CLIENT_ID` and so on as `AUTH0_CLIENT_ID`, and none of those without the prefix. */
function withoutPrefix(variables: Environment, prefix: string): Environment {
  return { ...variables, ...Object.fromEntries(CREDENTIALS.map((name) => [name, variables[prefix + name]])) };
}

/** A runtime whose credentials come from the environment alone. */
export function runtimeFor(
  domain: string | undefined,
  environment: Environment,
  output: Output,
  prefix?: string,
): Runtime {
  const own = environmentFor(domain, environment, prefix);
  return new Runtime(systemClock, () => own, writerTo(output));
}

/** Where the lifecycle's lines go; the receipt, and nobody who reads them, records what is done. */
export function writerTo(output: Output): (line: string) => Promise<void> {
  return (line) => {
    output.say(line);
    return Promise.resolve();
  };
}
