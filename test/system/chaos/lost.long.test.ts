import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/processes.js';
import { Arena } from './arena.js';
import { bounds, recovery, slack } from './bounds.js';
import { assertEnded, assertWorks } from './checks.js';

/** Longer than any end of a call keeps faith with a silent other one, in milliseconds. */
const tooLongMs = 33_000;

describe('what does not come back in time', () => {
  let arena: Arena;
  before(async () => {
    arena = await Arena.open({ bus: 'external', tracer: false });
  });
  after(() => arena?.close());

  const rid = () =>
    eventually('the server is rid of its calls', () => arena.server.open().length === 0, {
      timeoutMs: slack * 1000,
    });

  test('a bus that stays away: its calls end after half a minute, at both ends', async () => {
    const caller = arena.caller();
    const calls = await arena.openAll(caller);
    await arena.hit('nats', 'SIGKILL');
    const since = performance.now();
    try {
      await assertEnded(calls, since, bounds.lost);
      for (const { end } of calls)
        assert.deepEqual([end?.message, end?.marker], ['the bus was lost', 'UNAVAILABLE']);
      await rid();
    } finally {
      await arena.restart('nats');
    }
    await assertWorks(caller, recovery.bus);
  });

  test('a hub that stands still for long: its calls are over at the server, and at the client when it wakes', async () => {
    const caller = arena.caller();
    const calls = await arena.openAll(caller);
    await arena.hit('hub', 'SIGSTOP');
    try {
      await sleep(tooLongMs);
      await rid();
    } finally {
      await arena.hit('hub', 'SIGCONT');
    }
    await assertEnded(calls, performance.now(), bounds.atOnce);
    await assertWorks(caller, recovery.frozen);
  });

  test('an agent that stands still for long: its server is rid of the calls when it wakes', async () => {
    const caller = arena.caller();
    const calls = await arena.openAll(caller);
    await arena.hit('agent', 'SIGSTOP');
    try {
      await assertEnded(calls, performance.now(), bounds.silent);
      await sleep(tooLongMs - bounds.silent * 1000);
    } finally {
      await arena.hit('agent', 'SIGCONT');
    }
    await assertWorks(caller, recovery.frozen);
    await rid();
  });
});
