import { type AccessTokenLifetimes, type Api, defaultLifetimes, exampleApi, managementApi } from "./api.js";
import { type Application, directoryScopes, newApplication } from "./application.js";
import { type ClientGrant, ClientGrants, newGrant } from "./clientGrants.js";
import { machineToMachine } from "./clientSettings.js";
import { Clock } from "./clock.js";
import { Issued } from "./issued.js";
import { KeyRing, type RevocationOutcome, type Rotation } from "./keyRing.js";
import type { KeySupply } from "./keySupply.js";
import { type Allowance, RequestLimiter, RotationBudget } from "./rateLimits.js";
import { type LogEvent, logManagementWrite, type ManagementWrite } from "./tenantLog.js";

export interface TenantSettings {
  /** 0 for no limit. */
  readonly rotationsPerDay: number;
  /** 0 for no limit. */
  readonly requestsPerSecond: number;
  /** How many revoked keys the list shows at most, the last revoked first; all of them if undefined. */
  readonly revokedListed?: number | undefined;
}

/** What a tenant remembers between runs. */
export interface TenantMemory {
  readonly clock: Clock;
  readonly ring: KeyRing;
  readonly rotations: readonly Date[];
  readonly applications: readonly Application[];
  readonly grants: readonly ClientGrant[];
  readonly managementLifetimes: AccessTokenLifetimes;
  /** All but the Management API. */
  readonly apis: readonly Api[];
  readonly log: readonly LogEvent[];
}

/** The first key has been current for a while: a tenant is not new when somebody comes to rotate its keys. */
const firstKeyAgeMs = 30 * 24 * 3_600_000;

/** Endless memory would be a leak in a long run; Auth0 keeps log events for days, not for ever. */
const logEventsKept = 1_000;

export class Tenant {
  readonly name: string;
  /** The canonical domain, `localhost:PORT`. */
  readonly domain: string;
  readonly port: number;
  readonly settings: TenantSettings;
  readonly clock: Clock;
  readonly ring: KeyRing;
  readonly limiter: RequestLimiter;
  readonly grants: ClientGrants;
  readonly issued = new Issued();
  readonly #budget: RotationBudget;
  readonly #keySupply: KeySupply;
  readonly #applications: Map<string, Application>;
  readonly #customerApis: Map<string, Api>;
  #managementLifetimes: AccessTokenLifetimes;
  #log: readonly LogEvent[];

  constructor(
    name: string,
    port: number,
    settings: TenantSettings,
    keySupply: KeySupply,
    memory: TenantMemory,
  ) {
    this.name = name;
    this.port = port;
    this.domain = `localhost:${port}`;
    this.settings = settings;
    this.clock = memory.clock;
    this.ring = memory.ring;
    this.limiter = new RequestLimiter(settings.requestsPerSecond);
    this.#budget = new RotationBudget(settings.rotationsPerDay, memory.rotations);
    this.#keySupply = keySupply;
    this.#applications = new Map();
    for (const application of memory.applications) this.putApplication(application);
    this.grants = new ClientGrants(memory.grants);
    this.#customerApis = new Map(memory.apis.map((api) => [api.identifier, api]));
    this.#managementLifetimes = memory.managementLifetimes;
    this.#log = memory.log;
  }

  static async firstMemory(name: string, keySupply: KeySupply): Promise<TenantMemory> {
    const clock = new Clock();
    const application = newApplication(machineToMachine("Default machine-to-machine application"));
    const [current, next] = await Promise.all([
      keySupply.take(hostnameFor(name)),
      keySupply.take(hostnameFor(name)),
    ]);
    return {
      clock,
      ring: KeyRing.begin(current, next, new Date(clock.now().getTime() - firstKeyAgeMs)),
      rotations: [],
      applications: [application],
      grants: [newGrant({ clientId: application.clientId, audience: null, scopes: directoryScopes })],
      managementLifetimes: defaultLifetimes,
      apis: [exampleApi],
      log: [],
    };
  }

  get audience(): string {
    return `https://${this.domain}/api/v2/`;
  }

  get rotations(): readonly Date[] {
    return this.#budget.taken;
  }

  get log(): readonly LogEvent[] {
    return this.#log;
  }

  get applications(): readonly Application[] {
    return [...this.#applications.values()];
  }

  application(clientId: string): Application | undefined {
    return this.#applications.get(clientId);
  }

  /** Adds it, or puts it in the place of the one with its id. */
  putApplication(application: Application): void {
    const { clientId, clientSecret } = application;
    if (clientSecret !== undefined) this.issued.noteSecret(clientSecret);
    this.#applications.set(clientId, application);
  }

  /** With its grants. */
  removeApplication(clientId: string): boolean {
    this.grants.removeAllOf(clientId);
    return this.#applications.delete(clientId);
  }

  /** The one that the start line names; it stays as it is. */
  isDefaultApplication(clientId: string): boolean {
    return this.applications[0]?.clientId === clientId;
  }

  setIdTokenLifetime(application: Application, idTokenSeconds: number): void {
    this.putApplication({ ...application, settings: { ...application.settings, idTokenSeconds } });
  }

  get managementLifetimes(): AccessTokenLifetimes {
    return this.#managementLifetimes;
  }

  get customerApis(): readonly Api[] {
    return [...this.#customerApis.values()];
  }

  /** The Management API first. */
  get apis(): readonly Api[] {
    return [managementApi(this.audience, this.#managementLifetimes), ...this.customerApis];
  }

  api(identifier: string): Api | undefined {
    return this.apis.find((api) => api.identifier === identifier);
  }

  addApi(api: Api): void {
    this.#customerApis.set(api.identifier, api);
  }

  /** Of the tokens issued from now on. */
  setAccessTokenLifetimes(api: Api, lifetimes: AccessTokenLifetimes): void {
    if (api.identifier === this.audience) this.#managementLifetimes = lifetimes;
    else this.#customerApis.set(api.identifier, { ...api, ...lifetimes });
  }

  /** `tenant-1.localhost`: what the tenant answers to besides its port, as with a custom domain. */
  get hostname(): string {
    return hostnameFor(this.name);
  }

  /** The domain that a request came to: the canonical one, or the tenant's name under localhost. */
  domainOf(host: string): string {
    return hostnameOf(host) === this.hostname ? host : this.domain;
  }

  /** Counts a rotation by the API; `undefined` without a limit. */
  takeRotation(): Allowance | undefined {
    return this.#budget.take(this.clock.now());
  }

  async rotate(): Promise<Rotation> {
    const fresh = await this.#keySupply.take(hostnameFor(this.name));
    return this.ring.rotate(fresh, this.clock.now());
  }

  revoke(kid: string): RevocationOutcome {
    return this.ring.revoke(kid, this.clock.now());
  }

  logWrite(write: ManagementWrite): void {
    this.#log = [logManagementWrite(write, this.clock.now()), ...this.#log].slice(0, logEventsKept);
  }
}

export function hostnameFor(tenantName: string): string {
  return `${tenantName}.localhost`;
}

/** `tenant-1.localhost` of `tenant-1.localhost:43123`. */
export function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}
