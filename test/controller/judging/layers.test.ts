import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Judgement, Layers } from '../../../src/controller/judging/judgement.js';
import { goodRun, pairOf, type Run } from './runs.js';

/** The layers in which something of a's messages to a receiver is. */
function layersOf(judgement: Judgement, receiver: string): Record<string, number> {
  const layers: Partial<Layers> = pairOf(judgement, 'a', receiver)?.layers ?? {};
  return Object.fromEntries(Object.entries(layers).filter(([, count]) => count > 0));
}

/** A run in which these lack the second message of a. */
const lackedBy = (...receivers: readonly string[]): Run =>
  goodRun({}, (receiver, sender, seq) => receivers.includes(receiver) && sender === 'a' && seq === 2);

/** Takes what a node had of the second message of a before its last reading. */
function forget(run: Run, node: string): Run {
  const records = run.records(node);
  const at = records.findIndex(
    (one) => one.k === 'receipt' && one.from === 'a' && one.seq === 2 && one.how === 'live',
  );
  const kept = records.filter((_, place) => place !== at && place < records.length - 1);
  records.splice(0, records.length, ...kept.map((one, place) => ({ ...one, n: place + 1 })));
  return run.end(node);
}

describe('where a message stayed', () => {
  test('is told where all has arrived: nowhere', () => {
    const judgement = goodRun().judge();
    assert.equal(pairOf(judgement, 'a', 'b')?.layers, undefined);
    assert.equal(judgement.layers?.arrived, 18);
  });

  test('depends on who else has it in the end', () => {
    assert.deepEqual(layersOf(lackedBy('b').judge(), 'b'), { arrived: 2, undelivered: 1 });
    const nowhere = lackedBy('b', 'c').judge();
    assert.deepEqual(layersOf(nowhere, 'b'), { arrived: 2, unsent: 1 });
    assert.deepEqual(nowhere.messages[0]?.troubles, [
      { trouble: 'lost', receiver: 'b', layer: 'unsent' },
      { trouble: 'lost', receiver: 'c', layer: 'unsent' },
    ]);
  });

  test('is not known where nobody knows whether another one has it', () => {
    const run = lackedBy('b', 'c');
    run.records('c').splice(-1);
    assert.deepEqual(layersOf(run.judge(), 'b'), { arrived: 2, unclear: 1 });
  });

  test('is the daemon where only the last reading has it, however soon that was', () => {
    const run = forget(goodRun({ rules: { lateAfterMs: 60_000 } }), 'b');
    const judgement = run.judge();
    assert.deepEqual(layersOf(judgement, 'b'), { arrived: 2, uncollected: 1 });
    assert.deepEqual([judgement.verdict, judgement.totals.delivered], ['pass', 18]);
    run.records('b').splice(-1);
    assert.deepEqual(
      layersOf(run.judge(), 'b'),
      {},
      'where records are missing it may have been told before',
    );
  });
});
