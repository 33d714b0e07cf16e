import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Relay } from '../../../src/agent/relays/spec.js';
import type { Disturbance } from '../../../src/wire/impaired/disturbance.js';
import { disturbing, soon, udpRelay, udpSocket } from './relay-stage.js';

const some: fc.Arbitrary<Disturbance> = fc.record({
  kind: fc.constantFrom('partition', 'stall', 'loss', 'rate', 'delay', 'duplicate', 'reorder'),
  direction: fc.constantFrom('in', 'out', 'both'),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  delayMs: fc.integer({ min: 1, max: 8 }),
  jitterMs: fc.integer({ min: 0, max: 8 }),
  bytesPerSecond: fc.constant(100_000),
  seed: fc.string(),
  endsAtMs: fc.constant(Number.MAX_SAFE_INTEGER),
});

/** What it has dropped, led on or let wait; what has waited and was led on counts twice. */
function takenBy(relay: Relay): number {
  const { packets, dropped, held } = relay.counts().out;
  return packets + dropped + held;
}

test('whatever disturbs it, each datagram is led on or counted as dropped, and copies are counted', async (t) => {
  const target = await udpSocket(t);
  let came = 0;
  const different = new Set<string>();
  target.on('message', (datagram) => {
    came += 1;
    different.add(String(datagram));
  });
  const relay = await udpRelay(t, target.address().port);
  const socket = await udpSocket(t, relay.listen.port);
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(some, { maxLength: 3 }),
      fc.integer({ min: 1, max: 20 }),
      async (all, amount) => {
        const before = takenBy(relay);
        const ends = all.map((disturbance) => relay.disturb(disturbance));
        for (let i = 0; i < amount; i++) socket.send(`datagram ${sent + i}`);
        sent += amount;
        await soon('they were taken', () => takenBy(relay) >= before + amount);
        for (const end of ends) end();
        await soon('none waits', () => {
          const { packets, dropped, duplicated } = relay.counts().out;
          return packets + dropped - duplicated === sent;
        });
      },
    ),
    { numRuns: 20 },
  );
  await soon('all that was led on came', () => relay.counts().out.packets === came);
  assert.equal(different.size, sent - relay.counts().out.dropped);
});

test('each client gets its own answers, and those from elsewhere than the target are nobody’s', async (t) => {
  const target = await udpSocket(t);
  const ports = new Set<number>();
  target.on('message', (datagram, { port, address }) => {
    ports.add(port);
    target.send(`to ${datagram}`, port, address);
  });
  const relay = await udpRelay(t, target.address().port);
  const clients = await Promise.all(['a', 'b', 'c'].map(() => udpSocket(t, relay.listen.port)));
  const answers = clients.map(async (socket, i) => {
    socket.send(`client ${i}`);
    return String((await once(socket, 'message'))[0]);
  });
  assert.deepEqual(await Promise.all(answers), ['to client 0', 'to client 1', 'to client 2']);
  assert.deepEqual([ports.size, relay.connections], [3, 3]);

  const [first] = clients;
  const stranger = await udpSocket(t);
  const heard: string[] = [];
  first?.on('message', (datagram) => heard.push(String(datagram)));
  stranger.send('from elsewhere', [...ports][0] ?? 0, '127.0.0.1');
  first?.send('again');
  await soon('it answers', () => heard.length > 0);
  assert.deepEqual(heard, ['to again']);
});

test('the same seed drops the same datagrams, and another one others', async (t) => {
  const target = await udpSocket(t);
  const came: number[] = [];
  target.on('message', (datagram) => came.push(datagram.readUInt8()));
  const drawn = async (seed: string): Promise<string> => {
    came.length = 0;
    const relay = await udpRelay(t, target.address().port);
    const socket = await udpSocket(t, relay.listen.port);
    relay.disturb(disturbing('loss', { share: 0.5, seed }));
    for (let i = 0; i < 64; i++) socket.send(Buffer.of(i));
    await soon('all were taken', () => {
      const { packets, dropped } = relay.counts().out;
      return packets + dropped === 64 && came.length === packets;
    });
    return came.join();
  };
  const first = await drawn('one');
  assert.equal(await drawn('one'), first);
  assert.notEqual(await drawn('two'), first);
});

test('a partition drops what comes from one address and a stall keeps it, and others go on', async (t) => {
  const target = await udpSocket(t);
  const came: string[] = [];
  target.on('message', (datagram) => came.push(String(datagram)));
  const relay = await udpRelay(t, target.address().port, '');
  const [one, other] = [
    await udpSocket(t, relay.listen.port),
    await udpSocket(t, relay.listen.port, '127.0.0.2'),
  ];
  const say = async (words: string): Promise<void> => {
    const { packets, dropped, held } = relay.counts().in;
    other.send(`other ${words}`);
    one.send(`one ${words}`);
    await soon('both were taken', () => {
      const now = relay.counts().in;
      return now.packets + now.dropped + now.held === packets + dropped + held + 2;
    });
  };
  const end = relay.disturb(disturbing('partition'), ['127.0.0.2']);
  await say('cut');
  end();
  const stop = relay.disturb(disturbing('stall'), ['127.0.0.2']);
  await say('held');
  await soon('one goes on', () => came.length === 2);
  stop();
  await say('free');
  await soon('all came', () => came.length === 5);
  assert.deepEqual([...came].sort(), ['one cut', 'one free', 'one held', 'other free', 'other held']);
  assert.equal(relay.counts().in.dropped, 1);
});
