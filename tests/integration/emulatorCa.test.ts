import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";

jest.setTimeout(60_000);

/** What a client that trusts the emulator's CA makes of a server with a certificate of that CA for these names. */
async function connectTo(servername: string, names: readonly string[]): Promise<string> {
  const { CertificateAuthority } = await import("../../emulator/src/certificateAuthority.js");
  const authority = await CertificateAuthority.create();
  const server = createServer(await authority.issueServerIdentity(names)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, servername, ca: authority.certificate });
  try {
    await once(socket, "secureConnect");
    return "connected";
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.destroy();
    server.close();
  }
}

test.each(["localhost", "tenant-1.localhost"])(
  "whoever trusts the emulator's CA reaches %s",
  async (name) => {
    expect(await connectTo(name, ["tenant-1.localhost"])).toBe("connected");
  },
);

test.each(["acme.eu.auth0.com", "localhost.example.com"])(
  "the emulator's CA can't pass for %s, whoever gets hold of its key",
  async (name) => {
    expect(await connectTo(name, [name])).toBe("permitted subtree violation");
  },
);
