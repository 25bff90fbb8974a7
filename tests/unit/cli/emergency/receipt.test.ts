import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beginReceipt, readReceipt, saveReceipt, type Receipt } from "../../../../src/cli/emergency/receipt";
import { assertSameEmergency } from "../../../../src/cli/emergency/resume";
import type { EmergencyRequest } from "../../../../src/cli/emergency/request";
import { DOMAIN, NOW } from "../../keyRingOf";
import { thrownBy } from "../../thrownBy";
import { receiptOf, requestOf } from "./requestOf";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "signing-keys-receipt-"));
  file = path.join(folder, "receipt.json");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a receipt", () => {
  test("is read as it was written, by its owner alone, and nothing is left beside it", () => {
    const receipt = receiptOf({ keys: [{ kid: "a", rotatedAt: NOW }], nextKid: "b" });
    beginReceipt(file, receiptOf());
    saveReceipt(file, receipt);
    expect(readReceipt(file)).toEqual(receipt);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["receipt.json"]);
  });

  test("keeps what another run of the same emergency has written down since", () => {
    const both = [{ kid: "a" }, { kid: "b" }];
    beginReceipt(file, receiptOf({ compromised: "both", keys: both }));
    saveReceipt(
      file,
      receiptOf({ compromised: "both", keys: [{ kid: "a", rotatedAt: NOW, revokedAt: NOW }, { kid: "b" }] }),
    );
    saveReceipt(file, receiptOf({ compromised: "both", keys: [{ kid: "a" }, { kid: "b", rotatedAt: NOW }] }));
    expect(readReceipt(file)?.keys).toEqual([
      { kid: "a", rotatedAt: NOW, revokedAt: NOW },
      { kid: "b", rotatedAt: NOW },
    ]);
  });

  test("that another run has finished stays finished", () => {
    const finished = receiptOf({
      keys: [{ kid: "current", rotatedAt: NOW, revokedAt: NOW }],
      finishedAt: NOW,
      currentKid: "next",
    });
    beginReceipt(file, finished);
    saveReceipt(file, receiptOf({ currentKid: "current" }));
    expect(readReceipt(file)).toEqual(finished);
  });

  test("of another emergency, or none that can be read, is replaced", () => {
    const theirs = receiptOf({ startedAt: "2026-03-01T12:00:00.000Z", finishedAt: NOW });
    beginReceipt(file, theirs);
    saveReceipt(file, receiptOf());
    expect(readReceipt(file)).toEqual(receiptOf());
    writeFileSync(file, "half of i");
    saveReceipt(file, receiptOf());
    expect(readReceipt(file)).toEqual(receiptOf());
  });

  test("that doesn't exist is none", () => {
    expect(readReceipt(file)).toBeUndefined();
  });

  test("that another run has begun is not begun again", () => {
    beginReceipt(file, receiptOf({ reason: "theirs" }));
    const error = thrownBy(() => {
      beginReceipt(file, receiptOf({ reason: "ours" }));
    });
    expect([error.code, error.message]).toEqual([
      "receipt_unusable",
      expect.stringContaining("run the same command again: it goes on from that receipt"),
    ]);
    expect(readReceipt(file)?.reason).toBe("theirs");
    expect(readdirSync(folder)).toEqual(["receipt.json"]);
  });

  test.each<[string, (at: string) => void]>([
    [
      "in a folder that doesn't exist",
      (at) => {
        rmSync(path.dirname(at), { recursive: true });
      },
    ],
    [
      "where something stands in its place",
      (at) => {
        mkdirSync(at);
      },
    ],
  ])("%s can't be written", (_, spoil) => {
    spoil(file);
    const error = thrownBy(() => {
      saveReceipt(file, receiptOf());
    });
    expect(error.code).toBe("receipt_unusable");
    expect(error.message).toContain("nothing was done; name a file that can be written with --receipt");
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["half of it", JSON.stringify(receiptOf()).slice(0, 60)],
    ["other JSON", "[]"],
    ["a version to come", JSON.stringify({ ...receiptOf(), version: 2 })],
    ["a property too many", JSON.stringify({ ...receiptOf(), token: "eyJ" })],
    ["one key of both", JSON.stringify(receiptOf({ compromised: "both" }))],
    ["an empty kid", JSON.stringify(receiptOf({ keys: [{ kid: "" }] }))],
  ])("that holds %s is refused, and stays as it is", (_, text) => {
    writeFileSync(file, text);
    const error = thrownBy(() => readReceipt(file));
    expect([error.code, error.message]).toEqual([
      "receipt_unusable",
      expect.stringContaining("name the compromised keys with --kid"),
    ]);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("that is a folder is refused", () => {
    mkdirSync(file);
    expect(thrownBy(() => readReceipt(file)).message).toContain("it can't be read (EISDIR)");
  });
});

describe("the receipt of an earlier run", () => {
  const given: Receipt = receiptOf({ keys: [{ kid: "leaked" }] });

  test.each<[string, Partial<EmergencyRequest>]>([
    ["the same command", {}],
    ["the same with its key named", { kid: ["leaked"] }],
    ["another reason", { reason: "said otherwise" }],
  ])("is gone on from by %s", (_, request) => {
    expect(() => {
      assertSameEmergency(given, file, requestOf(request));
    }).not.toThrow();
  });

  const finish = `to finish that one: auth0-signing-keys emergency --tenant ${DOMAIN} --compromised current --reason leaked --receipt`;
  test.each<[string, Partial<EmergencyRequest>, string]>([
    ["for another tenant", { tenant: "other.auth0.com" }, `tenant: ${DOMAIN}, not other.auth0.com`],
    ["for both keys", { compromised: "both" }, "compromised: current, not both"],
    ["for another key", { kid: ["current"] }, "kid: leaked, not current"],
  ])("is refused %s, with the way to finish it and the way round it", (_, request, difference) => {
    const error = thrownBy(() => {
      assertSameEmergency(given, file, requestOf(request));
    });
    expect(error.code).toBe("receipt_unusable");
    expect(error.message).toContain(`it is of another emergency, which is not finished (${difference})`);
    expect(error.message).toContain(
      `${finish} ${file}; to begin another, name another file with --receipt [`,
    );
  });

  test.each<[string, Partial<EmergencyRequest>]>([
    ["another key", { kid: ["current"] }],
    ["another incident", { reason: "INC-99" }],
  ])("is refused for %s when it is finished", (_, request) => {
    const error = thrownBy(() => {
      assertSameEmergency({ ...given, finishedAt: NOW }, file, requestOf(request));
    });
    expect(error.code).toBe("receipt_unusable");
    expect(error.message).toContain(
      "to begin another, name another file with --receipt, or move this one away",
    );
    expect(error.message).not.toContain("to finish");
  });
});
