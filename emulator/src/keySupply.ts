import { generateRsaKeyPair, issueSigningKey, type RsaKeyPair, type SigningKey } from "./signingKey.js";

/** Keeps a few RSA key pairs ready, so that a rotation answers within milliseconds. */
export class KeySupply {
  readonly #ready: Promise<RsaKeyPair>[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  async take(commonName: string): Promise<SigningKey> {
    const pair = this.#ready.shift() ?? generateRsaKeyPair();
    this.refill();
    return issueSigningKey(await pair, commonName);
  }

  refill(): void {
    while (this.#ready.length < this.#size) this.#ready.push(generateRsaKeyPair());
  }
}
