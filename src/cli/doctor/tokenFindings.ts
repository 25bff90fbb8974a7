import type { AccessToken } from "../../tenant/accessToken";
import { LIFETIMES_SCOPES, LIST_SCOPES, REVOKE_SCOPES, ROTATE_SCOPES } from "../../tenant/tenant";
import { fail, ok, warn, type Finding } from "./finding";

const NEEDED_FOR: readonly [what: string, scopes: readonly string[]][] = [
  ["list", LIST_SCOPES],
  ["rotate", ROTATE_SCOPES],
  ["revoke", REVOKE_SCOPES],
];

/** What the application may do: enough, and no more than that. */
export function scopeFindings({ scopes }: Pick<AccessToken, "scopes">): Finding[] {
  if (scopes === undefined) {
    return [
      warn("scopes", "the token is opaque, so its scopes can't be told", "see in Auth0 what it was granted"),
    ];
  }
  const lacks = (needed: readonly string[]): string[] => needed.filter((scope) => !scopes.includes(scope));
  const needed = [...new Set(NEEDED_FOR.flatMap(([, required]) => required))];
  const missing = lacks(needed);
  const impossible = NEEDED_FOR.filter(([, required]) => lacks(required).length > 0).map(([what]) => what);
  const missingForAuto = lacks(LIFETIMES_SCOPES);
  const surplus = scopes.filter((scope) => ![...needed, ...LIFETIMES_SCOPES].includes(scope));
  return [
    missing.length === 0
      ? ok("scopes", `${needed.join(", ")}: it can list, rotate and revoke`)
      : fail(
          "scopes",
          `${missing.join(", ")} missing: it can't ${impossible.join(", ")}`,
          `grant the application ${missing.join(", ")}`,
        ),
    missingForAuto.length === 0
      ? ok('scopes for a gracePeriod of "auto"', LIFETIMES_SCOPES.join(", "))
      : warn(
          'scopes for a gracePeriod of "auto"',
          `${missingForAuto.join(", ")} missing`,
          `grant the application ${missingForAuto.join(", ")}, or give gracePeriod as a duration`,
        ),
    surplus.length === 0
      ? ok("least privilege", "no scope that isn't needed")
      : warn(
          "least privilege",
          `${surplus.length} scope${surplus.length === 1 ? "" : "s"} that nothing here needs: ${surplus.join(", ")}`,
          `take away from the application ${surplus.join(", ")}`,
        ),
  ];
}

/** A static token ends with the key that signed it. */
export function staticTokenFinding({ kid }: Pick<AccessToken, "kid">, currentKid: string): Finding {
  const check = "static API token";
  const remedy = "use an application's client id and secret, or a token issued since the last rotation";
  if (kid === undefined) return warn(check, "which key signed it can't be told", remedy);
  if (kid === currentKid) return ok(check, `signed by the current key ${kid}`);
  return warn(
    check,
    `it is signed by ${kid}, which is not the current key, and ends when that is revoked`,
    remedy,
  );
}
