import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyStateNode } from 'xstate';
import { machines } from '../../machines/index.js';
import { tagsOf } from '../../machines/state-tags.js';

test('a state has its own tags and those of the states around it', () => {
  const node = machines.node.machine;
  const fault = machines.fault.machine;
  assert.deepEqual(tagsOf(node, 'connected.idle'), ['good']);
  assert.deepEqual(tagsOf(node, 'connected.draining'), ['good', 'warn']);
  assert.deepEqual(tagsOf(node, 'lost'), ['bad', 'away']);
  assert.deepEqual(tagsOf(fault, 'healing.undoing+stuck'), ['warn', 'bad']);
});

test('a state that the machine does not have, has none', () => {
  assert.deepEqual(tagsOf(machines.node.machine, 'connected.elsewhere'), ['good']);
  assert.deepEqual(tagsOf(machines.node.machine, 'elsewhere'), []);
});

test('every machine says of some state that all is well, and of another that something is wrong', () => {
  for (const [name, { machine }] of Object.entries(machines)) {
    const all = tagsWithin(machine.root);
    assert.ok(all.has('good') && all.has('bad'), name);
  }
});

function tagsWithin(node: AnyStateNode): Set<string> {
  const below = Object.values(node.states).flatMap((child) => [...tagsWithin(child)]);
  return new Set([...node.tags, ...below]);
}
