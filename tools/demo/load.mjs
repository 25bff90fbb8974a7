import { setTimeout as sleep } from "node:timers/promises";
import { ACS_URL, SAML_AUDIENCE } from "./services.mjs";

const APPLICATIONS = 12;
const USERS = 2;
const PAUSE_BETWEEN_CALLS = 120;
const PAUSE_BETWEEN_LOGINS = 250;

/**
 * Applications that call the API with tokens that are valid, and users that log in to the service provider, all the
 * time. What is not answered with 200 is refused: every one of them was entitled to it.
 */
export class Load {
  requests = 0;
  refused = 0;
  /** How often what was refused, by what the service said. */
  reasons = new Map();
  #running = false;
  /** @type {(() => Promise<void>)[]} */
  #people;
  /** @type {Promise<void>[]} */
  #loops = [];

  /**
   * @param {Awaited<ReturnType<import("./tenant.mjs").startTenant>>} tenant
   * @param {Awaited<ReturnType<import("./services.mjs").startServices>>} services
   * @param {{renewBeforeSeconds: number}} options how long before its expiry an application renews its token
   */
  constructor(tenant, services, { renewBeforeSeconds }) {
    const applications = Array.from({ length: APPLICATIONS }, () => async () => {
      let token = { value: "", expiresAt: 0 };
      return this.#repeat(PAUSE_BETWEEN_CALLS, async () => {
        if (token.expiresAt - Date.now() < renewBeforeSeconds * 1000) token = await tenant.applicationToken();
        return services.callApi(token);
      });
    });
    const users = Array.from(
      { length: USERS },
      () => async () =>
        this.#repeat(PAUSE_BETWEEN_LOGINS, async () =>
          services.logIn(await tenant.samlResponse(ACS_URL, SAML_AUDIENCE)),
        ),
    );
    this.#people = [...applications, ...users];
  }

  start() {
    this.#running = true;
    this.#loops = this.#people.map(async (goToWork, index) => {
      await sleep(index * 100); // so that tokens of every age are in use at any time
      await goToWork();
    });
  }

  /** Ends it once there have been so many requests. */
  async stop({ atLeast = 0 } = {}) {
    while (this.requests < atLeast) await sleep(100);
    this.#running = false;
    await Promise.all(this.#loops);
  }

  /** `1234 requests, 0 refused` */
  toString() {
    const reasons = [...this.reasons].map(([reason, times]) => `${times} × ${reason}`).join(", ");
    return `${this.requests} requests, ${this.refused} refused${reasons === "" ? "" : ` (${reasons})`}`;
  }

  async #repeat(pause, act) {
    while (this.#running) {
      const reason = await act().then(
        ({ status, text }) => (status === 200 ? undefined : `${status} ${text}`),
        (error) => error.message,
      );
      this.requests += 1;
      if (reason !== undefined) {
        this.refused += 1;
        this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
      }
      await sleep(pause);
    }
  }
}
