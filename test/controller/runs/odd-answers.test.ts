import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { Rehearsal } from './controllers.js';

const scenario = `
settle: 100ms
arm: 100ms
control: {amount: 1, interval: 100ms}
nodes: {north: {}, south: {}}
groups: {chat: {tests: {ping: {type: text, size: 20B, interval: 100ms, amount: 5}}}}
patience: {collect: 5s}
`;

test('a node that tells of tests nobody has planned keeps nobody from seeing how far the run is', async () => {
  const told = {
    ...{ run: 'odd', test: 'no name.at all', spec: undefined, startAtMs: 0, reason: '' },
    ...{ state: 'x'.repeat(5_000), lastSeq: 0, ok: 0, fail: 0, info: 0, unknown: 0, open: 0 },
    ...{ received: 0, duplicated: 0, slips: 0, boots: 1, recorded: 0, drained: 0 },
  };
  const madeUp = (node: string) => (node === 'south' ? [told] : []);
  const rehearsal = await Rehearsal.open(['north', 'south'], { madeUp });
  try {
    const controller = await rehearsal.controller();
    await controller.start('odd', scenario);
    const ended = await rehearsal.ended('odd');
    assert.equal(ended.verdict, 'pass', JSON.stringify(ended.reasons));
  } finally {
    await rehearsal.close();
  }
});

test('whoever watches a run is told when the bus has lost it', async () => {
  const rehearsal = await Rehearsal.open(['north'], {});
  try {
    const controller = await rehearsal.controller();
    await controller.start('gone', scenario);
    const watch = controller.watch('gone');
    await once(watch, 'data');
    watch.on('data', () => {});
    const failed = once(watch, 'error');
    await rehearsal.runs.delete('gone');
    const [thrown] = await failed;
    assert.match(String(thrown), /NOT_FOUND.*'gone' is not stored any more/);
  } finally {
    await rehearsal.close();
  }
});

test('a run that is ended ends at the nodes that can be reached, however many cannot', async () => {
  const away = Array.from({ length: 17 }, (_, i) => `away-${i + 10}`);
  const never = new Promise<void>(() => {});
  const told = new Set<string>();
  let isCut = false;
  const before = (node: string, method: string): Promise<void> => {
    if (isCut && away.includes(node)) return never;
    if (isCut) told.add(`${node} ${method}`);
    return Promise.resolve();
  };
  const rehearsal = await Rehearsal.open([...away, 'north', 'south'], { before });
  try {
    const controller = await rehearsal.controller();
    const nodes = [...away, 'north', 'south'].map((name) => `${name}: {}`).join();
    const more = scenario
      .replace('north: {}, south: {}', nodes)
      .replace('amount: 5', 'amount: 600')
      .replace('chat: {', 'chat: {members: [away-10, north], ');
    await controller.start('ends', more);
    await rehearsal.reached('ends', 'main.running');
    isCut = true;
    await controller.stopRun('ends', 'enough');
    // South takes part in no test, and hears the term all the same.
    const wanted = ['north stopTest', 'north healAll', 'south healAll'];
    await eventually('north and south are told', () => wanted.every((one) => told.has(one)) || undefined, {
      timeoutMs: 10_000,
    });
  } finally {
    await rehearsal.close();
  }
});
