import type { AuditReceipt } from "../../../../src/audit/receipt";
import { reconcileReceipts, type Change } from "../../../../src/cli/audit/reconcile";
import type { ManagementLog } from "../../../../src/tenant/managementLog";
import { DOMAIN, keyRingOf, type RingSpec } from "../../keyRingOf";

const LONG_AGO = new Date("2020-01-01T00:00:00Z");
const RETIRED = "2026-03-01T10:00:00.000Z";
const REVOKED = "2026-03-03T10:00:00.000Z";

const RING: RingSpec = { revoked: [{ kid: "old", until: RETIRED, revokedAt: REVOKED }] };

function receipt(change: Partial<AuditReceipt>): AuditReceipt {
  return {
    version: 1,
    attempt: `${change.action ?? "rotate"} ${change.kid ?? "old"}`,
    at: RETIRED,
    domain: DOMAIN,
    action: "rotate",
    outcome: "done",
    kid: "old",
    by: "mona",
    ...change,
  };
}
const revoked = receipt({
  action: "revoke",
  at: REVOKED,
  reason: "INC-7",
  commit: "abc",
  run: "https://ci/1",
});

function logOf(since: string | undefined, ...writes: ManagementLog["writes"]): ManagementLog {
  return { writes, since };
}

function told(changes: readonly Change[]): string[] {
  return changes.map(({ action, kid = "", verdict }) => `${action} ${kid}: ${verdict}`);
}

test("what has a receipt and is shown by the ring is accounted for, with who and why, the earliest first", () => {
  const changes = reconcileReceipts([revoked, receipt({})], keyRingOf(RING), undefined, LONG_AGO);
  expect(changes).toEqual([
    { at: RETIRED, action: "rotate", kid: "old", verdict: "accounted", by: "mona" },
    {
      ...{ at: REVOKED, action: "revoke", kid: "old", verdict: "accounted" },
      ...{ by: "mona", commit: "abc", run: "https://ci/1", reason: "INC-7" },
    },
  ]);
});

interface Case {
  readonly rule: string;
  readonly receipts?: readonly AuditReceipt[];
  readonly ring?: RingSpec;
  readonly log?: ManagementLog;
  readonly told: readonly string[];
}

const LOGGED_ROTATION = { action: "rotate" as const, by: "Dashboard", at: "2026-03-01T10:00:01.000Z" };
const LOGGED_REVOCATION = { action: "revoke" as const, kid: "old", by: "Dashboard", at: REVOKED };

test.each<Case>([
  { rule: "nothing at all", told: [] },
  {
    rule: "what the ring shows and nobody left a receipt of",
    ring: RING,
    told: ["rotate old: no receipt", "revoke old: no receipt"],
  },
  {
    rule: "a receipt of something that the ring and the log don't show",
    receipts: [receipt({ kid: "current" })],
    told: ["rotate current: not seen"],
  },
  {
    rule: "a receipt of a key that Auth0 lists no longer",
    receipts: [receipt({ kid: "long gone" })],
    ring: { revoked: [{ kid: "later", revokedAt: "2026-03-05T10:00:00.000Z" }] },
    told: ["rotate later: no receipt", "rotate long gone: accounted", "revoke later: no receipt"],
  },
  {
    rule: "the same where the log reaches so far and doesn't show it",
    receipts: [receipt({ kid: "long gone" })],
    ring: { revoked: [{ kid: "later", revokedAt: "2026-03-05T10:00:00.000Z" }] },
    log: logOf("2026-01-01T00:00:00Z"),
    told: ["rotate later: no receipt", "rotate long gone: not seen", "revoke later: no receipt"],
  },
  {
    rule: "a receipt of a key that was never listed: nothing was revoked since that could have pushed it off the list",
    receipts: [receipt({ kid: "nowhere" })],
    told: ["rotate nowhere: not seen"],
  },
  {
    rule: "somebody else's rotation after an attempt of ours that failed",
    receipts: [receipt({ outcome: "failed", at: "2026-01-02T00:00:00.000Z" }), revoked],
    ring: RING,
    told: ["rotate old: no receipt", "revoke old: accounted"],
  },
  {
    rule: "somebody else's rotation days after an attempt whose outcome nobody learnt",
    receipts: [receipt({ outcome: "unknown", at: "2026-02-20T00:00:00.000Z" }), revoked],
    ring: RING,
    told: ["rotate old: no receipt", "revoke old: accounted"],
  },
  {
    rule: "an attempt that failed",
    receipts: [receipt({ kid: "current", outcome: "begun" }), receipt({ kid: "current", outcome: "failed" })],
    told: ["rotate current: without effect"],
  },
  {
    rule: "an attempt that the run did not live to see the end of, and that happened",
    receipts: [receipt({ outcome: "begun" }), revoked],
    ring: RING,
    told: ["rotate old: accounted", "revoke old: accounted"],
  },
  {
    rule: "an attempt that was done after one that failed",
    receipts: [receipt({ outcome: "unknown", attempt: "1" }), receipt({ attempt: "2" }), revoked],
    ring: RING,
    told: ["rotate old: accounted", "revoke old: accounted"],
  },
  {
    rule: "one that failed after another had done it",
    receipts: [receipt({ attempt: "1" }), receipt({ outcome: "failed", attempt: "2" }), revoked],
    ring: RING,
    told: ["rotate old: accounted", "revoke old: accounted"],
  },
  {
    rule: "a rotation that the log alone knows of",
    log: logOf("2026-01-01T00:00:00Z", LOGGED_ROTATION),
    told: ["rotate : no receipt"],
  },
  {
    rule: "a revocation of a key that is listed no longer, which the log alone knows of",
    log: logOf("2026-01-01T00:00:00Z", LOGGED_REVOCATION),
    told: ["revoke old: no receipt"],
  },
  {
    rule: "an update that failed before it asked for anything",
    receipts: [receipt({ action: "update", outcome: "failed" })],
    told: [],
  },
])("$rule", ({ receipts = [], ring = {}, log, told: expected }) => {
  expect(told(reconcileReceipts(receipts, keyRingOf(ring), log, LONG_AGO))).toEqual(expected);
});

test("the log's rotation is that of the key retired about then, and says who did it", () => {
  const ring = keyRingOf({
    previous: [
      { kid: "earlier", until: "2026-02-20T10:00:00.000Z" },
      { kid: "old", until: RETIRED },
    ],
  });
  const changes = reconcileReceipts([], ring, logOf(RETIRED, LOGGED_ROTATION), LONG_AGO);
  expect(changes.map(({ kid, loggedBy }) => [kid, loggedBy])).toEqual([
    ["earlier", undefined],
    ["old", "Dashboard"],
  ]);
});

test("what happened before is left out; what nobody dates is not", () => {
  const ring = keyRingOf({ previous: [{ kid: "old", until: RETIRED }, "undated"] });
  const changes = reconcileReceipts([], ring, undefined, new Date("2026-03-02T00:00:00Z"));
  expect(told(changes)).toEqual(["rotate undated: no receipt"]);
});
