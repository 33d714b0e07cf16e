/** From here on the room is shared out: half of the stream. */
const scarceFrom = 0.5;
/** What a node may add in a day by way of this hub when room is scarce: a sixteenth of the stream. */
const shareBytes = 64 * 1024 * 1024;
const shareMessages = 65_536;
const dayMs = 24 * 3_600_000;
/** How full the stream is, is asked again after this time, milliseconds, and after so many bytes. */
const lookMs = 5_000;
const lookBytes = 16 * 1024 * 1024;

interface Use {
  bytes: number;
  messages: number;
}

/**
 * Sees to it that one node cannot take the stream of results from all others: what a node adds is counted for a day, and
 * when the stream is half full, nobody adds more than a share.
 */
export class NodeShares {
  readonly #fullness: () => Promise<number>;
  readonly #now: () => number;
  readonly #uses = new Map<string, Use>();
  #sinceMs: number;
  #full = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #addedBytes = 0;
  #looking: Promise<void> | undefined;

  /** `fullness` resolves to how much of the room is taken, 0 to 1; `now` gives milliseconds that only rise. */
  constructor(fullness: () => Promise<number>, now = () => performance.now()) {
    this.#fullness = fullness;
    this.#now = now;
    this.#sinceMs = now();
  }

  /** Whether the node may add something now. Rejects when the stream does not answer. */
  async allows(node: string): Promise<boolean> {
    if (this.#now() - this.#lookedMs >= lookMs || this.#addedBytes >= lookBytes) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    if (this.#full < scarceFrom) return true;
    const { bytes, messages } = this.#uses.get(node) ?? { bytes: 0, messages: 0 };
    return bytes < shareBytes && messages < shareMessages;
  }

  /** The node has added a message. */
  added(node: string, bytes: number): void {
    const now = this.#now();
    if (now - this.#sinceMs >= dayMs) {
      this.#uses.clear();
      this.#sinceMs = now;
    }
    const use = this.#uses.get(node) ?? { bytes: 0, messages: 0 };
    use.bytes += bytes;
    use.messages += 1;
    this.#uses.set(node, use);
    this.#addedBytes += bytes;
  }

  async #look(): Promise<void> {
    this.#addedBytes = 0;
    this.#full = await this.#fullness();
    this.#lookedMs = this.#now();
  }
}
