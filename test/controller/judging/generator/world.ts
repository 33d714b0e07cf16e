import { createHash } from 'node:crypto';
import type { ResultRecord } from '../../../../src/bus/result-records.js';
import type { RunFacts } from '../../../../src/controller/judging/judgement.js';
import type { Plan, PlannedTest } from '../../../../src/controller/plan/plan.js';

/** A record without its number: that comes when the journal is sealed. */
export type Loose = ResultRecord extends infer Each
  ? Each extends ResultRecord
    ? Omit<Each, 'n'>
    : never
  : never;

/** Which message a line is about. */
export interface About {
  readonly sender: string;
  readonly seq: number;
  readonly way: 'intent' | 'outcome' | 'skip' | 'live' | 'replay' | 'final';
}

/** One record to be, and what it is about where it is about a message. */
export interface Line {
  record: Loose;
  readonly about?: About;
}

/** What one node writes of one test. */
export interface Sheet {
  readonly node: string;
  readonly test: PlannedTest;
  readonly journal: string;
  /** Without the last record, which sums them up. */
  lines: Line[];
  /** What is done to its records when they are numbered. */
  damage: Damage | undefined;
}

/** What may happen to records that are numbered and summed up already. */
export type Damage =
  | { readonly kind: 'gap'; readonly from: number; readonly count: number }
  | { readonly kind: 'torn'; readonly keep: number }
  | { readonly kind: 'damaged'; readonly from: number; readonly count: number }
  | { readonly kind: 'altered'; readonly at: number }
  | { readonly kind: 'miscounted' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forked' }
  | { readonly kind: 'unread' };

/** What a sender really did with a message. */
export interface TrueSend {
  readonly test: PlannedTest;
  readonly sender: string;
  readonly seq: number;
  readonly fate: 'ok' | 'fail' | 'info' | 'unknown' | 'skipped';
  /** Of a failed one: the daemon was given it, and refused it. */
  readonly wasOffered: boolean;
  /** The daemons have it. */
  readonly exists: boolean;
  readonly event: string;
  readonly hash: string;
  /** True times, milliseconds. */
  readonly dueAt: number;
  readonly sentAt: number;
  readonly ackAt: number;
}

/** A fault as it truly was. */
export interface TrueFault {
  readonly fault: string;
  readonly node: string;
  readonly fromAt: number;
  readonly toAt: number;
}

/** A run as it truly was. */
export interface World {
  readonly facts: RunFacts;
  readonly plan: Plan;
  /** What the true time is ahead of each node's clock. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly sends: readonly TrueSend[];
  readonly faults: readonly TrueFault[];
  readonly sheets: Sheet[];
  /** So often something came again because of a new subscription. */
  replays: number;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The members of a test: all of its group, or who sends where nobody receives. */
export function membersOf(plan: Plan, test: PlannedTest): readonly string[] {
  if (test.workload.type === 'call') return test.senders;
  return plan.groups.find(({ name }) => name === test.group)?.members ?? [];
}

export function sheetOf(world: World, test: PlannedTest, node: string): Sheet {
  const found = world.sheets.find((sheet) => sheet.test === test && sheet.node === node);
  if (found === undefined) throw new Error(`${node} has no sheet of ${test.test}`);
  return found;
}
