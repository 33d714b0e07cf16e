/** A store outside of the bus, for files that are whole. */
export interface AwayStore {
  /** URL of a file there. */
  link(key: string): string;
  /** Brings a file there: all of it, or nothing. */
  put(key: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** What is there from a byte on. */
  read(key: string, from: number): AsyncGenerator<Uint8Array>;
  remove(key: string): Promise<void>;
  stop(): void;
}
