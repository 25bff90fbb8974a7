import { oneLine } from "./oneLine";

/** Takes secrets and tokens out of a text that came from elsewhere, and puts it in one line. */
export type Redact = (text: string) => string;

const TOKEN = /\beyJ[\w-]+(?:\.[\w-]*){1,4}/g;
const BLOCK = /-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)/g;

/** A redaction that knows the given secrets, and everything that looks like a token or a private key. */
export function redactor(secrets: readonly string[]): Redact {
  return (text) =>
    oneLine(
      secrets
        .filter((secret) => secret.length > 0)
        .reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text)
        .replace(TOKEN, "[redacted]")
        .replace(BLOCK, "[redacted]"),
    );
}
