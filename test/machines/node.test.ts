import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createActor, initialTransition, transition } from 'xstate';
import { nodeSamples } from '../../machines/index.js';
import { type NodeInput, nodeMachine, routable, standingOf, stateName } from '../../machines/node.js';
import type { NodeEvent } from '../../machines/node-events.js';

function after(events: readonly NodeEvent[], input: NodeInput = { node: 'attic' }) {
  const [first] = initialTransition(nodeMachine, input);
  return events.reduce((snapshot, event) => transition(nodeMachine, snapshot, event)[0], first);
}

const claim = (instance: string, epoch: number, share = false): NodeEvent => ({
  type: 'CLAIMED',
  instance,
  epoch,
  share,
});
/** A claim, and the first answer. */
const joined = (instance: string, epoch: number, share = false): NodeEvent[] => [
  claim(instance, epoch, share),
  heard(instance),
];
const round: NodeEvent = { type: 'PING_ROUND' };
const heard = (instance: string): NodeEvent => ({ type: 'HEARD', instance, roundTripUs: 250 });

test('an instance takes calls from its first answer on, not from its claim on', () => {
  const claimed = after([claim('1-a', 1)]);
  assert.equal(stateName(claimed), 'connected.joining');
  assert.equal(standingOf(claimed, '1-a'), 'joining');
  assert.deepEqual(routable(claimed), []);
  const answered = after(joined('1-a', 1));
  assert.equal(stateName(answered), 'connected.idle');
  assert.deepEqual(routable(answered), ['1-a']);
});

test('an instance that joins is not suspect because nobody listens there yet, but when it stays silent', () => {
  const unreachable: NodeEvent = { type: 'UNREACHABLE', instance: '1-a' };
  assert.equal(stateName(after([claim('1-a', 1), unreachable, round])), 'connected.joining');
  assert.equal(stateName(after([claim('1-a', 1), unreachable, round, round])), 'suspect');
});

test('an instance that answers loses nothing by another claim; one that fell silent joins anew', () => {
  assert.deepEqual(routable(after([...joined('1-a', 1), claim('1-a', 1)])), ['1-a']);
  const silent = after([...joined('1-a', 1), round, round, claim('1-a', 1)]);
  assert.equal(standingOf(silent, '1-a'), 'joining');
  const leaving: NodeEvent = { type: 'BYE', instance: '1-a', reason: 'draining' };
  assert.equal(standingOf(after([...joined('1-a', 1), leaving, claim('1-a', 1)]), '1-a'), 'draining');
});

test('an instance that stops answering is suspect after two rounds and gone after five', () => {
  const states = [0, 1, 2, 3, 4, 5].map((rounds) =>
    stateName(after([...joined('1-a', 1), ...Array(rounds).fill(round)])),
  );
  assert.deepEqual(states, ['connected.idle', 'connected.idle', 'suspect', 'suspect', 'suspect', 'lost']);
});

test('an instance that answers every ping stays ready', () => {
  const rounds = Array.from({ length: 10 }, () => [round, heard('1-a')]).flat();
  assert.equal(stateName(after([...joined('1-a', 1), ...rounds, round])), 'connected.idle');
});

test('an answer brings a suspect back', () => {
  const snapshot = after([claim('1-a', 1), round, round, heard('1-a')]);
  assert.equal(stateName(snapshot), 'connected.idle');
  assert.deepEqual(routable(snapshot), ['1-a']);
  assert.equal(snapshot.context.instances['1-a']?.roundTripUs, 250);
});

test('an instance that nobody listens for is suspect at once', () => {
  const snapshot = after([
    ...joined('1-a', 1, true),
    ...joined('2-b', 2, true),
    { type: 'UNREACHABLE', instance: '1-a' },
  ]);
  assert.equal(stateName(snapshot), 'connected.idle');
  assert.equal(standingOf(snapshot, '1-a'), 'suspect');
  assert.deepEqual(routable(snapshot), ['2-b']);
});

test('a draining instance that was suspect drains on when it is heard again', () => {
  const snapshot = after([
    claim('1-a', 1),
    { type: 'BYE', instance: '1-a', reason: 'draining' },
    round,
    round,
    heard('1-a'),
  ]);
  assert.equal(stateName(snapshot), 'connected.draining');
  assert.deepEqual(routable(snapshot), []);
});

test('a newer claim that does not share displaces, and the displaced one cannot undo it', () => {
  const newer = after([...joined('1-a', 1), ...joined('2-b', 2)]);
  assert.deepEqual(routable(newer), ['2-b']);
  const late = after([
    ...joined('1-a', 1),
    ...joined('2-b', 2),
    claim('1-a', 1),
    { type: 'BYE', instance: '1-a', reason: 'stopped' },
  ]);
  assert.deepEqual(routable(late), ['2-b']);
});

test('those that share serve together, oldest first, and one may come back with its old place', () => {
  const both = after([...joined('2-b', 2, true), ...joined('1-a', 1, true)]);
  assert.deepEqual(routable(both), ['1-a', '2-b']);
  assert.equal(both.context.epoch, 2);
});

test('a lost node is back with the next claim', () => {
  const lost = after([claim('1-a', 1), { type: 'BYE', instance: '1-a', reason: 'stopped' }]);
  assert.equal(stateName(lost), 'lost');
  assert.equal(
    stateName(
      after([...joined('1-a', 1), { type: 'BYE', instance: '1-a', reason: 'stopped' }, ...joined('2-b', 2)]),
    ),
    'connected.idle',
  );
});

test('open calls make it serving, their end makes it idle', () => {
  const serving = after([...joined('1-a', 1), { type: 'CALLS_CHANGED', open: 3 }]);
  assert.equal(stateName(serving), 'connected.serving');
  const idle = after([
    ...joined('1-a', 1),
    { type: 'CALLS_CHANGED', open: 3 },
    { type: 'CALLS_CHANGED', open: 0 },
  ]);
  assert.equal(stateName(idle), 'connected.idle');
});

test('what the registry remembers decides where it starts', () => {
  const instances = (standing: 'ready' | 'joining' | 'draining' | 'suspect') => [
    { id: '4-d', epoch: 4, share: false, standing },
  ];
  const start = (input: Omit<NodeInput, 'node'>) => {
    const actor = createActor(nodeMachine, { input: { node: 'attic', ...input } }).start();
    return stateName(actor.getSnapshot());
  };
  assert.equal(start({}), 'unseen');
  assert.equal(start({ past: 'seen', epoch: 7 }), 'lost');
  assert.equal(start({ past: 'revoked', instances: instances('ready') }), 'revoked');
  assert.equal(start({ past: 'seen', instances: instances('ready') }), 'connected.idle');
  assert.equal(start({ past: 'seen', instances: instances('joining') }), 'connected.joining');
  assert.equal(start({ past: 'seen', instances: instances('draining') }), 'connected.draining');
  assert.equal(start({ past: 'seen', instances: instances('suspect') }), 'suspect');
});

test('whatever happens, a silent or unknown instance is never routable', () => {
  const anyEvent = fc.constantFrom(...Object.values(nodeSamples).flat());
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      const snapshot = after(events);
      for (const id of routable(snapshot)) {
        const lastClaim = events.findLastIndex((event) => event.type === 'CLAIMED' && event.instance === id);
        assert.ok(lastClaim >= 0, `${id} never claimed a place`);
        const lastSign = events.findLastIndex((event) => event.type === 'HEARD' && event.instance === id);
        assert.ok(lastSign >= 0, `${id} never answered`);
        const rounds = events.slice(lastSign).filter((event) => event.type === 'PING_ROUND').length;
        assert.ok(rounds < 2, `${id} missed ${rounds} rounds`);
      }
    }),
    { numRuns: 500 },
  );
});

test('a node that somebody drains is given no calls by whatever comes, until it is resumed', () => {
  const drained = after([...joined('1-a', 1, true), { type: 'DRAIN_ASKED' }]);
  assert.equal(stateName(drained), 'connected.draining');
  assert.deepEqual(routable(drained), []);
  assert.equal(standingOf(drained, '1-a'), 'ready', 'the instance itself is ready all the same');
  const more = after([...joined('1-a', 1, true), { type: 'DRAIN_ASKED' }, ...joined('2-b', 2, true)]);
  assert.equal(stateName(more), 'connected.draining');
  assert.deepEqual(routable(more), []);
  const lost = after([
    ...joined('1-a', 1),
    { type: 'DRAIN_ASKED' },
    { type: 'BYE', instance: '1-a', reason: 'stopped' },
  ]);
  assert.equal(stateName(lost), 'lost');
  const resumed = after([...joined('1-a', 1), { type: 'DRAIN_ASKED' }, { type: 'RESUME_ASKED' }]);
  assert.equal(stateName(resumed), 'connected.idle');
  assert.deepEqual(routable(resumed), ['1-a']);
});

test('a node that was drained before its hub was started is so still', () => {
  const input = { node: 'attic', past: 'seen', drained: true } as const;
  assert.equal(stateName(after(joined('1-a', 1), input)), 'connected.draining');
});

test('an instance that was kicked is gone', () => {
  const events = [...joined('1-a', 1, true), ...joined('2-b', 2, true)];
  const kicked: NodeEvent = { type: 'KICK_ASKED', instance: '1-a' };
  assert.deepEqual(routable(after([...events, kicked])), ['2-b']);
  assert.equal(stateName(after([...joined('1-a', 1), kicked])), 'lost');
});
