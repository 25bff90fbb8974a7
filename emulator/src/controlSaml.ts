import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { findTenant, parseBody } from "./controlError.js";
import type { Controlled } from "./controlServer.js";
import { exactObject } from "./exactObject.js";
import { samlResponse } from "./samlResponse.js";

/** Other characters XML can't hold, or only in a form that no reader has to keep. */
const xmlText = v.pipe(
  v.string("must be text"),
  v.regex(/^[^\p{Cc}\p{Cs}\uFFFE\uFFFF]+$/u, "must be text of one line, without control characters"),
);

const samlSchema = exactObject({
  acsUrl: v.pipe(xmlText, v.check(isWebAddress, "must be an http or https URL")),
  audience: xmlText,
  nameId: v.optional(xmlText, "auth0|emulated-user"),
  inResponseTo: v.optional(xmlText),
  signResponse: v.optional(v.boolean("must be true or false"), false),
});

/** What a browser would post to a service provider once somebody has logged in. */
export function controlSamlRoutes(app: FastifyInstance, { tenants }: Controlled): void {
  app.post<{ Params: { tenant: string } }>("/tenants/:tenant/saml-response", async (request) => {
    const tenant = findTenant(tenants, request.params.tenant, 404);
    const wanted = parseBody(samlSchema, request.body);
    const xml = await samlResponse(tenant, { ...wanted, inResponseTo: wanted.inResponseTo });
    return { samlResponse: Buffer.from(xml).toString("base64") };
  });
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}
