import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { startEmulator } from "../support/emulator";

const run = promisify(execFile);

interface Seen {
  readonly kid: string;
  readonly current?: boolean;
  readonly next?: boolean;
  readonly revoked?: boolean;
}

interface Report {
  readonly before: Seen[];
  readonly rotatedKid: string;
  readonly after: Seen[];
  readonly revokeCurrent: number;
  readonly revokedKid: string;
  readonly listByOldToken: number;
  readonly afterRevocation: Seen[];
}

// Where there is no Go, jest.config.js leaves this out: there jose and Node's own client are the independent ones.
test(
  "go-auth0, unchanged, rotates and revokes here and understands what it is answered",
  async () => {
    const emulator = await startEmulator();
    try {
      const { stdout } = await run("go", ["run", "."], {
        cwd: path.join(__dirname, "../go"),
        env: {
          ...process.env,
          SSL_CERT_FILE: emulator.caFile,
          AUTH0_DOMAIN: emulator.domain,
          AUTH0_CLIENT_ID: emulator.clientId,
          AUTH0_CLIENT_SECRET: emulator.clientSecret,
        },
      });
      const seen = JSON.parse(stdout) as Report;
      const kidOf = (keys: Seen[], which: "current" | "next" | "revoked") =>
        keys.find((key) => key[which])?.kid;
      expect(seen.before).toHaveLength(2);
      expect(kidOf(seen.after, "current")).toBe(kidOf(seen.before, "next"));
      expect(kidOf(seen.after, "next")).toBe(seen.rotatedKid);
      expect(seen.revokeCurrent).toBe(400);
      expect(seen.revokedKid).toBe(kidOf(seen.before, "current"));
      expect(seen.listByOldToken).toBe(401);
      expect(kidOf(seen.afterRevocation, "revoked")).toBe(seen.revokedKid);
      const effects = (await emulator.journal()).flatMap(({ effect, kid }) =>
        effect ? [[effect, kid]] : [],
      );
      expect(effects).toEqual([
        ["rotate", seen.revokedKid],
        ["revoke", seen.revokedKid],
      ]);
    } finally {
      await emulator.stop();
    }
  },
  // The first run compiles the client.
  300_000,
);
