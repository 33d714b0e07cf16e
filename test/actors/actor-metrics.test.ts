import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { setup } from 'xstate';
import { registerActorMetrics } from '../../src/actors/actor-metrics.js';
import { startActor } from '../../src/actors/host.js';

type DoorEvent = { type: 'OPEN' } | { type: 'CLOSE' } | { type: 'BREAK' } | { type: 'BURN' };

const machine = setup({
  types: { events: {} as DoorEvent },
  actions: {
    fail: () => {
      throw new Error('it burns');
    },
  },
}).createMachine({
  id: 'metered-door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'open', BREAK: 'broken', BURN: { actions: 'fail' } } },
    open: { on: { CLOSE: 'closed' } },
    broken: { type: 'final' },
  },
});

const registry = new Registry();
registerActorMetrics(registry);

function door(id: string) {
  return startActor({
    machine,
    machineName: 'metered-door',
    id,
    input: undefined,
    publish: () => {},
    context: () => ({}),
    log: pino({ level: 'silent' }),
  });
}

async function sample(name: string, labels = ''): Promise<number | undefined> {
  const line = (await registry.metrics())
    .split('\n')
    .find((one) => one.startsWith(`${name}{machine="metered-door"${labels}}`));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

describe('the actors of a process', () => {
  it('are counted while they run, however they end', async () => {
    const doors = ['a', 'b', 'c'].map(door);
    assert.equal(await sample('postern_actors'), 3);
    doors[0]?.send({ type: 'BREAK' });
    assert.equal(await sample('postern_actors'), 2);
    doors[0]?.stop();
    doors[1]?.stop();
    doors[1]?.stop();
    assert.equal(await sample('postern_actors'), 1);
    doors[2]?.send({ type: 'BURN' });
    assert.equal(await sample('postern_actors'), 0);
  });

  it('have their transitions counted by where they led, and what they ignored', async () => {
    const one = door('d');
    for (const type of ['OPEN', 'CLOSE', 'OPEN', 'OPEN', 'BREAK'] as const) one.send({ type });
    one.stop();
    assert.equal(await sample('postern_transitions_total', ',to="open"'), 2);
    assert.equal(await sample('postern_transitions_total', ',to="closed"'), 1);
    assert.equal(await sample('postern_ignored_events_total'), 2);
  });
});
