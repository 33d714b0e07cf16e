import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Disturbance } from '../../../src/wire/impaired/disturbance.js';
import { allOf, client, disturbing, soon, tcpRelay, tcpTarget } from './relay-stage.js';

const echo = (socket: Socket): void => void socket.pipe(socket);

/** Some disturbances that a test has time for. */
const some: fc.Arbitrary<Disturbance> = fc.record({
  kind: fc.constantFrom('partition', 'stall', 'loss', 'rate', 'delay'),
  direction: fc.constantFrom('in', 'out', 'both'),
  share: fc.constant(0.02),
  delayMs: fc.integer({ min: 1, max: 8 }),
  jitterMs: fc.integer({ min: 0, max: 8 }),
  bytesPerSecond: fc.constant(4_000_000),
  seed: fc.string(),
  endsAtMs: fc.constant(Number.MAX_SAFE_INTEGER),
});

test('whatever disturbs it, a stream comes through whole, in its order and with its end', async (t) => {
  const relay = await tcpRelay(t, await tcpTarget(t, echo));
  const acts = fc.array(fc.record({ what: some, afterMs: fc.nat(6), forMs: fc.nat(25) }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(acts, fc.integer({ min: 0, max: 150_000 }), async (disturbances, size) => {
      const socket = await client(t, relay);
      const sent = randomBytes(size);
      const acting = disturbances.map(async ({ what, afterMs, forMs }) => {
        await sleep(afterMs);
        const end = relay.disturb(what);
        await sleep(forMs);
        end();
      });
      const came = allOf(socket);
      for (let at = 0; at < size; at += 40_000) {
        socket.write(sent.subarray(at, at + 40_000));
        await sleep(1);
      }
      socket.end();
      assert.ok((await came).equals(sent), 'other bytes came');
      await Promise.all(acting);
    }),
    { numRuns: 12 },
  );
  await soon('all are over', () => relay.connections === 0);
});

test('each side may end before the other, and a connection that is reset is reset on the other side', async (t) => {
  const taken: Socket[] = [];
  const relay = await tcpRelay(
    t,
    await tcpTarget(t, (socket) => {
      taken.push(socket);
      socket.once('data', () => socket.end('last words'));
      socket.on('data', (chunk) => heard.push(chunk));
    }),
  );
  const heard: Buffer[] = [];
  const one = await client(t, relay);
  one.write('first ');
  assert.equal(String(await allOf(one)), 'last words');
  one.end('and then');
  await soon('it came', () => String(Buffer.concat(heard)) === 'first and then');

  const other = await client(t, relay);
  await soon('it is led on', () => taken.length === 2);
  const failed = new Promise((resolve) =>
    taken[1]?.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
  );
  other.resetAndDestroy();
  assert.equal(await failed, 'ECONNRESET');
  await soon('all are over', () => relay.connections === 0);
});

test('while it stands still nothing goes on, nobody new is led on, and nothing is lost', async (t) => {
  let taken = 0;
  const relay = await tcpRelay(
    t,
    await tcpTarget(t, (socket) => {
      taken += 1;
      echo(socket);
    }),
  );
  const before = await client(t, relay);
  before.write('before');
  assert.equal(String((await once(before, 'data'))[0]), 'before');
  for (const kind of ['partition', 'stall'] as const) {
    const end = relay.disturb(disturbing(kind));
    const came: Buffer[] = [];
    const take = (chunk: Buffer): void => void came.push(chunk);
    before.on('data', take);
    before.write('meanwhile');
    const [held, connections] = [relay.counts().out.held, relay.counts().connections];
    const late = await client(t, relay);
    late.write('late');
    await soon('it waits', () => relay.counts().connections === connections + 1);
    await soon('its words wait', () => relay.counts().out.held > held);
    assert.deepEqual([came.length, taken], [0, kind === 'partition' ? 1 : 2]);
    end();
    await soon('all came', () => String(Buffer.concat(came)) === 'meanwhile');
    assert.equal(String((await once(late, 'data'))[0]), 'late');
    before.off('data', take);
  }
});

test('one direction may be disturbed alone, as seen from this machine', async (t) => {
  const port = await tcpTarget(t, (socket) => {
    socket.on('data', () => {});
    socket.write('hello');
  });
  for (const [node, incoming, outgoing] of [
    ['far', 'back', 'there'],
    ['', 'there', 'back'],
  ] as const) {
    const relay = await tcpRelay(t, port, node);
    const socket = await client(t, relay);
    await once(socket, 'data');
    for (const [direction, goes] of [
      ['in', incoming],
      ['out', outgoing],
    ] as const) {
      const end = relay.disturb(disturbing('stall', { direction }));
      const held = relay.counts()[direction].held;
      socket.write('words');
      if (goes === 'there') await soon('they wait', () => relay.counts()[direction].held > held);
      else await soon('they came', () => relay.counts()[direction === 'in' ? 'out' : 'in'].bytes >= 5);
      end();
    }
  }
});

test('a reset breaks what is connected and what comes, and what comes from one address may be disturbed alone', async (t) => {
  const relay = await tcpRelay(t, await tcpTarget(t, echo), '');
  const [near, other] = [await client(t, relay), await client(t, relay, '127.0.0.2')];
  for (const socket of [near, other]) {
    socket.write('x');
    await once(socket, 'data');
  }
  const gone = new Promise((resolve) =>
    other.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
  );
  const end = relay.disturb(disturbing('reset'), ['127.0.0.2']);
  assert.equal(await gone, 'ECONNRESET');
  const again = connect({ ...relay.listen, localAddress: '127.0.0.2' });
  again.on('error', () => {});
  await new Promise((resolve) => again.once('close', resolve));
  near.write('y');
  assert.equal(String((await once(near, 'data'))[0]), 'y');
  end();

  const stop = relay.disturb(disturbing('stall'), ['127.0.0.2']);
  const held = await client(t, relay, '127.0.0.2');
  held.write('held');
  await soon('it waits', () => relay.counts().connections === 3);
  near.write('z');
  assert.equal(String((await once(near, 'data'))[0]), 'z');
  stop();
  assert.equal(String((await once(held, 'data'))[0]), 'held');
});

test('a disturbance ends by itself when its time is over, whoever has forgotten it', async (t) => {
  const relay = await tcpRelay(t, await tcpTarget(t, echo));
  relay.disturb(disturbing('stall', { endsAtMs: Date.now() + 900 }));
  relay.disturb(disturbing('reset', { endsAtMs: Date.now() + 600 }));
  assert.equal(relay.isResetting, true);
  await soon('the reset is over', () => !relay.isResetting);
  const socket = await client(t, relay);
  socket.write('x');
  await once(socket, 'data');
});
