import type { Finding } from './finding.js';
import type { Counts, Trouble } from './judgement.js';

/** Counts that are being counted. */
export type Tally = { -readonly [Name in keyof Counts]: Counts[Name] };

export function newTally(): Tally {
  return {
    scheduled: 0,
    ok: 0,
    fail: 0,
    info: 0,
    skipped: 0,
    expected: 0,
    delivered: 0,
    late: 0,
    excused: 0,
    lost: 0,
    vanished: 0,
    duplicated: 0,
    replayed: 0,
    reordered: 0,
    displacement: 0,
    recovered: 0,
    unexpected: 0,
    corrupt: 0,
    unknown: 0,
  };
}

/** The counts of what is sent: they are a sender's, however many receive. */
const ofSends = ['scheduled', 'ok', 'fail', 'info', 'skipped'] as const;
const ofReceipts = [
  'expected',
  'delivered',
  'late',
  'excused',
  'lost',
  'vanished',
  'duplicated',
  'replayed',
  'reordered',
  'recovered',
  'unexpected',
  'corrupt',
  'unknown',
] as const;

/** Adds what was sent. */
export function addSends(to: Tally, from: Counts): void {
  for (const name of ofSends) to[name] += from[name];
}

/** Adds what was received. */
export function addReceipts(to: Tally, from: Counts): void {
  for (const name of ofReceipts) to[name] += from[name];
  to.displacement = Math.max(to.displacement, from.displacement);
}

/** Adds what was found out about one message at one receiver. */
export function addFinding(to: Tally, finding: Finding): void {
  if (finding.isOwed) to.expected++;
  if (finding.isOwed && finding.hasCome) to.delivered++;
  if (finding.isExcused) to.excused++;
  to.replayed += finding.replays;
  to.displacement = Math.max(to.displacement, finding.displacement);
  for (const trouble of finding.troubles) to[trouble]++;
}

/** Counts by trouble. */
export type TroubleCounts = Partial<Record<Trouble, number>>;
