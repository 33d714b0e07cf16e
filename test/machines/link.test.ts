import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, SimulatedClock } from 'xstate';
import { backoffMs, type LinkEvent, linkMachine, stateName } from '../../machines/link.js';

/** A link on a clock that stands still, with its effects written down. */
function started(ways: readonly string[] = ['only']) {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => () => {
    effects.push(name);
  };
  const machine = linkMachine.provide({
    actions: {
      dial: note('dial'),
      abandonDial: note('abandonDial'),
      sayHello: note('sayHello'),
      abandonHello: note('abandonHello'),
      serveCalls: note('serveCalls'),
      watchHub: note('watchHub'),
      unwatchHub: note('unwatchHub'),
      sayDraining: note('sayDraining'),
      finishCalls: note('finishCalls'),
      sayStopped: note('sayStopped'),
      hangUp: note('hangUp'),
    },
  });
  const actor = createActor(machine, { input: { ways }, clock }).start();
  const send = (...events: LinkEvent[]) => {
    for (const event of events) actor.send(event);
    return stateName(actor.getSnapshot());
  };
  return {
    clock,
    effects,
    send,
    state: () => stateName(actor.getSnapshot()),
    context: () => actor.getSnapshot().context,
  };
}

const accepted: LinkEvent = {
  type: 'HELLO_ACCEPTED',
  instance: '3-a',
  epoch: 3,
  hub: 'h1',
  pingIntervalMs: 2000,
};
const failed: LinkEvent = { type: 'DIAL_FAILED', code: 'UNREACHABLE', message: 'nobody listens there' };
const online: LinkEvent[] = [{ type: 'START' }, { type: 'DIALED' }, accepted];

test('the pause doubles from 250 ms to 15 s', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 1000].map(backoffMs),
    [250, 250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000],
  );
});

test('it gets online, and does what each state says', () => {
  const link = started();
  assert.equal(link.send(...online), 'online');
  assert.deepEqual(link.effects, [
    'dial',
    'abandonDial',
    'sayHello',
    'abandonHello',
    'serveCalls',
    'watchHub',
  ]);
  assert.equal(link.context().instance, '3-a');
});

test('failed dials try every way, then wait longer each time', () => {
  const link = started(['first', 'second']);
  link.send({ type: 'START' });
  for (const pauseMs of [250, 500, 1000]) {
    assert.equal(link.send(failed), 'dialing');
    assert.equal(link.context().way, 1);
    assert.equal(link.send(failed), 'waiting');
    link.clock.increment(pauseMs - 1);
    assert.equal(link.state(), 'waiting');
    link.clock.increment(1);
    assert.equal(link.state(), 'dialing');
    assert.equal(link.context().way, 0);
  }
  assert.equal(link.effects.filter((name) => name === 'dial').length, 7);
  link.send({ type: 'DIALED' }, accepted);
  assert.equal(link.context().attempt, 0);
});

test('a dial, a hello and a partition have an end', () => {
  const link = started();
  link.send({ type: 'START' });
  link.clock.increment(30_000);
  assert.equal(link.state(), 'waiting');
  assert.equal(link.context().lastError?.code, 'TIME_OUT');
  link.clock.increment(250);
  link.send({ type: 'DIALED' });
  link.clock.increment(10_000);
  assert.equal(link.state(), 'waiting');
  link.clock.increment(500);
  link.send({ type: 'DIALED' }, accepted, { type: 'DISCONNECTED', reason: 'reset' });
  assert.equal(link.state(), 'partitioned');
  link.clock.increment(60_000);
  assert.equal(link.state(), 'dialing');
});

test('after a partition the place is asked for again', () => {
  const link = started();
  link.send(...online);
  assert.equal(link.send({ type: 'DISCONNECTED', reason: 'reset' }), 'partitioned');
  assert.equal(link.send({ type: 'RECONNECTED' }), 'authenticating');
  assert.equal(link.context().instance, '3-a');
});

test('a hub that is silent is asked again, and one that is heard ends the wait', () => {
  const link = started();
  link.send(...online);
  assert.equal(link.send({ type: 'HUB_SILENT' }), 'authenticating');
  assert.equal(link.send({ type: 'HELLO_FAILED', code: 'NO_ANSWER', message: 'no hub answered' }), 'waiting');
  assert.equal(link.send({ type: 'HUB_HEARD' }), 'authenticating');
});

test('wrong tokens, revoked keys and newer processes are final; an occupied name is not', () => {
  const refused = (code: 'superseded' | 'revoked' | 'version' | 'occupied' | 'retry') => {
    const link = started();
    const state = link.send(
      { type: 'START' },
      { type: 'DIALED' },
      { type: 'HELLO_REFUSED', code, message: 'no' },
    );
    return [state, link.context().end];
  };
  assert.deepEqual(refused('superseded'), ['superseded', 'superseded']);
  assert.deepEqual(refused('revoked'), ['closed', 'revoked']);
  assert.deepEqual(refused('version'), ['closed', 'version']);
  assert.deepEqual(refused('occupied'), ['waiting', undefined]);
  assert.deepEqual(refused('retry'), ['waiting', undefined]);
  const link = started(['first', 'second']);
  assert.equal(
    link.send({ type: 'START' }, { type: 'DIAL_FAILED', code: 'TOKEN_USED', message: 'used' }),
    'closed',
  );
  assert.deepEqual(link.context().lastError, { code: 'TOKEN_USED', message: 'used' });
  assert.equal(link.context().end, 'refused');
});

test('draining says so, lets calls finish, and ends in time', () => {
  const link = started();
  link.send(...online);
  link.effects.length = 0;
  assert.equal(link.send({ type: 'DRAIN' }), 'draining');
  assert.deepEqual(link.effects, ['unwatchHub', 'sayDraining', 'finishCalls']);
  assert.equal(link.send({ type: 'DRAINED' }), 'closed');
  assert.deepEqual(link.effects.slice(3), ['sayStopped', 'hangUp']);
  const slow = started();
  slow.send(...online, { type: 'DRAIN' });
  slow.clock.increment(60_000);
  assert.equal(slow.state(), 'closed');
});

test('who is asked to retry now dials at once, whatever is left of the pause', () => {
  const link = started();
  link.send({ type: 'START' });
  for (let i = 0; i < 8; i++) {
    assert.equal(link.send(failed), 'waiting');
    assert.equal(link.send({ type: 'RETRY_ASKED' }), 'dialing');
  }
  assert.equal(link.context().attempt, 8, 'the next pause is no shorter for it');
  assert.equal(link.effects.filter((effect) => effect === 'dial').length, 9);
});

test('a link that is partitioned and asked to retry now dials anew, and keeps its place', () => {
  const link = started();
  link.send(...online, { type: 'DISCONNECTED', reason: 'connection reset' });
  assert.equal(link.send({ type: 'RETRY_ASKED' }), 'dialing');
  assert.equal(link.context().instance, '3-a');
});
