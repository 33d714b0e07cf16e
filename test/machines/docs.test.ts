import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mermaid } from '../../machines/chart.js';
import { definitionOf } from '../../machines/definition.js';
import { machines } from '../../machines/index.js';
import { checkoutRoot } from '../support/processes.js';
import { everyState } from './walk.js';

const page = await readFile(join(checkoutRoot, 'docs/machines.md'), 'utf8');

for (const { machine } of Object.values(machines)) {
  test(`the diagram of the ${machine.id} machine in docs/machines.md is the machine`, () => {
    const diagrams = [...page.matchAll(/```mermaid\n([^`]*)\n```/g)].map(([, diagram]) => diagram);
    const drawn = mermaid(definitionOf(machine));
    assert.ok(diagrams.includes(drawn), `it should be:\n${drawn}`);
  });

  test(`docs/machines.md explains every state and event of the ${machine.id} machine`, () => {
    const rows = new Set([...page.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name));
    for (const state of everyState(machine)) assert.ok(rows.has(state), `state ${state} has no row`);
    for (const { event } of definitionOf(machine).edges) {
      assert.ok(event === '' || rows.has(event), `event ${event} has no row`);
    }
  });
}
