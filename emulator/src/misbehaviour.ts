import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { faultAnswer, htmlAnswer } from "./faultAnswer.js";
import type { Faults } from "./faults.js";
import type { Journal } from "./journal.js";
import { rewrite } from "./rewritings.js";
import type { Tenant } from "./tenant.js";

/** The tenant's page asks for itself every second: it must neither drown the journal nor use up faults. */
const pagePath = "/";

/** Lets requests meet the faults that wait for them, and writes each request into the journal. */
export function misbehave(app: FastifyInstance, tenant: Tenant, faults: Faults, journal: Journal): void {
  app.decorateRequest("fault", null);
  app.decorateRequest("effect", null);
  app.decorateRequest("clientId", null);
  app.decorateRequest("scopes", null);

  function record(request: FastifyRequest, status: number): void {
    const path = pathOf(request);
    if (path === pagePath) return;
    const at = tenant.clock.now().toISOString();
    journal.record({ at, tenant: tenant.domain, method: request.method, path, status, ...request.effect });
  }

  // After the body has been read, before the call is even authenticated.
  app.addHook("preValidation", async (request, reply) => {
    const { method } = request;
    const path = pathOf(request);
    const fault =
      path === pagePath ? null : faults.take({ tenants: [tenant.domain, tenant.name], method, path });
    request.fault = fault;
    if (fault?.fault === "status") {
      // onSend gives it its body and headers.
      await reply.code(fault.status).send();
    } else if (fault?.fault === "html") {
      await reply.code(fault.status).type("text/html; charset=utf-8").send(htmlAnswer);
    } else if (fault?.fault === "reset") {
      record(request, 0);
      reply.hijack();
      request.raw.destroy();
    } else if (fault?.fault === "late-effect") {
      record(request, 0);
      request.raw.socket.destroy();
      await sleep(fault.delayMs);
    }
  });

  app.addHook("onSend", (request, reply, payload, done) => {
    const { fault } = request;
    switch (fault?.fault) {
      case "status":
      case "status-after-effect": {
        const answer = faultAnswer(fault, pathOf(request), tenant);
        void reply.code(fault.status).headers(answer.headers);
        record(request, fault.status);
        done(null, answer.payload);
        return;
      }
      case "reset-after-effect":
        record(request, 0);
        request.raw.socket.destroy();
        return;
      case "late-effect":
        if (request.effect !== null) record(request, 0);
        return;
      case "truncate":
        record(request, reply.statusCode);
        sendHalf(reply, payload, () => {
          request.raw.socket.end();
        });
        return;
      case "slow-body":
        record(request, reply.statusCode);
        sendHalf(reply, payload, (rest) => {
          setTimeout(() => reply.raw.end(rest), fault.delayMs);
        });
        return;
      case "rewrite":
        record(request, reply.statusCode);
        done(null, reply.statusCode === 200 ? rewrite(fault.rewriting, payload) : payload);
        return;
      case "delay":
        record(request, reply.statusCode);
        setTimeout(() => {
          done(null, payload);
        }, fault.delayMs);
        return;
      default:
        record(request, reply.statusCode);
        done(null, payload);
    }
  });
}

export function pathOf(request: { readonly url: string }): string {
  return request.url.replace(/[?#].*$/s, "");
}

/** Promises the whole body and sends the first half of it; what becomes of the rest is the caller's. */
function sendHalf(reply: FastifyReply, payload: unknown, then: (rest: Buffer) => void): void {
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === "string" ? payload : "");
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), "content-length": body.length })) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.statusCode = reply.statusCode;
  const half = Math.floor(body.length / 2);
  reply.raw.write(body.subarray(0, half), () => {
    then(body.subarray(half));
  });
}
