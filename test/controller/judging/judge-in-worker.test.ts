import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { StoredResult } from '../../../src/bus/read-results.js';
import { judgeInWorker } from '../../../src/controller/judging/judge-in-worker.js';
import { goodRun, hashOf, t0 } from './runs.js';

async function* streamed(results: readonly StoredResult[]): AsyncGenerator<StoredResult> {
  for (const result of results) yield result;
}

/** Receipts without an end; the loop turns now and then. */
async function* endless(turns = false): AsyncGenerator<StoredResult> {
  for (let n = 1; ; n++) {
    const hash = hashOf('a', 1);
    const what = { id: 'x', how: 'live', sub: 1, test: 'ping', from: 'a', seq: 1, hash, size: 1 } as const;
    yield { node: 'b', test: 'ping', journal: 'j', record: { n, at: t0, k: 'receipt', ...what } };
    if (turns && n % 100 === 0) await turn();
  }
}

describe('judging in a thread of its own', () => {
  test('comes to the same judgement, by the rules that it is given', async () => {
    const run = goodRun({}, (receiver, sender, seq) => receiver === 'b' && sender === 'a' && seq === 2);
    const rules = { ...run.plan.rules, lost: 1 };
    assert.deepEqual(await judgeInWorker(run.facts, rules, streamed(run.results())), run.judge(rules));
  });

  test('ends when it is aborted, in the middle or before it began, and reads no more', async () => {
    const { facts, plan } = goodRun();
    const stop = new AbortController();
    let given = 0;
    let closed = false;
    async function* watched(): AsyncGenerator<StoredResult> {
      try {
        for await (const result of endless(true)) {
          given++;
          if (given === 5_000) stop.abort();
          yield result;
        }
      } finally {
        closed = true;
      }
    }
    const judging = judgeInWorker(facts, plan.rules, watched(), { signal: stop.signal });
    await assert.rejects(judging, { code: 'JUDGING_ABORTED' });
    while (!closed) await turn();
    assert.ok(given < 6_000, `${given} records were read`);
    const again = judgeInWorker(facts, plan.rules, endless(), { signal: stop.signal });
    await assert.rejects(again, { code: 'JUDGING_ABORTED' });
  });

  test('fails as what it reads does', async () => {
    const { facts, plan } = goodRun();
    async function* broken(): AsyncGenerator<StoredResult> {
      yield* streamed(goodRun().results());
      throw new RangeError('the stream is gone');
    }
    await assert.rejects(judgeInWorker(facts, plan.rules, broken()), /^RangeError: the stream is gone$/);
  });

  test('tells what went wrong in the thread', async () => {
    const { facts, plan } = goodRun();
    async function* impossible(): AsyncGenerator<StoredResult> {
      for (const result of goodRun().results()) yield Object.assign({ ...result }, { record: undefined });
    }
    await assert.rejects(judgeInWorker(facts, plan.rules, impossible()), {
      code: 'JUDGING_FAILED',
      name: 'PosternError',
    });
  });

  test('reads no faster than the thread takes in', async () => {
    const { facts, plan } = goodRun();
    const stop = new AbortController();
    let hasTurned = false;
    let given = 0;
    // Until the loop turns nothing of the thread is heard: what is read until then must have an end.
    async function* eager(): AsyncGenerator<StoredResult> {
      for await (const result of endless()) {
        given++;
        if (given > 2_000 && !hasTurned) throw new RangeError('too much was read');
        yield result;
      }
    }
    const judging = judgeInWorker(facts, plan.rules, eager(), { signal: stop.signal });
    setImmediate(() => {
      hasTurned = true;
      stop.abort();
    });
    await assert.rejects(judging, { code: 'JUDGING_ABORTED' });
    assert.ok(given >= 800, `only ${given} records were read`);
  });
});
