/** What a tenant has issued since it started, of which nothing must be found where it doesn't belong. */
export class Issued {
  readonly #tokens: string[] = [];
  readonly #secrets = new Set<string>();

  get tokens(): readonly string[] {
    return this.#tokens;
  }

  get secrets(): readonly string[] {
    return [...this.#secrets];
  }

  noteToken(token: string): void {
    this.#tokens.push(token);
  }

  noteSecret(secret: string): void {
    this.#secrets.add(secret);
  }
}
