/** What an application is for; no application does two of these. */
export const jobs = ["rotation", "preview", "revocation", "audit"] as const;

export type Job = (typeof jobs)[number];

const look = ["read:signing_keys"];

const scopesByJob: Readonly<Record<Job, readonly string[]>> = {
  rotation: [...look, "create:signing_keys", "update:signing_keys"],
  preview: look,
  revocation: [...look, "update:signing_keys"],
  audit: [...look, "read:logs"],
};

/** With which a gracePeriod of "auto" is reckoned. */
const tokenLifetimes = ["read:resource_servers", "read:clients"];

/** Exactly what a job takes, as in SECURITY.md, "Least privilege". */
export function scopesFor(job: Job, options: { readonly autoGrace: boolean }): readonly string[] {
  const further = job === "rotation" && options.autoGrace ? tokenLifetimes : [];
  return [...scopesByJob[job], ...further];
}
