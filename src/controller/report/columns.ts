import type { Counts } from '../judging/judgement.js';

/** One kind of count, as tables head it; docs/report.md says what it means. */
export interface CountColumn {
  readonly key: keyof Counts;
  readonly title: string;
  /** One sentence for who points at the head. */
  readonly meaning: string;
}

/** All counts, in the order in which a report shows them. */
export const countColumns: readonly CountColumn[] = [
  { key: 'scheduled', title: 'scheduled', meaning: 'Messages that the plan says the sender sends.' },
  { key: 'ok', title: 'ok', meaning: 'Sends that the daemon acknowledged.' },
  { key: 'fail', title: 'fail', meaning: 'Sends that the daemon surely refused.' },
  { key: 'info', title: 'info', meaning: 'Sends whose outcome nobody knows.' },
  { key: 'skipped', title: 'skipped', meaning: 'Never tried: the schedule had gone on.' },
  { key: 'expected', title: 'expected', meaning: 'Messages that the receiver is owed.' },
  { key: 'delivered', title: 'delivered', meaning: 'Owed messages that came, whole, before the end.' },
  { key: 'lost', title: 'lost', meaning: 'Owed, and not in the complete final reading of the receiver.' },
  { key: 'vanished', title: 'vanished', meaning: 'Received earlier, and gone in the final reading.' },
  { key: 'unknown', title: 'unknown', meaning: 'Nobody can tell: the receiver was not read to the end.' },
  { key: 'corrupt', title: 'corrupt', meaning: 'A known message came with other content.' },
  { key: 'unexpected', title: 'unexpected', meaning: 'Received, though nobody sent it.' },
  { key: 'duplicated', title: 'duplicated', meaning: 'Came more than once though it was read once.' },
  { key: 'reordered', title: 'reordered', meaning: 'Came after a later one of the same sender.' },
  { key: 'displacement', title: 'displaced', meaning: 'Farthest that a message came behind its turn.' },
  { key: 'late', title: 'late', meaning: 'Took longer than allowed, with no fault to excuse it.' },
  { key: 'excused', title: 'excused', meaning: 'Took longer than allowed, for a fault hit one of its ends.' },
  { key: 'recovered', title: 'recovered', meaning: 'Came, though its send had failed or was unsure.' },
  {
    key: 'replayed',
    title: 'replayed',
    meaning: 'Came again because its receiver was read again; no fault.',
  },
];
