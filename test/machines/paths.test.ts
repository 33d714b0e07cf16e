import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, initialTransition } from 'xstate';
import { linkSamples, machines, nodeSamples } from '../../machines/index.js';
import { type LinkSnapshot, linkMachine } from '../../machines/link.js';
import { type NodeSnapshot, nodeMachine } from '../../machines/node.js';
import { suspectAfterMissed } from '../../machines/node-facts.js';
import { stateName } from '../../machines/state-name.js';
import { everyState, walk } from './walk.js';

const [firstLink] = initialTransition(linkMachine, machines.link.input);
const linkKey = (snapshot: LinkSnapshot) =>
  JSON.stringify([
    stateName(snapshot),
    { ...snapshot.context, attempt: Math.min(2, snapshot.context.attempt), lastError: undefined },
  ]);
const [firstNode] = initialTransition(nodeMachine, machines.node.input);
const nodeKey = (snapshot: NodeSnapshot) => JSON.stringify([stateName(snapshot), snapshot.context]);

test('every machine can be constructed and started', () => {
  for (const { machine, input } of [machines.link, machines.node]) {
    const actor = createActor(machine, { input });
    actor.start();
    assert.equal(actor.getSnapshot().status, 'active');
    actor.stop();
  }
});

test('every state of the link is reached, and invariants hold on every path', () => {
  const states = walk(linkMachine, firstLink, linkSamples, linkKey, ({ before, event, after }) => {
    const told = `${stateName(before)} -${event.type}-> ${stateName(after)}`;
    if (before.status === 'done')
      assert.equal(stateName(after), stateName(before), `a final state moved: ${told}`);
    if (after.status === 'done') {
      assert.ok(['superseded', 'closed'].includes(stateName(after)), told);
      assert.notEqual(after.context.end, undefined, `ended without a reason: ${told}`);
    } else assert.equal(after.context.end, undefined, `has an end but goes on: ${told}`);
    if (stateName(after) === 'superseded') assert.equal(after.context.end, 'superseded', told);
    if (['online', 'draining'].includes(stateName(after)))
      assert.notEqual(after.context.instance, undefined, `serves without a place: ${told}`);
    if (stateName(after) === 'online') assert.equal(after.context.attempt, 0, told);
    if (stateName(after) === 'waiting') {
      assert.notEqual(after.context.lastError, undefined, `waits and does not say why: ${told}`);
      assert.equal(after.context.way, 0, told);
    }
    if (event.type === 'STOP' && before.status !== 'done') assert.equal(stateName(after), 'closed', told);
    if (before.context.instance !== undefined)
      assert.notEqual(after.context.instance, undefined, `forgot its place: ${told}`);
    const way = after.context.way;
    assert.ok(way >= 0 && way < machines.link.input.ways.length, told);
  });
  assert.deepEqual([...states].sort(), everyState(linkMachine).sort());
});

function stateWhenReady({ context: { drained, calls } }: NodeSnapshot): string {
  if (drained) return 'connected.draining';
  return calls > 0 ? 'connected.serving' : 'connected.idle';
}

test('every state of the node is reached, and invariants hold on every path', () => {
  const states = walk(nodeMachine, firstNode, nodeSamples, nodeKey, ({ before, event, after }) => {
    const told = `${stateName(before)} -${event.type}-> ${stateName(after)} ${JSON.stringify(after.context)}`;
    const isAllowed = event.type === 'ALLOWED';
    const isRevoked = event.type === 'REVOKED' || (stateName(before) === 'revoked' && !isAllowed);
    assert.equal(stateName(after) === 'revoked', isRevoked, told);
    const facts = Object.values(after.context.instances);
    const answering = facts.filter(({ missed }) => missed < suspectAfterMissed);
    const ready = answering.filter(({ said }) => said === 'ready');
    assert.ok(after.context.epoch >= before.context.epoch, `an epoch went back: ${told}`);
    const expected = isRevoked
      ? ['revoked']
      : ready.length > 0
        ? [stateWhenReady(after)]
        : answering.some(({ said }) => said === 'joining')
          ? ['connected.joining']
          : answering.length > 0
            ? ['connected.draining']
            : facts.length > 0
              ? ['suspect']
              : ['lost', 'unseen'];
    assert.ok(expected.includes(stateName(after)), told);
    if (stateName(after) === 'unseen')
      assert.ok(
        stateName(before) === 'unseen' || (isAllowed && after.context.epoch === 0),
        `forgot that it was seen: ${told}`,
      );
    if (facts.length > 1)
      assert.ok(
        facts.every(({ share }) => share),
        `two serve that do not share: ${told}`,
      );
    if (stateName(after) === 'revoked') assert.equal(facts.length, 0, told);
  });
  assert.deepEqual([...states].sort(), everyState(nodeMachine).sort());
});
