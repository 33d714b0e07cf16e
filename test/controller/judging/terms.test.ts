import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foundIn } from './generated.js';
import { codesOf, goodRun, hashOf, pairOf, plannedTest } from './runs.js';

/** b lacks the second message of a. */
const bLacks = (receiver: string, sender: string, seq: number): boolean =>
  receiver === 'b' && sender === 'a' && seq === 2;

describe('the terms of the checker', () => {
  test('a run in which all arrives passes, and each receiver is owed what the others sent', () => {
    const judgement = goodRun().judge();
    assert.equal(judgement.verdict, 'pass');
    assert.deepEqual(judgement.reasons, []);
    assert.deepEqual(judgement.messages, []);
    const { scheduled, ok, expected, delivered } = judgement.totals;
    assert.deepEqual(
      { scheduled, ok, expected, delivered },
      { scheduled: 9, ok: 9, expected: 18, delivered: 18 },
    );
    assert.equal(judgement.tests[0]?.pairs.length, 6, 'a sender is no receiver of its own');
    assert.deepEqual(pairOf(judgement, 'a', 'b')?.latency, { count: 3, p50: 50, p95: 50, p99: 50, max: 50 });
  });

  test('lost is what was accepted and is not in a complete reading, nor came before', () => {
    const judgement = goodRun({}, bLacks).judge();
    assert.equal(judgement.verdict, 'fail');
    assert.deepEqual(foundIn(judgement), ['lost ping a#2 b']);
    assert.deepEqual(judgement.troubled, { lost: 1 });
    assert.match(judgement.reasons[0]?.text ?? '', /^1 message was lost: a to b in ping: 1$/);
    assert.equal(pairOf(judgement, 'a', 'b')?.counts.lost, 1);
  });

  test('what the final reading alone has was delivered', () => {
    const run = goodRun({}, bLacks);
    const records = run.records('b');
    const reading = records.findIndex(({ k }) => k === 'final');
    records.splice(reading - 1);
    run.receive('b', 'a', 2, 12_100, { way: 'final' });
    run.write('b', 12_200, { k: 'final', sub: 1, complete: true, messages: 9 }).end('b');
    const judgement = run.judge();
    // The reading is what its journal says it is; the last receipt that was cut off came live before.
    assert.equal(judgement.totals.lost, 0);
    assert.equal(pairOf(judgement, 'a', 'b')?.latency?.max, 12_100 - 1_010);
  });

  test('vanished is what had come before the last reading began and is not in it', () => {
    const run = goodRun({}, bLacks);
    const records = run.records('b');
    records.splice(records.findIndex(({ k }) => k === 'note'));
    run.receive('b', 'a', 2, 2_900, { way: 'replay' });
    const has = ['a', 'b', 'c'].flatMap((from) => [1, 2, 3].map((seq) => [from, seq] as const));
    run.finish(
      'b',
      has.filter(([from, seq]) => from !== 'a' || seq !== 2),
    );
    const judgement = run.judge();
    assert.deepEqual(foundIn(judgement), ['vanished ping a#2 b']);
    assert.equal(judgement.totals.delivered, 18);
    assert.equal(judgement.verdict, 'fail');
  });

  test('what came only while everything was read need not have been read', () => {
    const run = goodRun({}, bLacks);
    const records = run.records('b');
    records.splice(records.findIndex(({ k }) => k === 'final'));
    run.receive('b', 'a', 2, 12_150);
    run.write('b', 12_200, { k: 'final', sub: 1, complete: true, messages: 8 }).end('b');
    const judgement = run.judge();
    assert.equal(judgement.totals.vanished, 0);
    assert.equal(judgement.totals.lost, 0);
  });

  test('what was acknowledged only when the last reading had begun is unknown where it is not in it', () => {
    const run = goodRun({}, (receiver, sender, seq) => receiver === 'b' && sender === 'a' && seq === 3);
    const outcome = run.records('a').findIndex((record) => record.k === 'outcome' && record.seq === 3);
    const record = run.records('a')[outcome];
    assert.equal(record?.k, 'outcome');
    if (record?.k === 'outcome') record.ackAt = record.at + 10_000;
    const last = run.records('a').pop();
    assert.equal(last?.k, 'finished');
    const judgement = run.end('a').judge();
    assert.deepEqual(foundIn(judgement), ['unknown ping a#3 b']);
    assert.equal(judgement.verdict, 'unknown');
  });

  for (const result of ['fail', 'info', 'unknown'] as const) {
    test(`a send that ended as ${result} owes nothing, and is recovered where it comes`, () => {
      const run = goodRun({ tests: [plannedTest({ amount: 4 })] });
      for (const node of ['a', 'b', 'c']) run.records(node).splice(-1);
      for (const node of ['b', 'c']) run.send(node, 4, result);
      run.send('a', 4, result).receive('b', 'a', 4, 3_060);
      for (const node of ['a', 'b', 'c']) run.end(node);
      const judgement = run.judge();
      assert.deepEqual(foundIn(judgement), ['recovered ping a#4 b']);
      assert.equal(judgement.totals.expected, 18);
      assert.equal(judgement.totals[result === 'fail' ? 'fail' : 'info'], 3);
      assert.equal(judgement.verdict, 'pass');
    });
  }

  test('unexpected is what nobody tried to send: a number too high, a stranger, no name at all', () => {
    const run = goodRun();
    for (const node of ['b', 'c']) run.records(node).splice(-1);
    run.receive('b', 'a', 9, 4_000).receive('b', 'a', 9, 4_100, { way: 'final' });
    run.receive('b', 'stranger', 1, 4_000).receive('c', 'stranger', 1, 4_000);
    run.write('b', 4_000, { k: 'receipt', id: 'x', how: 'live', sub: 1, hash: hashOf('x', 1), size: 1 });
    const judgement = run.end('b').end('c').judge();
    assert.deepEqual(foundIn(judgement), [
      'unexpected ping ?#0 b',
      'unexpected ping a#9 b',
      'unexpected ping stranger#1 b',
      'unexpected ping stranger#1 c',
    ]);
    assert.equal(judgement.totals.unexpected, 4);
    assert.equal(pairOf(judgement, 'a', 'b')?.counts.unexpected, 1);
    assert.equal(pairOf(judgement, '?', 'b')?.counts.unexpected, 1);
    assert.deepEqual(codesOf(judgement), ['unexpected']);
  });

  test('what a sender whose records have a gap did not tell of is not unexpected', () => {
    const run = goodRun();
    const intent = run.records('a').findIndex((record) => record.k === 'intent' && record.seq === 2);
    run.records('a').splice(intent, 1);
    const gap = run.records('a').findIndex((record) => record.k === 'outcome' && record.seq === 2);
    run.records('a').splice(gap, 1);
    const judgement = run.judge();
    assert.deepEqual(foundIn(judgement), []);
    assert.deepEqual(codesOf(judgement), ['gap']);
  });

  test('corrupt is what came with other content, and it is lost where nothing else came', () => {
    const run = goodRun({}, bLacks);
    const last = run.records('b').pop();
    assert.equal(last?.k, 'finished');
    run.receive('b', 'a', 2, 1_100, { hash: hashOf('z', 1) }).end('b');
    assert.deepEqual(foundIn(run.judge()), ['corrupt ping a#2 b', 'lost ping a#2 b']);
  });

  test('a number that no message has is unexpected whatever is missing of its sender', () => {
    const run = goodRun();
    run.records('a').splice(2, 1);
    run.records('b').splice(-1);
    const judgement = run.receive('b', 'a', 4, 4_000).end('b').judge();
    assert.deepEqual(foundIn(judgement), ['unexpected ping a#4 b']);
  });

  test('contents whose hashes begin alike are not the same', () => {
    const run = goodRun();
    run.records('b').splice(-1);
    const like = `${hashOf('a', 1).slice(0, 8)}${hashOf('a', 2).slice(8)}`;
    run.receive('b', 'a', 1, 12_150, { way: 'final', hash: like }).end('b');
    assert.deepEqual(foundIn(run.judge()), ['corrupt ping a#1 b']);
  });

  test('what a node hears of itself is no delivery', () => {
    const judgement = goodRun(
      { members: ['a', 'b'], tests: [plannedTest({ senders: ['a', 'b'] })] },
      (to, from) => to === from,
    ).judge();
    assert.equal(judgement.verdict, 'pass');
    assert.equal(judgement.totals.expected, 6);
  });
});
