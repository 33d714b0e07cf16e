import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyStateMachine, createMachine, fromPromise, not, setup } from 'xstate';
import { type DefinedState, definitionOf, edgeIdOf } from '../../machines/definition.js';
import { machines } from '../../machines/index.js';
import { nodeMachine } from '../../machines/node.js';
import { definitionHash } from '../../src/actors/definition-hash.js';

type Node = AnyStateMachine['root'];

function withDescendants<T>(root: T, childrenOf: (state: T) => readonly T[]): T[] {
  return [root, ...childrenOf(root).flatMap((child) => withDescendants(child, childrenOf))];
}

const nodesOf = (root: Node) => withDescendants<Node>(root, ({ states }) => Object.values(states));
const statesOf = (root: DefinedState) => withDescendants(root, ({ states }) => states);

for (const { machine } of Object.values(machines)) {
  const definition = definitionOf(machine);
  const nodes = nodesOf(machine.root);

  test(`the definition of the ${machine.id} machine has every state once, where it is`, () => {
    const paths = statesOf(definition.root).map(({ path }) => path);
    assert.deepEqual(
      paths,
      nodes.map(({ path }) => path.join('.')),
    );
    assert.equal(new Set(paths).size, paths.length);
    assert.equal(definition.machine, machine.id);
  });

  test(`the definition of the ${machine.id} machine has every transition once, by an id of its own`, () => {
    const transitions = nodes.flatMap((node) => [
      ...[...node.transitions.values()].flat(),
      ...(node.always ?? []),
    ]);
    const ids = transitions.map((transition) => edgeIdOf(transition));
    assert.deepEqual(
      definition.edges.map(({ id }) => id),
      ids,
    );
    assert.equal(new Set(ids).size, ids.length);
    const paths = new Set(statesOf(definition.root).map(({ path }) => path));
    for (const { source, targets } of definition.edges) {
      for (const path of [source, ...targets]) assert.ok(paths.has(path), `there is no state ${path}`);
    }
  });
}

test('edges say what people want to know of them', () => {
  const link = definitionOf(machines.link.machine);
  const edge = (id: string) => link.edges.find((candidate) => candidate.id === id);
  assert.deepEqual(edge('dialing:after dialLimit#2'), {
    id: 'dialing:after dialLimit#2',
    source: 'dialing',
    targets: ['waiting'],
    event: 'after dialLimit',
    guard: '',
    delay: 'dialLimit',
    actions: ['rememberError', 'countFailure'],
    description: '',
    operation: undefined,
  });
  assert.equal(edge('dialing:DIAL_FAILED')?.guard, '(unnamed)');
  assert.equal(edge('dialing:DIAL_FAILED#2')?.guard, 'hasNextWay');
  assert.deepEqual(edge('authenticating:HELLO_ACCEPTED')?.actions, ['assign']);

  const node = definitionOf(nodeMachine);
  const joins = node.edges.find(({ id }) => id === 'connected.idle:(always)');
  assert.deepEqual([joins?.event, joins?.guard, joins?.targets], ['', 'bestJoins', ['connected.joining']]);
  const heard = node.edges.find(({ id }) => id === 'connected:HEARD');
  assert.deepEqual([heard?.targets, heard?.description], [[], 'An instance answered a ping: it is there.']);
  const connected = node.root.states.find(({ path }) => path === 'connected');
  assert.deepEqual([connected?.type, connected?.initial], ['compound', 'connected.idle']);
  const online = link.root.states.find(({ path }) => path === 'online');
  assert.deepEqual([online?.entry, online?.exit], [['serveCalls', 'watchHub'], ['unwatchHub']]);
});

const odd = setup({ actors: { fetch: fromPromise(async () => 1) } }).createMachine({
  id: 'odd',
  type: 'parallel',
  on: {
    KICK: {
      target: '.left.b',
      meta: { operator: { title: 'kick', effect: 'Takes its place away.', grave: true } },
    },
    NUDGE: { meta: { operator: { title: 'nudge' } } },
  },
  states: {
    left: {
      initial: 'a',
      onDone: '#odd.right.memory',
      states: {
        a: {
          invoke: { src: 'fetch', id: 'fetching', onDone: 'b', onError: 'c' },
          after: { 1500: { guard: not(() => false), target: 'c' } },
        },
        b: { type: 'final' },
        c: { invoke: { src: fromPromise(async () => 2) } },
      },
    },
    right: {
      initial: 'x',
      states: { x: {}, memory: { type: 'history' } },
    },
  },
});

test('what our machines have none of is defined too: parallel states, what is invoked, delays in numbers', () => {
  const { root, edges } = definitionOf(odd);
  assert.deepEqual([root.path, root.type, root.initial], ['', 'parallel', '']);
  const states = new Map(statesOf(root).map((state) => [state.path, state]));
  assert.deepEqual(
    [...states.keys()],
    ['', 'left', 'left.a', 'left.b', 'left.c', 'right', 'right.x', 'right.memory'],
  );
  assert.deepEqual(states.get('left.a')?.invokes, ['fetch']);
  assert.deepEqual(states.get('left.c')?.invokes, ['(unnamed)']);
  assert.deepEqual([states.get('left.a')?.entry, states.get('left.a')?.exit], [[], []]);
  assert.equal(states.get('right.memory')?.type, 'history');
  assert.deepEqual(
    edges.map(({ id, targets, delay, guard }) => [id, targets.join(), delay, guard]),
    [
      [':KICK', 'left.b', '', ''],
      [':NUDGE', '', '', ''],
      ['left:done left', 'right.memory', '', ''],
      ['left.a:done fetching', 'left.b', '', ''],
      ['left.a:failed fetching', 'left.c', '', ''],
      ['left.a:after 1500', 'left.c', '1500', '(unnamed)'],
    ],
  );
});

test('a transition that is marked as for operators says so, and half a mark is none', () => {
  const { edges } = definitionOf(odd);
  assert.deepEqual(edges.find(({ id }) => id === ':KICK')?.operation, {
    title: 'kick',
    effect: 'Takes its place away.',
    grave: true,
  });
  assert.equal(edges.find(({ id }) => id === ':NUDGE')?.operation, undefined);
});

test('the hash of a definition tells machines apart, and not the effects that are provided to them', () => {
  const hashes = Object.values(machines).map(({ machine }) => definitionHash(machine));
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/);
  assert.equal(new Set(hashes).size, hashes.length);
  const provided = machines.daemon.machine.provide({ actions: { probe: () => undefined } });
  assert.equal(definitionHash(provided), definitionHash(machines.daemon.machine));

  const small = (target: string) =>
    createMachine({ id: 'small', initial: 'a', states: { a: { on: { GO: target } }, b: {}, c: {} } });
  assert.equal(definitionHash(small('b')), definitionHash(small('b')));
  assert.notEqual(definitionHash(small('b')), definitionHash(small('c')));
});
