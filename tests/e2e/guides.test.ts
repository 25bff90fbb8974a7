import { X509Certificate } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { expectNoRevocationOfAKeyInUse, effectsOf } from "./exactlyOnce";
import { stackFor, testWhatIsLeftBehind } from "./leftBehind";
import { rotationOf } from "./program";
import { codeBlock, example, shellBlock } from "./readme";
import { TenantSupply } from "./tenants";
import { installedCommand } from "./terminal";

jest.setTimeout(180_000);

const ADOPTING = "docs/guides/adopting.md";
const FIRST_ROTATION = "docs/guides/first-rotation.md";
const PINNED = "docs/guides/saml-and-wsfed.md";
const UPGRADING = "docs/guides/upgrading.md";

const supply = new TenantSupply();
const terminalOf = installedCommand();
afterAll(async () => {
  await supply.stop();
});

test("a tenant that was rotated by hand: adopted, cleared of foreign keys, and rotated for the first time, by the guides", async () => {
  const tenant = await supply.take();
  const { emulator, domain, clientId } = tenant;
  const { current: first, next: second } = await tenant.ring();
  for (let count = 0; count < 2; count += 1) await emulator.control("POST", `/tenants/${domain}/rotate`);
  const stack = await stackFor(tenant, {
    project: example("quickstart"),
    env: terminalOf(tenant),
    config: { minKeyAge: "0s" },
  });
  const says = async (commands: string, ...said: (string | RegExp)[]): Promise<string> => {
    const { outcome, output } = await stack.shell(commands);
    if (outcome !== 0) throw new Error(`${commands}${output}`);
    for (const words of said) expect(output).toMatch(words);
    return output;
  };

  await says(shellBlock(ADOPTING, "1. Look", 0), "previous keys: still valid: ", / 0 failed/);
  await says(
    shellBlock(ADOPTING, "3. Generation 0", 0),
    `${domain}: generation 0: adopt the key ring as it is, rotate nothing; revoke nothing`,
    new RegExp(
      `(${first}, ${second}|${second}, ${first}) were retired by somebody else and will not be revoked`,
    ),
  );
  await says(shellBlock(ADOPTING, "4. Foreign keys", 0), first, second);
  const one = shellBlock(ADOPTING, "4. Foreign keys", 1, { FOREIGN_KID: first });
  await says(one, `revoke ${first} now (retired by hand in spring)`, `revoked ${first}`);
  const several = codeBlock(ADOPTING, "4. Foreign keys", { FIRST_KID: first, SECOND_KID: second });
  const code = `import { SigningKeyRevocation } from "pulumi-auth0-signing-keys";\n${several}`;
  appendFileSync(path.join(stack.folder, "index.ts"), code);
  await says(shellBlock(ADOPTING, "4. Foreign keys", 2), `revoking key ${second} (no grace period)`);
  expect(rotationOf(stack)).toMatchObject({ foreign: [], previousKeys: [], retired: [] });

  await says(
    shellBlock(FIRST_ROTATION, "2. Look at the tenant", 0),
    /scopes: .*it can list, rotate and revoke/,
    /JWKS: it holds the current and the next key/,
    "previous keys: none is valid any more",
    /rotations left: .*of Auth0's 5 a day 3 are left/,
    "clock: this machine and the tenant agree",
  );
  const { currentKey, nextKey } = rotationOf(stack);
  const confirmed = await says(shellBlock(FIRST_ROTATION, "3. Adopt, and hand out the next certificate", 0));
  expect(confirmed.trim()).toBe(nextKey?.fingerprint);
  const handedOut = readFileSync(path.join(stack.folder, "trusted.pem"), "utf8");
  expect(handedOut).toContain(nextKey?.certificate);
  expect(handedOut.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);

  const here = { DOMAIN: domain };
  await says(shellBlock(PINNED, "Find them", 1, here), `=${currentKey.fingerprint}\n`, "notAfter=");
  const pinned = await says(shellBlock(PINNED, "What each needs, and when", 0));
  const pem = new X509Certificate(readFileSync(path.join(stack.folder, "next.pem")));
  expect([pem.fingerprint, pinned]).toEqual([
    nextKey?.fingerprint,
    expect.stringContaining(nextKey?.fingerprint ?? ""),
  ]);

  await says(
    shellBlock(FIRST_ROTATION, "4. Read the preview, then raise", 0),
    `${domain}: generation 0 → 1: rotate (${currentKey.kid} retires, current since `,
    "; revoke nothing; ring as recorded at ",
  );
  expect(effectsOf(await tenant.journal()).rotated).toEqual([first, second]);
  await says(
    shellBlock(FIRST_ROTATION, "4. Read the preview, then raise", 1),
    `rotated: ${nextKey?.kid ?? ""} is current, ${currentKey.kid} is retired`,
  );
  const moment = await says(
    shellBlock(PINNED, "The moment of the rotation", 0, { ...here, CLIENT_ID: clientId }),
  );
  expect(moment).toContain(pinned.trim());
  expect(moment.replaceAll(/\s/g, "")).toContain(pem.raw.toString("base64"));
  const { next } = await tenant.ring();
  const watched = await says(shellBlock(FIRST_ROTATION, "5. Watch", 0, here), "revokeDueAt");
  const published = watched.split("\n").slice(0, 3);
  expect(new Set(published)).toEqual(new Set([currentKey.kid, nextKey?.kid, next]));

  await says(
    shellBlock(FIRST_ROTATION, "6. The first revocation", 0),
    new RegExp(`${currentKey.kid} is due at .*; this resource keeps it`),
  );
  const { rotated, revoked } = effectsOf(await tenant.journal());
  expect([rotated, revoked]).toEqual([
    [first, second, currentKey.kid],
    [first, second],
  ]);
  expectNoRevocationOfAKeyInUse(await tenant.journal());

  await says(shellBlock(UPGRADING, "Before", 0), "4 unchanged");
  expect(readFileSync(path.join(stack.folder, "before.json"), "utf8")).toContain("SigningKeyRotationIntent");
  await says(shellBlock(UPGRADING, "After", 0), "4 unchanged");
});

testWhatIsLeftBehind();
