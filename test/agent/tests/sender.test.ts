import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from 'xstate';
import type { SendOutcome } from '../../../src/agent/adapters/adapter.js';
import { type Schedule, sendWindowMs } from '../../../src/agent/tests/schedule.js';
import { type SenderClock, type SenderLog, sendAll } from '../../../src/agent/tests/sender.js';

const startAtMs = 1_000_000;
const taken: SendOutcome = { outcome: 'ok', id: 'x' };

/** Time that goes on only when told to. */
class Time implements SenderClock {
  readonly simulated = new SimulatedClock();
  now(): number {
    return startAtMs + this.simulated.now();
  }
  until(atMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || atMs <= this.now()) return resolve();
      this.simulated.setTimeout(() => resolve(), atMs - this.now());
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  /** Goes on in steps, and lets everything that waits for one happen before the next. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    await new Promise(setImmediate);
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.simulated.increment(stepMs);
      await new Promise(setImmediate);
    }
  }
}

/** A sender on such a clock, and what it told. */
function started(
  schedule: Partial<Schedule>,
  given: {
    from?: number;
    send?: (payload: Uint8Array, signal: AbortSignal) => Promise<SendOutcome>;
    log?: Partial<SenderLog>;
    mostOpen?: number;
  } = {},
) {
  const clock = new Time();
  const told: string[] = [];
  const at = () => clock.simulated.now();
  const log: SenderLog = {
    intend: async ({ seq }) => void told.push(`intend ${seq} at ${at()}`),
    settled: async (seq, { outcome }) => void told.push(`${outcome} ${seq} at ${at()}`),
    slipped: async ({ seq, late, sent }) => void told.push(`slip ${seq} ${late} ${sent}`),
    ...given.log,
  };
  const stop = new AbortController();
  const givenUp = new AbortController();
  const done = sendAll(
    {
      schedule: { startAtMs, intervalMs: 1_000, amount: 3, ...schedule },
      from: given.from ?? 1,
      payload: (seq) => Buffer.from(`${seq}`),
      send: given.send ?? (async () => taken),
      answerWithinMs: 60_000,
      givenUp: givenUp.signal,
      mostOpen: given.mostOpen ?? 64,
      log,
      clock,
    },
    stop.signal,
  );
  return { clock, told, stop, givenUp, done };
}

test('messages are sent at their times, whatever the ones before do', async () => {
  const answers: (() => void)[] = [];
  const { clock, told, done } = started(
    {},
    { send: () => new Promise((resolve) => answers.push(() => resolve(taken))) },
  );
  await clock.pass(2_500);
  assert.deepEqual(told, ['intend 1 at 0', 'intend 2 at 1000', 'intend 3 at 2000']);
  for (const answer of answers) answer();
  await done;
  assert.deepEqual(told.slice(3), ['ok 1 at 2500', 'ok 2 at 2500', 'ok 3 at 2500']);
});

test('only what the daemon was given has a time at which it was', async () => {
  const times: (number | undefined)[] = [];
  const answers: SendOutcome[] = [
    { outcome: 'fail', code: 'AWAY', message: 'nobody serves', wasOffered: false },
    { outcome: 'fail', code: 'NO', message: 'it says no' },
    taken,
  ];
  const { clock, done } = started(
    {},
    {
      send: async () => answers.shift() ?? taken,
      log: { settled: async (_seq, _outcome, { sentAt }) => void times.push(sentAt) },
    },
  );
  await clock.pass(2_500);
  await done;
  assert.deepEqual(
    times.map((sentAt) => sentAt !== undefined),
    [false, true, true],
  );
});

test('nothing is sent before its intent is safe', async () => {
  let safe = () => {};
  let sends = 0;
  const { clock, done } = started(
    { amount: 1 },
    {
      log: {
        intend: () =>
          new Promise((resolve) => {
            safe = resolve;
          }),
      },
      send: async () => {
        sends += 1;
        return taken;
      },
    },
  );
  await clock.pass(100);
  assert.equal(sends, 0);
  safe();
  await done;
  assert.equal(sends, 1);
});

test('after a stand-still what was missed is told and not sent in one burst; the schedule does not move', async () => {
  const { clock, told, done } = started({ amount: 6, intervalMs: 500 });
  await clock.pass(10);
  clock.simulated.increment(1_790);
  await clock.pass(1_000);
  await done;
  assert.deepEqual(told, [
    'intend 1 at 0',
    'ok 1 at 0',
    'slip 2 1300 false',
    'slip 3 800 true',
    'intend 3 at 1800',
    'ok 3 at 1800',
    'slip 4 300 true',
    'intend 4 at 1800',
    'ok 4 at 1800',
    'intend 5 at 2000',
    'ok 5 at 2000',
    'intend 6 at 2500',
    'ok 6 at 2500',
  ]);
});

test('it goes on from the first message that was not meant to be sent before', async () => {
  const { clock, told, done } = started({}, { from: 3 });
  await clock.pass(2_000);
  await done;
  assert.deepEqual(told, ['intend 3 at 2000', 'ok 3 at 2000']);
});

test('when too many wait for answers the next ones are late', async () => {
  const answers: (() => void)[] = [];
  const { clock, told, done } = started(
    {},
    { mostOpen: 1, send: () => new Promise((resolve) => answers.push(() => resolve(taken))) },
  );
  await clock.pass(1_500);
  assert.deepEqual(told, ['intend 1 at 0']);
  answers.shift()?.();
  await clock.pass(610);
  answers.shift()?.();
  await clock.pass(100);
  answers.shift()?.();
  await done;
  assert.deepEqual(
    told.filter((line) => /slip|intend/.test(line)),
    ['intend 1 at 0', 'slip 2 500 true', 'intend 2 at 1500', 'slip 3 110 true', 'intend 3 at 2110'],
  );
});

test('a stop ends it after what is open; a log that fails ends it at once', async () => {
  const { clock, told, stop, done } = started({});
  await clock.pass(500);
  stop.abort();
  await done;
  assert.deepEqual(told, ['intend 1 at 0', 'ok 1 at 0']);

  const failing = started({}, { log: { settled: () => Promise.reject(new Error('the disk is full')) } });
  const failed = assert.rejects(failing.done, /the disk is full/);
  await failing.clock.pass(3_000);
  await failed;
  assert.deepEqual(failing.told, ['intend 1 at 0']);
});

test('the window of sending holds the last message, however late it may be', () => {
  assert.equal(sendWindowMs({ intervalMs: 500, amount: 11 }), 6_000);
  assert.equal(sendWindowMs({ intervalMs: 5_000, amount: 1 }), 5_000);
});

test('answers that do not come are not waited for when they are given up', async () => {
  const late: SendOutcome = { outcome: 'info', code: 'TIME_OUT', message: 'nobody waits any more' };
  const send = (_: Uint8Array, signal: AbortSignal): Promise<SendOutcome> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(late)));
  const { clock, told, stop, givenUp, done } = started({}, { send });
  await clock.pass(1_000);
  stop.abort();
  givenUp.abort();
  await done;
  assert.deepEqual(told, ['intend 1 at 0', 'intend 2 at 1000', 'info 1 at 1000', 'info 2 at 1000']);
});
