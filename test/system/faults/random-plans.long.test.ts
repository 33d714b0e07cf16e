import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan } from './random/draw.js';
import { randomPlans } from './random/plans.js';

const plans = 20;
const able = new Set(
  [
    'pause',
    'kill',
    'restart',
    'partition',
    'loss',
    'rate',
    'delay',
    'reset',
    'stall',
    'duplicate',
    'reorder',
  ].map((kind) => `${kind} daemon`),
);

test('so many plans have datagrams doubled and overtaken, each more than once', () => {
  const drawn = Array.from({ length: plans }, (_, i) =>
    drawPlan(i + 1, able).faults.map(({ kind }) => kind),
  ).flat();
  for (const kind of ['duplicate', 'reorder']) {
    assert.ok(drawn.filter((one) => one === kind).length > 1, kind);
  }
});

randomPlans('local', { plans });
