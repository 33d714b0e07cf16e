import assert from 'node:assert/strict';
import { eventually } from '../../support/processes.js';
import type { Arena, Victim } from './arena.js';
import { bounds, recovery, slack } from './bounds.js';
import type { OpenCall } from './caller.js';
import { assertEnded, assertGoOn, assertWorks, Bystanders } from './checks.js';
import { ClientProcess } from './client-process.js';

/** One thing that can happen to one process, and all that has to be true of it. */
export interface Blow {
  readonly victim: Victim;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly strike: (arena: Arena) => Promise<void>;
}

const deadlineExceeded = 4;
const unavailable = 14;

/** A call opened just after the blow, without and with a deadline. */
function openLate(arena: Arena): { open: OpenCall; timed: OpenCall } {
  const caller = arena.caller();
  return { open: caller.open('Wait'), timed: caller.open('Wait', { timeoutMs: 1_000 }) };
}

async function serverKilled(arena: Arena): Promise<void> {
  const others = await Bystanders.gather(arena.caller('bystander'));
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  await arena.hit('server', 'SIGKILL');
  try {
    const since = performance.now();
    const late = openLate(arena);
    await assertEnded([...calls, late.open, late.timed], since, bounds.atOnce);
    for (const { end } of calls)
      assert.match(end?.message ?? '', /the connection to the server at .* was lost/);
    assert.ok(calls.every(({ end }) => end?.marker === 'UNAVAILABLE'));
  } finally {
    await arena.restart('server');
  }
  await assertWorks(caller, recovery.killed);
  await others.stop();
}

/** A server that stands still is waited for, as it would be without Postern. */
async function serverFrozen(arena: Arena): Promise<void> {
  const others = await Bystanders.gather(arena.caller('bystander'));
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  const limited = caller.open('Wait', { timeoutMs: 1_000 });
  await arena.hit('server', 'SIGSTOP');
  try {
    const since = performance.now();
    const late = openLate(arena);
    await assertEnded([limited, late.timed], since, 1, [deadlineExceeded]);
    for (const { end, method } of calls) assert.equal(end, undefined, `${method} waits`);
    assert.equal(late.open.end, undefined, 'the new call waits');
    late.open.cancel();
  } finally {
    await arena.hit('server', 'SIGCONT');
  }
  await assertGoOn(calls, 'after the server has stood still');
  await assertWorks(caller, recovery.killed);
  await others.stop();
  for (const call of calls) call.cancel();
}

async function agentKilled(arena: Arena): Promise<void> {
  const { tracer } = arena.circumstances;
  const others = await Bystanders.gather(arena.caller('bystander'));
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  await arena.hit('agent', 'SIGKILL');
  try {
    const since = performance.now();
    const late = openLate(arena);
    const seen = eventually('the server is rid of its calls', () => arena.server.open().length === 0, {
      timeoutMs: (bounds.atOnce + slack) * 1000,
    });
    // The bus may have taken it before it knew that the agent is gone.
    await assertEnded([late.open], since, bounds.unheard);
    await assertEnded([late.timed], since, bounds.atOnce, [unavailable, deadlineExceeded]);
    await assertEnded(calls, since, tracer ? bounds.silent : bounds.agentKilled);
    await seen;
  } finally {
    await arena.restart('agent');
  }
  await assertWorks(caller, recovery.killed);
  await others.stop();
}

async function agentFrozen(arena: Arena): Promise<void> {
  const others = await Bystanders.gather(arena.caller('bystander'));
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  await arena.hit('agent', 'SIGSTOP');
  try {
    const since = performance.now();
    const late = openLate(arena);
    await assertEnded([late.timed], since, 1, [deadlineExceeded]);
    await assertEnded([late.open], since, bounds.unheard);
    await assertEnded(calls, since, bounds.silent);
  } finally {
    await arena.hit('agent', 'SIGCONT');
  }
  await assertWorks(caller, recovery.frozen);
  await eventually('the server is rid of its calls', () => arena.server.open().length === 0);
  await others.stop();
}

/** Idle calls outlive a bus that dies and comes back; what had a gap ends with a status. */
async function busKilled(arena: Arena): Promise<void> {
  const caller = arena.caller();
  const idle = Array.from({ length: 8 }, () => caller.open('Echo'));
  const answered = caller.open('Wait', { answerMs: 2_500 });
  const calls = await arena.openAll(caller);
  await assertGoOn(idle, 'before');
  await arena.hit('nats', 'SIGKILL');
  const since = performance.now();
  if (arena.circumstances.bus === 'external') {
    await eventually(
      'the hub knows',
      async () => (await fetch(`http://${arena.address}/readyz`)).status === 503,
      {
        everyMs: 10,
      },
    );
    const late = openLate(arena);
    await assertEnded([late.open, late.timed], performance.now(), bounds.atOnce);
    assert.equal(late.open.end?.message, 'the bus is not connected');
  }
  await arena.restart('nats');
  await assertWorks(caller, recovery.bus);
  await assertGoOn(idle, 'after the bus came back');
  const [wait, flow, sink] = calls;
  for (const call of [flow, sink]) {
    if (call?.end === undefined) continue;
    await assertEnded([call], since, recovery.bus + bounds.gap);
  }
  assert.equal(wait?.end, undefined, 'a call that waits has no gap');
  await assertEnded([answered], since, recovery.bus + bounds.gap, [0]);
  for (const call of [...idle, ...calls]) call.cancel();
}

async function busFrozen(arena: Arena): Promise<void> {
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  await arena.hit('nats', 'SIGSTOP');
  try {
    const since = performance.now();
    const late = openLate(arena);
    await assertEnded([late.timed], since, 1, [deadlineExceeded]);
    await assertEnded([late.open], since, bounds.unheard);
    await assertEnded(calls, since, bounds.silent);
  } finally {
    await arena.hit('nats', 'SIGCONT');
  }
  await assertWorks(caller, recovery.busFrozen);
}

async function hubKilled(arena: Arena): Promise<void> {
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  await arena.hit('hub', 'SIGKILL');
  try {
    const since = performance.now();
    await assertEnded([...calls, caller.open('Wait', { timeoutMs: 3_000 })], since, bounds.atOnce);
  } finally {
    await arena.restart('hub');
  }
  await assertWorks(caller, recovery.bus);
  await eventually('the server is rid of its calls', () => arena.server.open().length === 0, {
    timeoutMs: (bounds.lost + slack) * 1000,
  });
}

/** Nobody can speak for a hub that stands still: deadlines and keepalives of the client end its calls. */
async function hubFrozen(arena: Arena): Promise<void> {
  const impatient = arena.caller('victim', arena.address, {
    'grpc.keepalive_time_ms': 1_000,
    'grpc.keepalive_timeout_ms': 1_000,
  });
  const caller = arena.caller();
  const calls = await arena.openAll(caller);
  const watched = await arena.openAll(impatient);
  const limited = caller.open('Wait', { timeoutMs: 1_000 });
  await arena.hit('hub', 'SIGSTOP');
  try {
    const since = performance.now();
    const late = caller.open('Wait', { timeoutMs: 1_000 });
    await assertEnded([limited, late], since, 1, [deadlineExceeded]);
    await assertEnded(watched, since, 2);
  } finally {
    await arena.hit('hub', 'SIGCONT');
  }
  await assertGoOn(calls, 'after the hub has stood still');
  await assertWorks(caller, recovery.killed);
  for (const call of calls) call.cancel();
  await eventually('the server is rid of its calls', () => arena.server.open().length === 0);
}

async function clientKilled(arena: Arena): Promise<void> {
  const others = await Bystanders.gather(arena.caller('bystander'));
  const neighbours = await Bystanders.gather(arena.caller());
  const client = await ClientProcess.start(arena);
  const mine = client.ids;
  client.signal('SIGKILL');
  const since = performance.now();
  await eventually(
    'the server is told',
    () => mine.every((id) => arena.server.seen().get(id)?.at(-1) === 'cancelled'),
    { timeoutMs: (bounds.atOnce + slack) * 1000, everyMs: 10 },
  );
  assert.ok(performance.now() - since < (bounds.atOnce + slack) * 1000);
  await others.stop();
  await neighbours.stop();
}

/** A client that stands still stops its own streams by back-pressure, and nobody else's. */
async function clientFrozen(arena: Arena): Promise<void> {
  const others = await Bystanders.gather(arena.caller('bystander'));
  const neighbours = await Bystanders.gather(arena.caller());
  const client = await ClientProcess.start(arena);
  client.signal('SIGSTOP');
  await assertWorks(arena.caller(), recovery.killed);
  await neighbours.stop();
  await others.stop();
  for (const id of client.ids) assert.deepEqual(arena.server.seen().get(id), ['opened'], id);
  client.signal('SIGCONT');
  await client.assertGoesOn();
  await client.stop();
  await eventually('the server is rid of its calls', () => arena.server.open().length === 0);
}

/** Everything that can happen to every process. */
export const blows: readonly Blow[] = [
  { victim: 'server', signal: 'SIGKILL', strike: serverKilled },
  { victim: 'server', signal: 'SIGSTOP', strike: serverFrozen },
  { victim: 'client', signal: 'SIGKILL', strike: clientKilled },
  { victim: 'client', signal: 'SIGSTOP', strike: clientFrozen },
  { victim: 'nats', signal: 'SIGKILL', strike: busKilled },
  { victim: 'agent', signal: 'SIGKILL', strike: agentKilled },
  { victim: 'agent', signal: 'SIGSTOP', strike: agentFrozen },
  { victim: 'hub', signal: 'SIGSTOP', strike: hubFrozen },
  { victim: 'nats', signal: 'SIGSTOP', strike: busFrozen },
  { victim: 'hub', signal: 'SIGKILL', strike: hubKilled },
];
