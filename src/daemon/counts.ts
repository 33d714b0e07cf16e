/** What is counted; docs/daemon.md tells what each means. */
export const countNames = [
  'entries_written',
  'entries_received',
  'entries_known',
  'refused_malformed',
  'refused_forged',
  'refused_forked',
  'refused_gap',
  'refused_full',
  'unreadable',
  'peers_cut_off',
  'peers_connected',
  'torn_bytes_cut',
  'acknowledge_failed',
] as const;
export type CountName = (typeof countNames)[number];

/** Counters since the start. */
export class Counts {
  readonly #counts = new Map<CountName, number>(countNames.map((name) => [name, 0]));

  add(name: CountName, by = 1): void {
    this.#counts.set(name, this.of(name) + by);
  }

  of(name: CountName): number {
    return this.#counts.get(name) ?? 0;
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
