import type { Effect } from "./journal.js";
import type { Fault } from "./faultSchema.js";

declare module "fastify" {
  interface FastifyRequest {
    /** The fault that this request met. */
    fault: Fault | null;
    /** What this request changed in the ring. */
    effect: Effect | null;
    /** The application whose token this request bears, once it is verified. */
    clientId: string | null;
    /** What that token allows. */
    scopes: readonly string[] | null;
  }
}
