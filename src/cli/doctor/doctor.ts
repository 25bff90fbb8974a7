import { SigningKeyError } from "../../errors";
import { ENVIRONMENT_VARIABLES, type Credentials } from "../../tenant/credentials";
import type { Tenant } from "../../tenant/tenant";
import { assertTlsVerified } from "../../tenant/tlsVerification";
import { runtimeFor } from "../connect";
import { Ended, EXIT, type Environment, type Output } from "../output";
import { fail, ok, type Finding } from "./finding";
import { clockFinding, ringFindings } from "./ringFindings";
import { scopeFindings, staticTokenFinding, type Job } from "./tokenFindings";

/**
 * Looks at everything that a rotation depends on, or another job, and writes nothing.
 * @throws Ended if any check fails, once all is said
 */
export async function doctor(
  domain: string | undefined,
  job: Job,
  { environment, output }: { environment: Environment; output: Output },
): Promise<void> {
  const { findings, isWhole } = await examine(domain, job, environment, output);
  const count = (outcome: Finding["outcome"]): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  const [failed, warned] = [count("fail"), count("warn")];
  output.result(describe(findings, failed, warned, isWhole), { findings, failed, warned, complete: isWhole });
  if (failed > 0) throw new Ended(EXIT.failed);
}

/** Each look builds on those before: after a failure, what can't be looked at any more is left out, and it isn't whole. */
async function examine(
  domain: string | undefined,
  job: Job,
  environment: Environment,
  output: Output,
): Promise<{ findings: Finding[]; isWhole: boolean }> {
  const findings: Finding[] = [];
  const notWhole = { findings, isWhole: false };
  const attempt = async <T>(check: string, look: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof SigningKeyError)) throw error;
      findings.push(fail(check, `${error.attempt}: ${error.observation}`, error.remedy));
      return undefined;
    }
  };
  const isVerified = await attempt("TLS verification", () => {
    assertTlsVerified(environment);
    return true;
  });
  // Credentials must not go to whoever answers.
  if (isVerified === undefined) return notWhole;
  findings.push(ok("TLS verification", "on"));

  const runtime = await attempt("credentials", () => runtimeFor(domain, environment, output));
  const credentials = await attempt("credentials", () => runtime?.credentials(undefined));
  if (runtime === undefined || credentials === undefined) return notWhole;
  findings.push(ok("credentials", describeCredentials(credentials)));

  const tenant = await attempt("settings", () => runtime.tenant(undefined));
  if (tenant === undefined) return notWhole;
  const published = await attempt("reachability", () => tenant.publishedKids());
  if (published === undefined) return notWhole;
  findings.push(ok("reachability", `${tenant.domain} answers, and its TLS certificate is trusted`));

  const token = await attempt("token", () => tenant.accessToken());
  if (token === undefined) return notWhole;
  findings.push(describeToken(tenant), ...scopeFindings(token, job));

  const asked = runtime.clock.now();
  const ring = await attempt("keys", () => tenant.listKeys());
  const answered = runtime.clock.now();
  if (ring === undefined) return notWhole;
  findings.push(...ringFindings(ring, published), clockFinding(ring.observedAt, asked, answered));
  if (tenant.usesStaticToken) findings.push(staticTokenFinding(token, ring.current.kid));
  return { findings, isWhole: true };
}

function describeCredentials(credentials: Credentials): string {
  const { clientId, clientSecret, clientAssertionPrivateKey, apiToken } = ENVIRONMENT_VARIABLES;
  const kinds: Readonly<Record<Credentials["kind"], string>> = {
    clientSecret: `${clientId} with ${clientSecret}`,
    privateKey: `${clientId} with ${clientAssertionPrivateKey} (private_key_jwt)`,
    apiToken: `${apiToken}, a static token`,
  };
  return `from the environment, for ${credentials.domain}: ${kinds[credentials.kind]}`;
}

function describeToken({ usesStaticToken, domain }: Tenant): Finding {
  return ok("token", usesStaticToken ? "the static one is used as it is" : `${domain} gives one`);
}

function describe(findings: readonly Finding[], failed: number, warned: number, isWhole: boolean): string {
  const lines = findings.flatMap(({ check, outcome, observation, remedy }) => [
    `${outcome.padEnd(4)}  ${check}: ${observation}`,
    ...(remedy === undefined ? [] : [`      → ${remedy}`]),
  ]);
  const rest = isWhole ? "" : "; the rest can't be looked at before that is mended: then run it again";
  return [...lines, `${findings.length} checks: ${failed} failed, ${warned} warned${rest}`].join("\n");
}
