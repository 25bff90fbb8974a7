import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import type { ServerIdentity } from "./certificateAuthority.js";
import { hostnameOf, type Tenant } from "./tenant.js";

export const loopback = "127.0.0.1";

const keepAliveTimeoutMs = 72_000;

interface Served {
  readonly tenant: Tenant;
  readonly app: FastifyInstance;
}

/**
 * HTTPS on a port of its own for each tenant. A tenant's host name works on any of the ports; another name under
 * localhost is refused as Auth0 refuses an unknown host; plain `localhost` or an address is the port's own tenant.
 */
export class TenantListeners {
  readonly #identity: ServerIdentity;
  readonly #servers: Server[] = [];
  readonly #served: Served[] = [];

  constructor(identity: ServerIdentity) {
    this.#identity = identity;
  }

  /** @param port 0 for one that the system chooses. @returns the port. */
  async listen(port: number): Promise<number> {
    const server = createServer({ ...this.#identity, ALPNProtocols: ["http/1.1"] });
    // Node's 5 s are short enough for a client to reuse a connection just as it is closed: no fault that was asked for.
    server.keepAliveTimeout = keepAliveTimeoutMs;
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => {
        reject(new Error(`listening on ${loopback}:${port}: ${error.message}`, { cause: error }));
      });
      server.listen(port, loopback, resolve);
    });
    const bound = (server.address() as AddressInfo).port;
    server.on("request", (request, response) => {
      this.#route(bound, request, response);
    });
    return bound;
  }

  serve(tenant: Tenant, app: FastifyInstance): void {
    this.#served.push({ tenant, app });
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  #route(port: number, request: IncomingMessage, response: ServerResponse): void {
    const hostname = hostnameOf(request.headers.host ?? "");
    const served = hostname.endsWith(".localhost")
      ? this.#served.find(({ tenant }) => tenant.hostname === hostname)
      : this.#served.find(({ tenant }) => tenant.port === port);
    if (served === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end(`Unknown host: ${hostname}\n`);
      return;
    }
    served.app.routing(request, response);
  }
}
