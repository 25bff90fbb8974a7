import { findRevocationFaults, readRevocation } from "../../../src/lifecycle/revocationInputs";
import { DOMAIN } from "../keyRingOf";

const tenant = { domain: DOMAIN, clientId: "app", clientSecret: "s3cr3t" };
const sources = { config: () => undefined, environment: {} };

test.each(["2026-03-10T12:00:00Z", "2026-03-10T12:00:00.123Z", "2026-03-10T12:00:00+05:30"])(
  "%s is the date of a listed key",
  (retiredAt) => {
    expect(findRevocationFaults({ retired: [{ kid: "a", retiredAt }], tenant }, sources)).toEqual([]);
  },
);

test.each(["2026-03-10T12:00:00+00", "2026-03-10T12:00:00 +05:30", "yesterday", "2026-03-10"])(
  "%s is none, since nothing can be reckoned from it: the entry is named",
  (retiredAt) => {
    const faults = findRevocationFaults({ retired: ["a", { kid: "b", retiredAt }], tenant }, sources);
    expect(faults).toEqual([
      { property: "retired", reason: expect.stringMatching(/; wrong: entry 2$/) as string },
    ]);
  },
);

test("an entry of a rotation's `retired` is listed as it is; a due date by another name is refused, for the key would be due at once", () => {
  const entry = { kid: "a", generation: 2, retiredAt: "2026-03-10T12:00:00Z", derivedFrom: {} };
  const due = "2026-03-11T12:00:00Z";
  const faultsOf = (listed: object) => findRevocationFaults({ retired: ["b", listed], tenant }, sources);
  expect(faultsOf({ ...entry, revokeDueAt: due })).toEqual([]);
  expect(faultsOf({ ...entry, revoke_due_at: due })).toEqual([
    { property: "retired", reason: expect.stringMatching(/; wrong: entry 2$/) as string },
  ]);
  expect(readRevocation({ retired: [{ ...entry, revokeDueAt: due }], tenant }).retired).toEqual([
    { kid: "a", retiredAt: "2026-03-10T12:00:00Z", revokeDueAt: due },
  ]);
});
