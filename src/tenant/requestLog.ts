import type { Clock } from "../clock";
import type { Redact } from "./redact";
import { describeFailure } from "./request";

/** Headers that name a request, by which Auth0's support finds it: Auth0's own before those of what stands before it. */
const REQUEST_ID_HEADERS = ["x-auth0-requestid", "x-request-id", "cf-ray"];

/**
 * Sends requests, and says of each what was asked and what came of it, once the whole answer is there:
 * `acme.eu.auth0.com: GET /api/v2/keys/signing: 200 in 143 ms (request 4ad55daa560e468bdfe1)`.
 * Never a query, a header or a body, and so neither a token nor a secret.
 */
export function loggingFetch(
  send: typeof fetch,
  clock: Clock,
  say: (line: string) => void,
  redact: Redact,
): typeof fetch {
  return async (input, init) => {
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    const begun = clock.now().getTime();
    let seen: Response | undefined;
    const log = (outcome: string): void => {
      const milliseconds = clock.now().getTime() - begun;
      const id = seen && requestId(seen.headers);
      const line = `${host}: ${init?.method ?? "GET"} ${pathname}: ${outcome} in ${milliseconds} ms`;
      say(redact(id === undefined ? line : `${line} (request ${id})`));
    };
    try {
      const response = await send(input, init);
      seen = response;
      const body = await response.arrayBuffer();
      log(`${response.status}`);
      return new Response(body.byteLength === 0 ? null : body, response);
    } catch (thrown) {
      const failure = describeFailure(thrown);
      log(seen === undefined ? failure : `${seen.status} and no whole body, ${failure},`);
      throw thrown;
    }
  };
}

/** What names the request, if it looks like a name and nothing else. */
function requestId(headers: Headers): string | undefined {
  const id = REQUEST_ID_HEADERS.map((name) => headers.get(name)).find((value) => value !== null);
  return id !== undefined && /^[\w-]{1,64}$/.test(id) ? id : undefined;
}
