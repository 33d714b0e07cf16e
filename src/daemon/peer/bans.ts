/** Whoever has sent what no honest peer sends is left alone for so long, in milliseconds. */
const banMs = 30_000;
const mostBanned = 10_000;

/** Peers that are left alone for a while. */
export class Bans {
  readonly #until = new Map<string, number>();

  add(key: Buffer): void {
    if (this.#until.size >= mostBanned) this.#until.clear();
    this.#until.set(key.toString('hex'), performance.now() + banMs);
  }

  /** How long a peer must be left alone yet, in milliseconds. */
  leftMs(key: Buffer): number {
    return Math.max(0, (this.#until.get(key.toString('hex')) ?? 0) - performance.now());
  }
}
