const dayMs = 24 * 3_600_000;

/** What the X-RateLimit headers say after a request was counted. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** When a request is allowed again, or the count starts anew: epoch seconds of the tenant's clock. */
  readonly resetSeconds: number;
}

/** At most so many rotations within any 24 hours. */
export class RotationBudget {
  readonly #perDay: number;
  #taken: Date[];

  /** @param perDay 0 for no limit. */
  constructor(perDay: number, taken: readonly Date[] = []) {
    this.#perDay = perDay;
    this.#taken = [...taken];
  }

  get taken(): readonly Date[] {
    return this.#taken;
  }

  take(now: Date): Allowance | undefined {
    if (this.#perDay === 0) return undefined;
    this.#taken = this.#taken.filter((at) => at.getTime() > now.getTime() - dayMs);
    const allowed = this.#taken.length < this.#perDay;
    if (allowed) this.#taken.push(now);
    const oldest = this.#taken[0] ?? now;
    return {
      allowed,
      limit: this.#perDay,
      remaining: this.#perDay - this.#taken.length,
      resetSeconds: Math.ceil((oldest.getTime() + dayMs) / 1000),
    };
  }
}

/** What an unlimited tenant says of itself: the burst of an Enterprise production tenant. */
const unlimitedBurst = 50;

/** The Management API's general limit, counted anew each second. */
export class RequestLimiter {
  readonly #perSecond: number;
  #second = 0;
  #count = 0;

  /** @param perSecond 0 for no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  take(now: Date): Allowance {
    const second = Math.floor(now.getTime() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    const limit = this.#perSecond === 0 ? unlimitedBurst : this.#perSecond;
    return {
      allowed: this.#perSecond === 0 || this.#count <= limit,
      limit,
      remaining: this.#perSecond === 0 ? limit - 1 : Math.max(0, limit - this.#count),
      resetSeconds: second + 1,
    };
  }
}
