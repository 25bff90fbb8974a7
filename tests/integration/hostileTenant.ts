import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { CERTIFICATE } from "../unit/listings";
import { PATHS, type Request } from "./tenants";

/** What an update without `"auto"` and canaries asks. */
export type Asked = Exclude<Request, "apis" | "clients" | "canary">;

export interface SeenRequest {
  readonly request: Asked;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request in its own way. */
export type Trick = (response: ServerResponse) => void;

/** A tenant that answers as it likes, over HTTPS that is trusted: one that was taken over, or somebody in between. */
export interface HostileTenant {
  readonly domain: string;
  readonly caFile: string;
  /** Every request, in order. */
  readonly seen: SeenRequest[];
  /** From now on answers requests of this kind so; those without a trick as Auth0 does. */
  play(request: Asked, trick: Trick): void;
  stop(): Promise<void>;
}

const key = (kid: string, more: object): object => ({
  ...{ kid, cert: CERTIFICATE, fingerprint: "aa:bb", thumbprint: "aabb" },
  ...more,
});

/** Of a token what is read off it: which key has signed it. */
function tokenOf(kid: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [part({ alg: "RS256", kid }), part({ sub: "app@clients" }), "signature"].join(".");
}

export async function startHostileTenant(): Promise<HostileTenant> {
  const { CertificateAuthority } = await import("../../emulator/src/certificateAuthority.js");
  const authority = await CertificateAuthority.create();
  const folder = mkdtempSync(path.join(tmpdir(), "hostile-tenant-"));
  const caFile = path.join(folder, "ca.pem");
  writeFileSync(caFile, authority.certificate);
  const seen: SeenRequest[] = [];
  const tricks = new Map<Asked, Trick>();
  let rotations = 0;

  const ring = (): object[] => [
    key(`key-${rotations + 1}`, { current: true, current_since: "2026-01-01T00:00:00.000Z" }),
    key(`key-${rotations + 2}`, { next: true }),
    ...Array.from({ length: rotations }, (_, index) => key(`key-${index + 1}`, { previous: true })),
  ];
  const honest: Readonly<Record<Asked, () => object>> = {
    token: () => ({ access_token: tokenOf(`key-${rotations + 1}`), expires_in: 86_400 }),
    list: ring,
    rotate: () => {
      rotations += 1;
      return { kid: `key-${rotations + 2}`, cert: CERTIFICATE };
    },
    revoke: () => ({ kid: "key-1", cert: CERTIFICATE }),
    jwks: () => ({ keys: ring() }),
  };

  const server = createServer(await authority.issueServerIdentity([]), (incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    incoming.on("end", () => {
      const request = requestOf(incoming.method ?? "", incoming.url ?? "");
      seen.push({ request, headers: incoming.headers, body });
      const trick = tricks.get(request);
      if (trick !== undefined) trick(response);
      else response.setHeader("content-type", "application/json").end(JSON.stringify(honest[request]()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    domain: `localhost:${(server.address() as AddressInfo).port}`,
    caFile,
    seen,
    play: (request, trick) => {
      tricks.set(request, trick);
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      rmSync(folder, { recursive: true });
    },
  };
}

function requestOf(method: string, url: string): Asked {
  const found = (["token", "list", "rotate", "revoke", "jwks"] as const).find((request) => {
    const pattern = new RegExp(`^${PATHS[request].path.replace("*", "[^/]+")}$`);
    return PATHS[request].method === method && pattern.test(url);
  });
  if (found === undefined) throw new Error(`an unexpected request: ${method} ${url}`);
  return found;
}
