import type { RingKey } from "./keyRing.js";

/**
 * A key as the Management API shows it. Booleans are absent instead of false and the next key has no dates,
 * as a user of the real API saw; a revoked key still says that it was a previous one.
 */
export function representKey({ key, state }: RingKey): Record<string, string | true> {
  const common = {
    kid: key.kid,
    cert: key.certificate,
    pkcs7: key.pkcs7,
    fingerprint: key.fingerprint,
    thumbprint: key.thumbprint,
  };
  switch (state.status) {
    case "next":
      return { ...common, next: true };
    case "current":
      return { ...common, current: true, current_since: state.since };
    case "previous":
      return { ...common, previous: true, current_since: state.since, current_until: state.until };
    case "revoked":
      return {
        ...common,
        previous: true,
        revoked: true,
        current_since: state.since,
        current_until: state.until,
        revoked_at: state.revokedAt,
      };
  }
}
