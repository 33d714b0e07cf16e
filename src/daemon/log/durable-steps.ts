/** What may happen around each durable write; only tests and `--misbehave` let anything happen. */
export interface DurableSteps {
  /** Before the first byte is written. */
  before(what: string): void;
  /** How many of `bytes` are written before the process ends; undefined: all, and it goes on. */
  torn(what: string, bytes: number): number | undefined;
  /** Ends the process after a torn write. */
  end(): void;
  /** After it is on disk, before anybody is told. */
  after(what: string): void;
}

/** Nothing happens. */
export const plainSteps: DurableSteps = {
  before: () => {},
  torn: () => undefined,
  end: () => {},
  after: () => {},
};
