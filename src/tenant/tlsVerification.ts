import { SigningKeyError } from "../errors";

const SWITCH = "NODE_TLS_REJECT_UNAUTHORIZED";

/**
 * Makes sure that nobody in between can take the credentials.
 * @throws SigningKeyError `tls_untrusted` if Node is told to accept any certificate
 */
export function assertTlsVerified(environment: Readonly<Record<string, string | undefined>>): void {
  if (environment[SWITCH] !== "0") return;
  throw new SigningKeyError("tls_untrusted", {
    attempt: "checking the settings of this machine",
    observation: `${SWITCH}=0 turns the verification of certificates off`,
    remedy: "unset it, and name the certificate authority's file in NODE_EXTRA_CA_CERTS; nothing was sent",
  });
}
