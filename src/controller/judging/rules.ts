/** What a run may show and still pass. */
export interface Rules {
  /** Most messages that may be lost, duplicated, or come out of order; `any`: they are told and do not count. */
  readonly lost: number | 'any';
  readonly duplicated: number | 'any';
  readonly reordered: number | 'any';
  /** A message is late when it needs longer than this, faults that hit its sender or receiver set aside, milliseconds. */
  readonly lateAfterMs: number;
  /** Most late messages, of those delivered: 0.01 is one of a hundred. */
  readonly late: number | 'any';
  /** After the heal of a fault all has arrived within this, milliseconds; absent: it is told and does not count. */
  readonly convergenceMs?: number;
}

/** What holds where a scenario says nothing. */
export const defaultRules: Rules = {
  lost: 0,
  duplicated: 0,
  reordered: 'any',
  lateAfterMs: 5_000,
  late: 'any',
};
