import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disturbance, DisturbanceKind } from '../../../src/wire/impaired/disturbance.js';
import { disturbing, soon, udpRelay, udpSocket } from './relay-stage.js';

const amount = 20_000;
/** Datagrams on their way at a time: sockets of UDP drop what they cannot hold. */
const most = 64;
/** 99.9 % of a normal distribution are no further from its middle, in standard deviations. */
const wide = 3.29;

/** How far a share of so many may be from what was asked for. */
const bound = (share: number): number => wide * Math.sqrt(amount * share * (1 - share));

/** Sends datagrams with numbers in turn, and gives those that came. */
async function sent(
  t: Parameters<typeof udpSocket>[0],
  disturbance: Disturbance,
): Promise<readonly number[]> {
  const target = await udpSocket(t);
  const came: number[] = [];
  target.on('message', (datagram) => came.push(datagram.readUInt32BE()));
  const relay = await udpRelay(t, target.address().port);
  const socket = await udpSocket(t, relay.listen.port);
  const end = relay.disturb(disturbance);
  for (let i = 0; i < amount; i++) {
    const datagram = Buffer.alloc(64);
    datagram.writeUInt32BE(i);
    socket.send(datagram);
    if (i % 16 !== 0) continue;
    await soon('there is room', () => {
      const { dropped, duplicated } = relay.counts().out;
      return i - (came.length + dropped - duplicated) < most;
    });
  }
  await soon('all were led on', () => {
    const { dropped, duplicated, packets } = relay.counts().out;
    return packets + dropped - duplicated === amount && came.length === packets;
  });
  end();
  return came;
}

for (const share of [0.01, 0.1, 0.5]) {
  for (const seed of ['one', 'two', 'three']) {
    const shaped = (kind: DisturbanceKind) => disturbing(kind, { share, seed, delayMs: 5 });

    test(`of ${amount} datagrams ${share * 100} % are lost, doubled or overtaken, by the seed ${seed}`, async (t) => {
      const expected = share * amount;
      const lost = amount - (await sent(t, shaped('loss'))).length;
      assert.ok(Math.abs(lost - expected) <= bound(share), `${lost} lost`);

      const doubled = (await sent(t, shaped('duplicate'))).length - amount;
      assert.ok(Math.abs(doubled - expected) <= bound(share), `${doubled} doubled`);

      const order = await sent(t, shaped('reorder'));
      let latest = -1;
      let overtaken = 0;
      for (const number of order) {
        if (number < latest) overtaken += 1;
        else latest = number;
      }
      assert.equal(new Set(order).size, amount);
      // Of two that are held back one after the other, only what is sent in between overtakes: some at the end are not seen.
      assert.ok(Math.abs(overtaken - expected) <= bound(share) + most, `${overtaken} overtaken`);
    });
  }
}

test('datagrams come as much later as asked for, evenly spread by the jitter', async (t) => {
  const target = await udpSocket(t);
  const took: number[] = [];
  target.on('message', (datagram) => took.push(performance.now() - datagram.readDoubleBE()));
  const relay = await udpRelay(t, target.address().port);
  const socket = await udpSocket(t, relay.listen.port);
  relay.disturb(disturbing('delay', { delayMs: 100, jitterMs: 40 }));
  for (let i = 0; i < 2_000; i++) {
    const datagram = Buffer.alloc(8);
    datagram.writeDoubleBE(performance.now());
    socket.send(datagram);
    if (i % 4 === 0) await sleep(1);
  }
  await soon('all came', () => took.length === 2_000);
  took.sort((a, b) => a - b);
  const at = (part: number): number => took[Math.floor(part * took.length)] ?? 0;
  assert.ok((took[0] ?? 0) >= 59.5, `the first after ${took[0]} ms`);
  for (const [part, ms] of [
    [0.1, 68],
    [0.5, 100],
    [0.9, 132],
  ] as const) {
    assert.ok(at(part) > ms - 6 && at(part) < ms + 15, `${part}: ${at(part)} ms`);
  }
});

test('a flood on a slow way is dropped beyond a bound, and the rest comes at the rate', async (t) => {
  const target = await udpSocket(t);
  const relay = await udpRelay(t, target.address().port);
  const socket = await udpSocket(t, relay.listen.port);
  const end = relay.disturb(disturbing('rate', { bytesPerSecond: 100_000, direction: 'out' }));
  const before = process.memoryUsage();
  const datagram = Buffer.alloc(1_000);
  for (let i = 0; i < 60_000; i++) {
    socket.send(datagram);
    if (i % 16 === 0)
      await soon('it is taken', () => i - relay.counts().out.dropped - relay.counts().out.held < 48);
  }
  const { dropped } = relay.counts().out;
  assert.ok(dropped > 40_000, `${dropped} dropped`);
  const { rss } = process.memoryUsage();
  assert.ok(rss - before.rss < 150e6, `${Math.round((rss - before.rss) / 1e6)} MB more`);
  const { bytes } = relay.counts().out;
  const beganMs = performance.now();
  await sleep(3_000);
  const rate = ((relay.counts().out.bytes - bytes) / (performance.now() - beganMs)) * 1_000;
  assert.ok(rate > 95_000 && rate < 105_000, `${rate} bytes a second`);
  end();
});
