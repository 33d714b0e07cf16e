import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { plainPlanned } from '../../../src/controller/plan/plan.js';
import { disturbed, goodRun, plannedFault, t0 } from './runs.js';

/** Spans from T0 on, with their causes, by node. */
function blindIn({ blind = [] }: Judgement): unknown {
  return blind.map(({ node, ms, longestMs, neverMs, times, spans }) => ({
    ...{ node, ms, longestMs, neverMs, times },
    spans: spans.map(({ fromMs, toMs, causes }) => [fromMs - t0, toMs - t0, causes.join(' ')]),
  }));
}

describe('times in which nobody could know of a node', () => {
  test('are none in a good run, nor where a fault lies between daemons or spares the hub', () => {
    assert.deepEqual(blindIn(goodRun().judge()), []);
    const plain = plannedFault({ kind: 'partition', shape: plainPlanned('partition') });
    const faults = [plain, plannedFault({ fault: 'other', kind: 'pause' })];
    assert.deepEqual(blindIn(disturbed(goodRun({ faults }), 1_000, 5_000).judge()), []);
    const shape = { ...plannedFault({ kind: 'partition' }).shape, scope: 'host', from: ['c'] } as const;
    const some = [plannedFault({ kind: 'partition', shape })];
    assert.deepEqual(blindIn(disturbed(goodRun({ faults: some }), 1_000, 5_000).judge()), []);
  });

  test('are told by the node and by the fault that cut it off, what both tell once', () => {
    const run = disturbed(goodRun({ faults: [plannedFault()] }), 1_000, 5_000);
    const last = run.records('b').pop();
    for (const [at, up] of [
      [1_400, false],
      [5_600, true],
      [7_000, false],
      [7_500, true],
    ] as const) {
      run.write('b', at, { k: 'hub', up });
    }
    run.write('b', 8_000, { k: 'daemon', up: false });
    assert.equal(last?.k, 'finished');
    run.end('b');
    assert.deepEqual(blindIn(run.judge()), [
      {
        ...{ node: 'b', ms: 5_100, longestMs: 4_600, neverMs: 0, times: 2 },
        spans: [
          [1_000, 5_600, 'fault hub'],
          [7_000, 7_500, 'hub'],
        ],
      },
    ]);
  });

  test('go on to the end of the run where records do not reach to the end of the test', () => {
    const run = goodRun();
    run.records('c').splice(-3);
    const lastAt = (run.records('c').at(-1)?.at ?? 0) - t0;
    const ms = 60_000 - lastAt;
    assert.deepEqual(blindIn(run.judge()), [
      { node: 'c', ms, longestMs: ms, neverMs: ms, times: 1, spans: [[lastAt, 60_000, 'records']] },
    ]);
  });
});
