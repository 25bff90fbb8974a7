import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { startEmulator } from "../support/emulator";

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

test("no web page can read the control API: under another name it is refused, and its answers are for no other origin", async () => {
  const emulator = await startEmulator();
  try {
    const { hostname, port } = new URL(emulator.controlUrl);
    const ask = async (headers: Record<string, string>): Promise<IncomingMessage> => {
      const asked = request({ hostname, port, path: "/issued", headers }).end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      return answer.resume();
    };
    // A name of somebody's that resolves to the loopback address.
    expect((await ask({ host: `rebound.example:${port}` })).statusCode).toBe(403);
    const { statusCode, headers } = await ask({ origin: "https://elsewhere.example" });
    expect([statusCode, headers["access-control-allow-origin"]]).toEqual([200, undefined]);
  } finally {
    await emulator.stop();
  }
});
