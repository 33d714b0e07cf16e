import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordOf, ResultRecord } from '../../../src/bus/result-records.js';
import type { Judgement, Layers } from '../../../src/controller/judging/judgement.js';
import { goodRun, hashOf, pairOf, type Run, t0 } from './runs.js';

/** The layers in which something of a's messages to a receiver is. */
function layersOf(judgement: Judgement, receiver: string): Record<string, number> {
  const layers: Partial<Layers> = pairOf(judgement, 'a', receiver)?.layers ?? {};
  return Object.fromEntries(Object.entries(layers).filter(([, count]) => count > 0));
}

/** A run in which these lack the second message of a. */
const lackedBy = (...receivers: readonly string[]): Run =>
  goodRun({}, (receiver, sender, seq) => receivers.includes(receiver) && sender === 'a' && seq === 2);

/** Changes what a node wrote; undefined: the record goes. */
function rewrite(run: Run, node: string, change: (record: ResultRecord) => ResultRecord | undefined): Run {
  const records = run.records(node);
  const kept = records.slice(0, -1).flatMap((one) => change(one) ?? []);
  records.splice(0, records.length, ...kept.map((one, place) => ({ ...one, n: place + 1 })));
  return run.end(node);
}

/** Takes away what a node had of the second message of a, as it happened or in the last reading. */
const forget = (run: Run, node: string, how: 'live' | 'final' = 'live'): Run =>
  rewrite(run, node, (one) =>
    one.k === 'receipt' && one.from === 'a' && one.seq === 2 && one.how === how ? undefined : one,
  );

/** The second send of a has this outcome instead. */
const ended = (run: Run, outcome: Partial<RecordOf<'outcome'>>): Run =>
  rewrite(run, 'a', (one) => (one.k === 'outcome' && one.seq === 2 ? { ...one, ...outcome } : one));

/** Like `ended`, of what its daemon was never given. */
const unoffered = (run: Run): Run =>
  rewrite(run, 'a', (one) => {
    if (one.k !== 'outcome' || one.seq !== 2) return one;
    const { sentAt: _, id: __, ...rest } = one;
    return { ...rest, result: 'fail', code: 'DAEMON_UNREACHABLE' };
  });

/** The last reading of a node did not come to its end. */
const unread = (run: Run, node: string): Run =>
  rewrite(run, node, (one) => (one.k === 'final' ? { ...one, complete: false } : one));

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

  test('is its sender where the daemon was never given it, and the daemon where it said no', () => {
    assert.deepEqual(layersOf(ended(lackedBy('b', 'c'), { result: 'fail' }).judge(), 'b'), {
      arrived: 2,
      unsent: 1,
    });
    const refused = ended(forget(lackedBy('b', 'c'), 'a', 'final'), { result: 'fail' });
    assert.deepEqual(layersOf(refused.judge(), 'b'), { arrived: 2, refused: 1 });
    const never = unoffered(forget(lackedBy('b', 'c'), 'a', 'final'));
    assert.deepEqual(layersOf(never.judge(), 'b'), { arrived: 2, notSent: 1 });
  });

  test('where nobody else has it, is told by what the daemon of its sender had in the end', () => {
    const dropped = forget(lackedBy('b', 'c'), 'a', 'final').judge();
    assert.deepEqual(layersOf(dropped, 'b'), { arrived: 2, unkept: 1 });
    assert.deepEqual(dropped.layers, { ...none, arrived: 16, unkept: 2 });
    const [first] = dropped.messages;
    assert.ok(
      first?.history.some(({ node, what }) => node === 'a' && what === 'absent'),
      'it is not told that its sender had it no more',
    );
    assert.deepEqual(layersOf(unread(lackedBy('b', 'c'), 'a').judge(), 'b'), { arrived: 2, presumed: 1 });
    assert.deepEqual(layersOf(unread(lackedBy('b'), 'a').judge(), 'b'), { arrived: 2, undelivered: 1 });
    const other = rewrite(lackedBy('b', 'c'), 'a', (one) =>
      one.k === 'receipt' && one.from === 'a' && one.seq === 2 ? { ...one, hash: hashOf('a', 9) } : one,
    );
    assert.deepEqual(layersOf(other.judge(), 'b'), { arrived: 2, unkept: 1 }, 'it keeps something else');
  });

  test('of a send without a clear answer, is told where the daemon of its sender has it', () => {
    const doubtful = (result: 'info' | 'unknown', ...lacking: readonly string[]): Run =>
      ended(lackedBy(...lacking), { result });
    assert.deepEqual(layersOf(doubtful('info', 'b', 'c').judge(), 'b'), { arrived: 2, unsent: 1 });
    assert.deepEqual(layersOf(doubtful('unknown', 'b').judge(), 'b'), { arrived: 2, undelivered: 1 });
    const gone = (result: 'info' | 'unknown') => forget(doubtful(result, 'b', 'c'), 'a', 'final').judge();
    assert.deepEqual(layersOf(gone('info'), 'b'), { arrived: 2, unkept: 1 });
    assert.deepEqual(layersOf(gone('unknown'), 'b'), { arrived: 2, unclear: 1 });
    assert.deepEqual(layersOf(unread(doubtful('info', 'b', 'c'), 'a').judge(), 'b'), {
      arrived: 2,
      unclear: 1,
    });
    assert.equal(gone('info').verdict, 'pass', 'nobody is owed it');
  });

  test('is told by the last reading of the sender, whatever one before it had', () => {
    const run = forget(lackedBy('b', 'c'), 'a', 'final');
    const records = run.records('a').slice(0, -1);
    const at = records.findIndex(({ k }) => k === 'note');
    const listed = records.find((one) => one.k === 'receipt' && one.from === 'a' && one.seq === 2);
    const [note] = records.slice(at);
    assert.ok(note !== undefined && listed?.k === 'receipt');
    const boot: ResultRecord = { n: 1, at: note.at, k: 'boot', boot: 2, version: '1', cut: 0 };
    records.splice(at, 0, note, { ...listed, how: 'final', at: note.at }, boot);
    const all = run.records('a');
    all.splice(0, all.length, ...records.map((one, place) => ({ ...one, n: place + 1 })));
    assert.deepEqual(layersOf(run.end('a').judge(), 'b'), { arrived: 2, unkept: 1 });
  });

  test('of a refused one that came and is gone, is not its refusal', () => {
    const run = forget(ended(lackedBy('c'), { result: 'fail' }), 'a', 'final');
    assert.deepEqual(layersOf(forget(run, 'b', 'final').judge(), 'b'), { arrived: 2, unkept: 1 });
  });

  test('is not told by a reading of the sender that began before the daemon answered', () => {
    const late = rewrite(
      ended(forget(lackedBy('b', 'c'), 'a', 'final'), { ackAt: t0 + 12_010 }),
      'a',
      (one) => (one.k === 'note' ? { ...one, at: t0 + 12_005 } : one),
    );
    for (const node of ['b', 'c']) {
      rewrite(late, node, (one) => (one.k === 'note' ? { ...one, at: t0 + 12_050 } : one));
    }
    assert.deepEqual(layersOf(late.judge(), 'b'), { arrived: 2, presumed: 1 });
  });
});

const none: Layers = {
  ...{ arrived: 0, notSent: 0, refused: 0, unkept: 0, unsent: 0 },
  ...{ presumed: 0, undelivered: 0, uncollected: 0, unclear: 0 },
};
