import type { AccessToken } from "../../tenant/accessToken";
import { LIFETIMES_SCOPES, LIST_SCOPES, LOG_SCOPES, REVOKE_SCOPES, ROTATE_SCOPES } from "../../tenant/tenant";
import { fail, ok, warn, type Finding } from "./finding";

/** What an application is for, as in SECURITY.md, "Least privilege". */
export const JOBS = ["rotation", "revocation", "preview", "audit"] as const;
export type Job = (typeof JOBS)[number];

type Ability = readonly [what: string, scopes: readonly string[]];

const LIST: Ability = ["list", LIST_SCOPES];
const REVOKE: Ability = ["revoke", REVOKE_SCOPES];
const NEEDED_FOR: Readonly<Record<Job, readonly Ability[]>> = {
  rotation: [LIST, ["rotate", ROTATE_SCOPES], REVOKE],
  revocation: [LIST, REVOKE],
  preview: [LIST],
  audit: [LIST, ["read the log", LOG_SCOPES]],
};

/** What the application may do: enough for its job, and no more than that. */
export function scopeFindings({ scopes }: Pick<AccessToken, "scopes">, job: Job = "rotation"): Finding[] {
  if (scopes === undefined) {
    return [
      warn("scopes", "the token is opaque, so its scopes can't be told", "see in Auth0 what it was granted"),
    ];
  }
  const lacks = (needed: readonly string[]): string[] => needed.filter((scope) => !scopes.includes(scope));
  const abilities = NEEDED_FOR[job];
  const rotates = job === "rotation";
  const needed = [...new Set(abilities.flatMap(([, required]) => required))];
  const missing = lacks(needed);
  const impossible = abilities.filter(([, required]) => lacks(required).length > 0).map(([what]) => what);
  const missingForAuto = lacks(LIFETIMES_SCOPES);
  const useful = rotates ? [...needed, ...LIFETIMES_SCOPES] : needed;
  const surplus = scopes.filter((scope) => !useful.includes(scope));
  return [
    missing.length === 0
      ? ok("scopes", `${needed.join(", ")}: it can ${inOneSentence(abilities.map(([what]) => what))}`)
      : fail(
          "scopes",
          `${missing.join(", ")} missing: it can't ${impossible.join(", ")}`,
          `grant the application ${missing.join(", ")}`,
        ),
    ...(rotates ? [autoFinding(missingForAuto)] : []),
    surplus.length === 0
      ? ok("least privilege", "no scope that isn't needed")
      : warn(
          "least privilege",
          `${surplus.length} scope${surplus.length === 1 ? "" : "s"} that nothing here needs${rotates ? "" : ` for ${job}`}: ${surplus.join(", ")}`,
          `take away from the application ${surplus.join(", ")}`,
        ),
  ];
}

function autoFinding(missing: readonly string[]): Finding {
  const check = 'scopes for a gracePeriod of "auto"';
  return missing.length === 0
    ? ok(check, LIFETIMES_SCOPES.join(", "))
    : warn(
        check,
        `${missing.join(", ")} missing`,
        `grant the application ${missing.join(", ")}, or give gracePeriod as a duration`,
      );
}

/** `list, rotate and revoke` */
function inOneSentence(words: readonly string[]): string {
  return new Intl.ListFormat("en-GB").format(words);
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
