import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutLab } from '../../support/lab/stage.js';
import { drawPlan } from './random/draw.js';
import { randomPlans } from './random/plans.js';

const plans = 6;
const cuts = ['partition', 'loss', 'reset'].flatMap((kind) =>
  ['daemon', 'hub', 'host'].map((scope) => `${kind} ${scope}`),
);
const able = new Set([...cuts, 'link hub', 'rate host', 'interface host', 'pause daemon']);

test('so many plans cut ways, lose packets, limit a rate and put an interface down', () => {
  const drawn = Array.from({ length: plans }, (_, i) => drawPlan(i + 1, able, 'lab').faults).flat();
  const kinds = new Set(drawn.map(({ kind, partition }) => (partition === undefined ? kind : 'partition')));
  for (const kind of ['partition', 'loss', 'reset', 'rate', 'interface']) assert.ok(kinds.has(kind), kind);
});

randomPlans('lab', { plans, missing: await withoutLab() });
