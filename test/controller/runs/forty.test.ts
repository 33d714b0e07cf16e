import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rehearsal } from './controllers.js';

const nodes = Array.from({ length: 40 }, (_, at) => `n${String(at).padStart(2, '0')}`);
const scenario = `
name: forty
seed: 1
nodes: {${nodes.map((name) => `${name}: {}`).join(', ')}}
groups:
  all:
    members: [${nodes.join(', ')}]
    tests:
      ping: {type: text, size: 200B, interval: 100ms, amount: 10, senders: [${nodes.slice(0, 10).join(', ')}]}
control: {amount: 2, interval: 100ms}
arm: 2s
settle: 1s
`;

test('a run of forty nodes, some of which only receive, comes to its verdict and names what was lost', async () => {
  // The controller's own test before has messages of the same numbers: only the later ones of a sender are lost.
  const lost = (from: string, seq: number): boolean => from === 'n03' && seq === 7;
  const rehearsal = await Rehearsal.open(nodes, { lost });
  try {
    const controller = await rehearsal.controller('10s');
    await controller.start('r1', scenario);
    const ended = await rehearsal.ended('r1');
    assert.equal(ended.verdict, 'fail', JSON.stringify(ended));
    const { totals, messages } = JSON.parse(await controller.report('r1'));
    const [expected, missing] = [10 * 39 * (10 + 2), 39];
    assert.deepEqual(
      [totals.expected, totals.lost, totals.delivered],
      [expected, missing, expected - missing],
    );
    assert.deepEqual(
      messages.map(({ sender, seq }: { sender: string; seq: number }) => `${sender} ${seq}`),
      ['n03 7'],
    );
    // with other rules, the same records pass
    const again = JSON.parse(await controller.report('r1', '{"lost": 39}'));
    assert.equal(again.verdict, 'pass', JSON.stringify(again.reasons));
  } finally {
    await rehearsal.close();
  }
});
