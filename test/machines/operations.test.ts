import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMachine } from 'xstate';
import { definitionOf, leafStates } from '../../machines/definition.js';
import { machines } from '../../machines/index.js';
import { markedEvents, operationsOf } from '../../machines/operations.js';

const titles = (machine: keyof typeof machines, state: string) =>
  operationsOf(definitionOf(machines[machine].machine), state).map(({ title }) => title);

test('what may be done to an actor follows from its state', () => {
  assert.deepEqual(titles('node', 'connected.idle'), ['kick', 'drain']);
  assert.deepEqual(titles('node', 'connected.draining'), ['kick', 'resume']);
  assert.deepEqual(titles('node', 'lost'), ['drain', 'resume']);
  assert.deepEqual(titles('node', 'revoked'), []);
  assert.deepEqual(titles('link', 'online'), ['drain']);
  assert.deepEqual(titles('link', 'waiting'), ['retry now']);
  assert.deepEqual(titles('link', 'dialing'), []);
  assert.deepEqual(titles('daemon', 'unreachable'), ['probe now']);
  assert.deepEqual(titles('daemon', 'serving'), []);
  assert.deepEqual(titles('process', 'failed'), ['start']);
  assert.deepEqual(titles('process', 'starting.settling'), ['stop']);
  assert.deepEqual(titles('test', 'running'), ['stop']);
  assert.deepEqual(titles('test', 'draining'), []);
  assert.deepEqual(titles('fault', 'waiting'), ['cancel']);
  assert.deepEqual(titles('fault', 'healing.resting'), ['heal']);
  assert.deepEqual(titles('run', 'main.running'), ['stop']);
  assert.deepEqual(titles('run', 'judging'), []);
});

for (const { machine } of Object.values(machines)) {
  test(`each thing that operators may do to the ${machine.id} machine is told in words, and one title is one event in a state`, () => {
    const definition = definitionOf(machine);
    assert.notEqual(markedEvents(definition).length, 0);
    const offered = new Set<string>();
    for (const { path, type } of leafStates(definition.root)) {
      const found = operationsOf(definition, path);
      if (type === 'final') assert.deepEqual(found, [], path);
      assert.equal(new Set(found.map(({ title }) => title)).size, found.length, path);
      for (const { event, title, effect } of found) {
        offered.add(event);
        assert.match(title, /^[a-z][a-z ]+$/);
        assert.match(effect, /^[A-Z].*\.$/);
      }
    }
    assert.deepEqual([...offered].sort(), markedEvents(definition).sort(), 'marked, and offered nowhere');
  });
}

const mark = (title: string) => ({ meta: { operator: { title, effect: 'Something happens.' } } });
const nested = createMachine({
  id: 'nested',
  type: 'parallel',
  on: { ALL: { ...mark('all') } },
  states: {
    left: {
      initial: 'a',
      on: { TURN: { ...mark('outer') }, HIDDEN: { ...mark('hidden') } },
      states: {
        a: { on: { TURN: { ...mark('inner') }, HIDDEN: {} } },
        b: { on: { GUARDED: [{ guard: () => false }, { ...mark('guarded') }] } },
      },
    },
    right: { initial: 'x', states: { x: { on: { RIGHT: { ...mark('right') } } } } },
  },
});

test('an inner state decides over the one around it, and of states entered at once each has its say', () => {
  const of = (state: string) => operationsOf(definitionOf(nested), state).map(({ title }) => title);
  assert.deepEqual(of('left.a+right.x'), ['all', 'inner', 'right']);
  assert.deepEqual(of('left.b+right.x'), ['all', 'outer', 'hidden', 'guarded', 'right']);
  assert.deepEqual(of('nowhere'), ['all']);
});
