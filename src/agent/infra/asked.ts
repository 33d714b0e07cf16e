import { PosternError } from '../../errors.js';
import type { TestSpec } from '../../gen/postern/v1/tests.js';
import { readTestSpec } from '../tests/spec.js';
import type { Asked } from './book.js';

/** Where nobody says how long a test goes on, it does so for this long, seconds. */
const dayS = 86_400;

/** A test as a request says it; `amount` is undefined in requests that have none. */
export interface AskedText {
  readonly type: string;
  readonly size: number;
  readonly interval: number;
  readonly amount: number | undefined;
}

/** Reads what a test shall do. Throws `TEST_INVALID` that says what is wrong. */
export function readAsked({ type, size, interval, amount }: AskedText): Asked {
  if (type !== 'text' && type !== 'media') {
    throw invalid(`its type is ${JSON.stringify(type.slice(0, 64))}, neither text nor media`);
  }
  const atLeastOne = (what: string, value: number) => {
    if (!(value >= 1)) throw invalid(`its ${what} is ${value}, and has to be 1 at least`);
  };
  atLeastOne('size (bytes)', size);
  atLeastOne('interval (seconds)', interval);
  if (amount !== undefined) atLeastOne('amount (messages)', amount);
  const asked = { type, size, intervalSeconds: interval, ...(amount !== undefined && { amount }) } as const;
  readTestSpec({ ...specOf(asked, 'g', amount ?? 1) });
  return asked;
}

/** The same for the node's tests. */
export function specOf({ type, size, intervalSeconds }: Asked, group: string, amount: number): TestSpec {
  const intervalMs = intervalSeconds * 1000;
  return { type, group, size, intervalMs, amount, method: '', requestJson: '' };
}

/** How many messages a test sends that goes on for so many seconds; 0: until it is stopped, for a day at most. */
export function amountFor({ intervalSeconds }: Asked, seconds: number): number {
  if (seconds < 0) throw invalid(`its duration is ${seconds} seconds`);
  return Math.max(1, Math.ceil((seconds === 0 ? dayS : seconds) / intervalSeconds));
}

/** Whether two are the same test. */
export function isSameAsked(one: Asked, other: Asked): boolean {
  return (
    one.type === other.type &&
    one.size === other.size &&
    one.intervalSeconds === other.intervalSeconds &&
    one.amount === other.amount
  );
}

function invalid(why: string): PosternError {
  return new PosternError('TEST_INVALID', `there cannot be such a test: ${why}`);
}
