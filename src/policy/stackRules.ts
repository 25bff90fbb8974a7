import { X509Certificate } from "node:crypto";
import { inWords } from "../duration";
import type { RotationOutputs } from "../lifecycle/state";
import { configured } from "./configured";
import type { Options, Rule } from "./rule";

/** A rotation as the engine knows it: what it put out. Before its first update nothing is known of it. */
export interface ReviewedRotation {
  readonly urn: string;
  readonly outputs: Partial<RotationOutputs>;
}

/** A violation of a rule, and the resource that it is about. */
export interface StackViolation {
  readonly urn: string;
  readonly message: string;
}

/** A rule about the whole stack, which the engine asks for after the updates: under `--skip-preview` it stops nothing. */
export interface StackRule<Config extends Options> extends Rule<Config> {
  readonly violations: (
    rotations: readonly ReviewedRotation[],
    config: Config,
    now: Date,
  ) => StackViolation[];
}

const onePerTenant: StackRule<Options> = {
  name: "signing-keys-one-rotation-per-tenant",
  description:
    "One resource rotates a tenant's keys: two would each rotate, and call the other's keys foreign.",
  level: "mandatory",
  defaults: {},
  options: {},
  violations: (rotations) =>
    rotations.flatMap(({ urn, outputs }, index) => {
      // By key: a tenant may go by several domains.
      const kid = outputs.currentKey?.kid;
      const other = rotations
        .slice(0, index)
        .find((earlier) => kid !== undefined && earlier.outputs.currentKey?.kid === kid);
      return other === undefined
        ? []
        : [
            {
              urn,
              message: `${other.urn} rotates the same tenant (${outputs.domain ?? ""}): keep one of them`,
            },
          ];
    }),
};

const keyAge: StackRule<{ after: string }> = {
  name: "signing-keys-age",
  description: "The current signing key is to be rotated soon.",
  level: "advisory",
  defaults: { after: "180d" },
  options: { after: "The age from which it warns." },
  violations: ageViolations,
};

const cryptoPeriod: StackRule<{ after: string }> = {
  ...keyAge,
  name: "signing-keys-crypto-period",
  description: "No signing key is used for longer than its crypto-period.",
  level: "mandatory",
  defaults: { after: "400d" },
  options: {
    after:
      "The age from which it fails. An update that raises the generation passes: it is asked after that.",
  },
};

function ageViolations(
  rotations: readonly ReviewedRotation[],
  { after }: { after: string },
  now: Date,
): StackViolation[] {
  const most = configured("after", after);
  return rotations.flatMap(({ urn, outputs: { currentKey, generation } }) => {
    const age = now.getTime() - Date.parse(currentKey?.since ?? "");
    return age > most
      ? [
          {
            urn,
            message: `${currentKey?.kid ?? ""} has been the current key for ${inWords(age)}, more than ${after}: raise generation to ${(generation ?? 0) + 1}`,
          },
        ]
      : [];
  });
}

const retiredForLong: StackRule<{ after: string }> = {
  name: "signing-keys-retired-for-long",
  description:
    "A retired key that is never revoked stays as good as a current one for whoever has stolen it.",
  level: "advisory",
  defaults: { after: "30d" },
  options: { after: "How long a retired key may stay valid." },
  violations: (rotations, { after }, now) => {
    const most = configured("after", after);
    return rotations.flatMap(({ urn, outputs: { retired = [], foreign = [] } }) => [
      ...retired
        .filter(
          ({ revokedAt, retiredAt }) =>
            revokedAt === undefined && now.getTime() - Date.parse(retiredAt) > most,
        )
        .map(({ kid, retiredAt }) => ({
          urn,
          message: `${kid} was retired at ${retiredAt} and is valid still, for more than ${after}: set revokePrevious, or name it in revokeNow`,
        })),
      ...foreign.map((kid) => ({
        urn,
        message: `${kid} was retired by somebody else and is valid still: name it in revokeNow, or revoke it in the Dashboard`,
      })),
    ]);
  },
};

const certificateExpiry: StackRule<{ within: string }> = {
  name: "signing-keys-certificate-expiry",
  description: "Verifiers with pinned certificates refuse one that has expired.",
  level: "advisory",
  defaults: { within: "90d" },
  options: { within: "How long before the expiry it warns." },
  violations: (rotations, { within }, now) => {
    const latest = now.getTime() + configured("within", within);
    return rotations.flatMap(({ urn, outputs: { currentKey, nextKey } }) =>
      [currentKey, nextKey].flatMap((key) => {
        if (key === undefined) return [];
        const { validTo } = new X509Certificate(key.certificate);
        return Date.parse(validTo) < latest
          ? [
              {
                urn,
                message: `the certificate of ${key.kid} expires on ${new Date(validTo).toISOString()}: raise generation, twice for a next key`,
              },
            ]
          : [];
      }),
    );
  },
};

export const STACK_RULES = [onePerTenant, keyAge, cryptoPeriod, retiredForLong, certificateExpiry] as const;
