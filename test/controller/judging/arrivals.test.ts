import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foundIn } from './generated.js';
import { codesOf, goodRun, type Run } from './runs.js';

/** A run to whose node b more comes before its last record. */
function withMore(more: (run: Run) => unknown, lacks?: Parameters<typeof goodRun>[1]): Run {
  const run = goodRun({}, lacks);
  run.records('b').splice(-1);
  more(run);
  return run.end('b');
}

describe('messages that come again', () => {
  test('twice live under one id in one subscription is duplicated', () => {
    const run = withMore((more) => more.receive('b', 'a', 1, 4_000));
    const judgement = run.judge();
    assert.deepEqual(foundIn(judgement), ['duplicated ping a#1 b']);
    assert.deepEqual([judgement.verdict, ...codesOf(judgement)], ['fail', 'duplicated']);
    assert.equal(run.judge({ ...run.plan.rules, duplicated: 1 }).verdict, 'pass');
    assert.equal(run.judge({ ...run.plan.rules, duplicated: 'any' }).verdict, 'pass');
  });

  test('under two ids it was sent twice, whatever it came by', () => {
    const run = withMore((more) => more.receive('b', 'a', 1, 12_150, { way: 'final', id: 'other' }));
    assert.deepEqual(foundIn(run.judge()), ['duplicated ping a#1 b']);
  });

  test('in another subscription it was replayed, which is no harm', () => {
    const run = withMore((more) => {
      more.receive('b', 'a', 1, 4_000, { sub: 2, way: 'replay' });
      more.receive('b', 'a', 2, 4_000, { sub: 2 });
    });
    const judgement = run.judge();
    assert.equal(judgement.verdict, 'pass');
    assert.equal(judgement.totals.replayed, 2);
    assert.equal(judgement.totals.duplicated, 0);
  });

  test('each process of an agent counts its own subscriptions', () => {
    const run = withMore((more) => {
      more.write('b', 4_000, { k: 'boot', boot: 2, version: '1', cut: 0 });
      more.receive('b', 'a', 1, 4_100, { sub: 1 });
    });
    const records = run.records('b');
    assert.ok(records.length > 0);
    const { duplicated, replayed } = run.judge().totals;
    assert.deepEqual([duplicated, replayed], [0, 1]);
  });

  test('where a record is missing, a process may have begun anew, and another subscription with it', () => {
    const run = withMore((more) => more.receive('b', 'b', 1, 3_900).receive('b', 'a', 1, 4_000));
    const own = run.records('b').findLastIndex((record) => record.k === 'receipt' && record.from === 'b');
    run.records('b').splice(own, 1);
    const { duplicated, replayed } = run.judge().totals;
    assert.deepEqual([duplicated, replayed], [0, 1]);
  });

  test('a reading of all is not a second coming', () => {
    const run = withMore((more) => more.receive('b', 'a', 1, 12_150, { way: 'final' }));
    assert.deepEqual([run.judge().verdict, run.judge().totals.replayed], ['pass', 0]);
  });
});

describe('messages out of order', () => {
  const bLacks = (receiver: string, sender: string, seq: number): boolean =>
    receiver === 'b' && sender === 'a' && seq === 1;

  test('what comes live behind a later one is reordered', () => {
    const run = withMore((more) => more.receive('b', 'a', 1, 2_005), bLacks);
    const judgement = run.judge();
    assert.deepEqual(foundIn(judgement), ['reordered ping a#1 b']);
    assert.equal(judgement.totals.displacement, 2);
    assert.equal(judgement.verdict, 'pass', 'it is told and does not count');
    assert.deepEqual(codesOf(run.judge({ ...run.plan.rules, reordered: 0 })), ['reordered']);
    assert.equal(run.judge({ ...run.plan.rules, reordered: 1 }).verdict, 'pass');
  });

  test('where a record is missing, it may have come in its turn before', () => {
    const run = withMore((more) => more.receive('b', 'a', 1, 2_005), bLacks);
    const own = run.records('b').findIndex((record) => record.k === 'receipt' && record.from === 'b');
    run.records('b').splice(own, 1);
    const judgement = run.judge();
    assert.deepEqual([judgement.totals.reordered, judgement.totals.displacement], [0, 0]);
    assert.deepEqual(codesOf(judgement), ['gap']);
  });

  test('what is listed comes in whatever order', () => {
    const run = withMore((more) => more.receive('b', 'a', 1, 2_005, { way: 'replay' }), bLacks);
    assert.deepEqual(foundIn(run.judge()), []);
  });

  test('only messages of one sender have an order', () => {
    const run = withMore(
      (more) => more.receive('b', 'a', 1, 2_005),
      (receiver, sender) => receiver === 'b' && sender === 'a',
    );
    assert.equal(run.judge().totals.reordered, 0);
  });
});
