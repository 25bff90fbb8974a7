import { generateRsaKeyPair, issueSigningKey, type RsaKeyPair, type SigningKey } from "./signingKey.js";

/** Keeps a few RSA key pairs ready, so that a rotation answers within milliseconds. */
export class KeySupply {
  readonly #ready: Promise<RsaKeyPair>[] = [];
  readonly #size: number;
  readonly #pairs: number;

  /** @param pairs how many key pairs are made at all, to be used over and over; 0: a new one for each key */
  constructor(size: number, pairs = 0) {
    this.#size = pairs === 0 ? size : pairs;
    this.#pairs = pairs;
  }

  async take(commonName: string): Promise<SigningKey> {
    const pair = this.#ready.shift() ?? generateRsaKeyPair();
    if (this.#pairs > 0) this.#ready.push(pair);
    this.refill();
    return issueSigningKey(await pair, commonName);
  }

  refill(): void {
    while (this.#ready.length < this.#size) this.#ready.push(generateRsaKeyPair());
  }
}
