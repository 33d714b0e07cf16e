import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Injector } from '../../../src/agent/faults/injection.js';
import { NodeFaults } from '../../../src/agent/faults/node-faults.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';

const inAnHourMs = Date.now() + 3_600_000;

/** Faults of a node that has a daemon, and a queue of its interface. */
async function set(t: TestContext): Promise<(fault: string, more: object) => Promise<string>> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-refusals-'));
  const injector: Injector = {
    ability: async ({ kind }) => {
      if (kind === 'kill') return { code: 'DAEMON_NOT_FOUND', message: 'it is not there yet' };
      return { by: kind === 'rate' ? 'tbf' : kind === 'delay' ? 'netem' : 'nft' };
    },
    prepare: async () => () => {},
    proving: async () => ({ canaries: [], expects: { sees: 'nothing' } }),
    inject: () => Promise.reject(new Error('none of them comes')),
  };
  const faults = await NodeFaults.open({
    ...{ directory, node: 'north', injector, longestMs: 60_000, log: testLog },
    undoLeft: async () => ({ atMs: 0 }),
    forget: async () => {},
    note: async () => {},
    publish: () => {},
  });
  t.after(async () => {
    await faults.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return async (fault, more) => {
    const plan = { run: 'r1', fault, kind: 'pause', forMs: 10_000, offsetMs: 0, errorMs: 0, ...more };
    const armed = await faults.arm(plan);
    const { why } = armed.snapshot().context;
    return why === undefined ? armed.state : `${why.code}: ${why.message}`;
  };
}

test('two faults that need the daemon at the same time are not armed, whatever they do to it', async (t) => {
  const arm = await set(t);
  const at = (afterMs: number) => ({ atMs: inAnHourMs + afterMs });
  assert.equal(await arm('one', at(0)), 'waiting');
  assert.match(
    await arm('two', { kind: 'kill', ...at(9_999) }),
    /^FAULT_BUSY: the fault 'one' \(pause\) of the run 'r1' has the daemon's process at that time/,
  );
  assert.match(await arm('three', { kind: 'restart', forMs: 0, ...at(5_000) }), /^FAULT_BUSY/);
  assert.match(await arm('same', { kind: 'restart', forMs: 0, ...at(0) }), /^FAULT_BUSY/);
  assert.match(await arm('four', { forMs: 1_000, ...at(-999) }), /^FAULT_BUSY/);
  assert.equal(await arm('five', { forMs: 1_000, ...at(-1_000) }), 'waiting');
  assert.equal(await arm('six', { kind: 'kill', ...at(10_000) }), 'waiting');
  // a kill without a length lasts as long as a fault may
  assert.equal(await arm('seven', { kind: 'kill', forMs: 0, ...at(20_000) }), 'waiting');
  assert.match(await arm('eight', at(79_999)), /^FAULT_BUSY/);
  assert.equal(await arm('nine', at(80_000)), 'waiting');
  assert.equal(await arm('link', { kind: 'link', ...at(0) }), 'waiting');
});

test('two faults that need the queue of an interface at the same time are not armed', async (t) => {
  const arm = await set(t);
  const shape = { scope: 'host', bytesPerSecond: 1_000 };
  const delay = { kind: 'delay', atMs: inAnHourMs, shape: { scope: 'host', delayMs: 5 } };
  assert.equal(await arm('one', { kind: 'rate', atMs: inAnHourMs, shape }), 'waiting');
  assert.match(
    await arm('two', delay),
    /^FAULT_BUSY: the fault 'one' \(rate\) of the run 'r1' has the queue/,
  );
  assert.equal(await arm('three', { ...delay, atMs: inAnHourMs + 10_000 }), 'waiting');
  assert.equal(await arm('four', { kind: 'partition', atMs: inAnHourMs }), 'waiting');
});

test('a fault that would last longer than this agent takes is refused', async (t) => {
  const arm = await set(t);
  assert.match(
    await arm('long', { atMs: inAnHourMs, forMs: 60_001 }),
    /^UNSUPPORTED: it would last 60.001 s, and this agent takes faults of 60 s at most \(--longest-fault\)/,
  );
  assert.equal(await arm('short', { atMs: inAnHourMs, forMs: 60_000 }), 'waiting');
});

test('a fault that was refused leaves its name to another one, and one that comes keeps it', async (t) => {
  const arm = await set(t);
  const long = { atMs: inAnHourMs, forMs: 60_001 };
  assert.match(await arm('one', long), /^UNSUPPORTED/);
  assert.match(await arm('one', long), /^UNSUPPORTED/, 'told again it is the same one');
  assert.equal(await arm('one', { atMs: inAnHourMs }), 'waiting');
  await assert.rejects(arm('one', { atMs: inAnHourMs + 1 }), { code: 'FAULT_EXISTS' });
});

test('a fault that was armed and then failed keeps its name: what undoes it may still be there', async (t) => {
  const arm = await set(t);
  const now = { kind: 'link', atMs: Date.now() };
  await eventually('it has failed', async () => /^FAULT_FAILED/.test(await arm('one', now)));
  await assert.rejects(arm('one', { kind: 'link', atMs: inAnHourMs }), { code: 'FAULT_EXISTS' });
});

test('no fault is towards the node itself, and nothing of it is kept', async (t) => {
  const arm = await set(t);
  const towards = (...nodes: string[]) => ({
    ...{ kind: 'partition', atMs: inAnHourMs },
    shape: { from: nodes.map((node) => ({ node, addresses: [] })) },
  });
  await assert.rejects(arm('one', towards('south', 'north')), {
    code: 'FAULT_INVALID',
    message: /north is the node itself; name others/,
  });
  assert.equal(await arm('one', towards('south')), 'waiting');
});
