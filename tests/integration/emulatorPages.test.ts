import { ClientsClient } from "auth0/clients";
import { ResourceServersClient } from "auth0/resourceServers";
import { type Emulator, startEmulator } from "../support/emulator";

/** As many as offsets reach, and two more; two APIs are there from the start. */
const apiCount = 1_002;
const clientCount = 121;

jest.setTimeout(120_000);

let emulator: Emulator;
let token: string;

beforeAll(async () => {
  emulator = await startEmulator();
  for (let number = 3; number <= apiCount; number += 1) {
    await emulator.control("POST", "/tenants/tenant-1/apis", {
      identifier: `https://api-${number}.example/`,
    });
  }
  for (let number = 2; number <= clientCount; number += 1) {
    await emulator.control("POST", "/clients", { scopes: ["read:logs"] });
  }
  token = await emulator.token();
});

afterAll(async () => {
  await emulator.stop();
});

interface Answer {
  readonly next?: string;
  readonly clients: readonly { readonly client_id: string }[];
  readonly resource_servers: readonly { readonly identifier: string }[];
}

async function get(path: string): Promise<Answer> {
  return (await emulator.request(`/api/v2/${path}`, { token })).json() as Answer;
}

/** The SDK, which takes a `fetch`, over connections that trust the emulator's CA. */
function sdkOptions() {
  const baseUrl = `https://${emulator.domain}/api/v2`;
  const viaCa: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const headers = Object.fromEntries(new Headers(init?.headers));
    const answer = await emulator.request(pathname + search, { headers, method: init?.method ?? "GET" });
    return new Response(answer.text, {
      status: answer.status,
      headers: { "content-type": "application/json" },
    });
  };
  return { baseUrl, token, headers: {}, maxRetries: 0, fetch: viaCa };
}

describe("checkpoints", () => {
  test("lead through all APIs, each once, to a page without next", async () => {
    const seen: string[] = [];
    let pages = 0;
    for (let from: string | undefined = ""; from !== undefined; pages += 1) {
      const answer: Answer = await get(
        `resource-servers?take=100${from === "" ? "" : `&from=${encodeURIComponent(from)}`}`,
      );
      seen.push(...answer.resource_servers.map(({ identifier }) => identifier));
      from = answer.next;
    }
    expect(pages).toBe(Math.ceil(apiCount / 100));
    expect(seen.slice(0, 3)).toEqual([
      emulator.audience,
      "https://api.example.com/",
      "https://api-3.example/",
    ]);
    expect(new Set(seen).size).toBe(apiCount);
    expect(seen).toHaveLength(apiCount);
  });

  test("a list that ends with its page has no next", async () => {
    const first = await get(`clients?take=100`);
    expect(first.clients).toHaveLength(100);
    const rest = await get(`clients?take=${clientCount - 100}&from=${first.next ?? ""}`);
    expect(Object.keys(rest)).toEqual(["clients"]);
    expect(rest.clients).toHaveLength(clientCount - 100);
  });

  test("from alone takes 50, and take counts for more than the offset beside it", async () => {
    const { next = "" } = await get("clients?take=1");
    expect((await get(`clients?from=${next}`)).clients).toHaveLength(50);
    const both = await get("clients?page=1&per_page=20&include_totals=true&take=2");
    expect(Object.keys(both)).toEqual(["next", "clients"]);
    expect(both.clients[0]?.client_id).toBe(emulator.clientId);
    expect(await get(`clients?page=0&per_page=3&from=${next}`)).toHaveLength(3);
  });

  test.each([
    ["take=0", "Query validation error: 'take' must be 1 at least"],
    ["take=101", "Query validation error: 'take' must be 100 at most"],
    ["take=x", "Query validation error: 'take' must be a whole number"],
    ["from=nowhere", "'from' is no checkpoint of this list"],
  ])("%s is refused", async (query, message) => {
    for (const path of ["resource-servers", "resource-servers/search", "clients"]) {
      expect(await get(`${path}?${query}`)).toMatchObject({ statusCode: 400, message });
    }
  });

  test("the search of APIs refuses what it doesn't understand", async () => {
    expect(await get("resource-servers/search?q=name:Orders&sort=name")).toMatchObject({
      statusCode: 400,
      message:
        "Query validation error: 'q' is not supported by this emulator; 'sort' is not supported by this emulator",
    });
  });
});

describe("offsets", () => {
  test("reach the first 1000 items and no others", async () => {
    expect(await get("resource-servers?page=9&per_page=100")).toHaveLength(100);
    for (const [query, page] of [
      ["page=10&per_page=100", 10],
      ["page=20", 20],
      ["page=33&per_page=30", 33],
    ] as const) {
      expect(await get(`resource-servers?${query}`)).toEqual({
        statusCode: 400,
        error: "Bad Request",
        message:
          `Requesting page ${page} exceeds the allowed maximum of 1000 records. ` +
          "To fetch results beyond 1000, use the checkpoint pagination method.",
        errorCode: "invalid_paging",
      });
    }
  });
});

describe("Auth0's SDK", () => {
  test("lists every client, by offsets", async () => {
    await emulator.clearJournal();
    const ids: string[] = [];
    for await (const client of await new ClientsClient(sdkOptions()).list({ per_page: 50 })) {
      ids.push(client.client_id ?? "");
    }
    expect(new Set(ids).size).toBe(clientCount);
    expect(ids).toHaveLength(clientCount);
    expect((await emulator.journal()).map(({ path }) => path)).toEqual(Array(3).fill("/api/v2/clients"));
  });

  test("gets 1000 APIs by offsets, and then the refusal", async () => {
    let count = 0;
    const all = async (): Promise<void> => {
      const page = await new ResourceServersClient(sdkOptions()).list({ per_page: 100 });
      expect(page.response).toMatchObject({ start: 0, limit: 100, total: apiCount });
      for await (const api of page) if (api.identifier !== undefined) count += 1;
    };
    await expect(all()).rejects.toMatchObject({
      statusCode: 400,
      body: expect.objectContaining({ errorCode: "invalid_paging" }) as object,
    });
    expect(count).toBe(1_000);
  });

  test("gets every API by checkpoints, with search", async () => {
    const identifiers: string[] = [];
    for await (const api of await new ResourceServersClient(sdkOptions()).search({ take: 100 })) {
      identifiers.push(api.identifier ?? "");
    }
    expect(new Set(identifiers).size).toBe(apiCount);
    expect(identifiers).toHaveLength(apiCount);
  });

  test("gets checkpoints of a plain list too if it is told to send take", async () => {
    const clients = new ClientsClient(sdkOptions());
    const ids: string[] = [];
    let from: string | undefined;
    do {
      const queryParams = { take: 50, ...(from === undefined ? {} : { from }) };
      const { response } = await clients.list({}, { queryParams });
      ids.push(...(response.clients ?? []).map(({ client_id }) => client_id ?? ""));
      from = (response as { next?: string }).next;
    } while (from !== undefined);
    expect(new Set(ids).size).toBe(clientCount);
    expect(ids).toHaveLength(clientCount);
  });
});
