import { randomBytes } from "node:crypto";

/** What an application may do at an API. */
export interface ClientGrant {
  readonly id: string;
  readonly clientId: string;
  /** The API's identifier; null for the Management API, whose identifier follows from the tenant's domain. */
  readonly audience: string | null;
  readonly scopes: readonly string[];
}

export function newGrant(grant: Omit<ClientGrant, "id">): ClientGrant {
  return { id: `cgr_${randomBytes(8).toString("hex")}`, ...grant };
}

/** The grants of a tenant: one at most for each application and API. */
export class ClientGrants {
  readonly #byId: Map<string, ClientGrant>;

  constructor(grants: readonly ClientGrant[]) {
    this.#byId = new Map(grants.map((grant) => [grant.id, grant]));
  }

  get all(): readonly ClientGrant[] {
    return [...this.#byId.values()];
  }

  byId(id: string): ClientGrant | undefined {
    return this.#byId.get(id);
  }

  find(clientId: string, audience: string | null): ClientGrant | undefined {
    return this.all.find((grant) => grant.clientId === clientId && grant.audience === audience);
  }

  /** Adds it, or puts it in the place of the one with its id. */
  put(grant: ClientGrant): void {
    this.#byId.set(grant.id, grant);
  }

  remove(id: string): boolean {
    return this.#byId.delete(id);
  }

  removeAllOf(clientId: string): void {
    for (const grant of this.all) if (grant.clientId === clientId) this.#byId.delete(grant.id);
  }
}
