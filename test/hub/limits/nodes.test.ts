import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { type InteropClient, statusOf } from '../../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { until } from '../../support/nats.js';
import { joinToken } from '../test-hub.js';

/** What the nodes named `held-…` may pass each way, bytes per second. */
const rate = 500_000;
/** What may pass at once is not measured, nor what the buffers in between take at first. */
const warmUpMs = 1_500;
const measuredMs = 2_500;

/** Counts bytes, and tells how many came per second while it was measured. */
class Measure {
  bytes = 0;

  add(bytes: number): void {
    this.bytes += bytes;
  }

  async perSecond(): Promise<number> {
    await sleep(warmUpMs);
    const [before, since] = [this.bytes, performance.now()];
    await sleep(measuredMs);
    return ((this.bytes - before) / (performance.now() - since)) * 1000;
  }
}

function assertHeld(measured: number, what: string): void {
  assert.ok(
    Math.abs(measured / rate - 1) < 0.15,
    `${what}: ${Math.round(measured)} of ${rate} bytes per second`,
  );
}

describe('a node that is limited in bytes per second', { timeout: 60_000 }, () => {
  let stage: TunnelStage;
  let server: InteropServer;
  let raw: Server;
  /** Request bytes that the plain TCP server has got. */
  const sunk = new Measure();
  const clients: InteropClient[] = [];
  const sockets: Socket[] = [];

  before(async () => {
    stage = await TunnelStage.make({
      limits: { perNode: [{ nodes: ['held-*'], bytesPerSecond: rate }] },
    });
    server = await startInteropServer();
    // Takes all that comes, and sends without end.
    raw = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {}).on('data', (chunk) => sunk.add(chunk.length));
      const send = (): void => {
        while (socket.writable && socket.write(block));
      };
      socket.on('drain', send);
      send();
    });
    raw.listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const address = raw.address();
    const rawPort = typeof address === 'object' && address !== null ? address.port : assert.fail();
    for (const [node, port] of [
      ['held-unary', server.port],
      ['held-streams', server.port],
      ['held-forward', rawPort],
      ['free', server.port],
    ] as const) {
      stage.join(node, port, { token: await joinToken(stage.hub, node) });
      await stage.inState(node, 'connected.idle');
    }
  });
  after(async () => {
    for (const client of clients) client.close();
    for (const socket of sockets) socket.destroy();
    raw.close();
    await stage.stop();
    await server.stop();
  });

  const block = Buffer.alloc(64 * 1024);
  const clientOf = (node: string): InteropClient => {
    const client = stage.client(node);
    clients.push(client);
    return client;
  };
  /** Unary calls one after another, until it is over. */
  const callAgain = async (client: InteropClient, size: number, done: () => void, over: AbortSignal) => {
    while (!over.aborted) {
      const { status } = await client.unaryCall({
        payload: { body: Buffer.alloc(size) },
        responseSize: size,
      });
      assert.equal(status.code, 0, status.details);
      done();
    }
  };

  it('passes that much each way in many calls, streams and forwards, others are not held, and little ones get through', async () => {
    const over = new AbortController();
    const unary = new Measure();
    const calls = Array.from({ length: 8 }, () =>
      callAgain(clientOf('held-unary'), 20_000, () => unary.add(20_000), over.signal),
    );

    const streams = clientOf('held-streams');
    const down = new Measure();
    const downloads = [1, 2].map(() => {
      const call = streams.streamingOutputCall({
        responseParameters: Array.from({ length: 400 }, () => ({ size: 50_000 })),
      });
      call.on('data', () => down.add(50_000));
      return { call, ended: statusOf(call) };
    });

    const forward = connect({ host: '127.0.0.1', port: Number(stage.hub.address.split(':').at(-1)) });
    sockets.push(forward);
    forward.on('error', () => {});
    forward.write(`${JSON.stringify({ token: stage.hub.adminToken, node: 'held-forward' })}\n`);
    const came = new Measure();
    let offered = 0;
    forward.on('data', (chunk) => came.add(chunk.length));
    const offer = (): void => {
      do offered += block.length;
      while (forward.write(block));
    };
    forward.on('drain', offer);
    offer();

    const measured = Promise.all([unary.perSecond(), down.perSecond(), came.perSecond(), sunk.perSecond()]);
    await sleep(warmUpMs);
    const slowest = { held: 0, free: 0 };
    const [free, held] = [clientOf('free'), clientOf('held-streams')];
    const timed = async (client: InteropClient, of: 'held' | 'free'): Promise<void> => {
      const since = performance.now();
      assert.equal((await client.emptyCall()).status.code, 0);
      slowest[of] = Math.max(slowest[of], performance.now() - since);
    };
    for (let i = 0; i < 10; i++) await Promise.all([timed(free, 'free'), timed(held, 'held')]);
    const since = performance.now();
    const big = await free.unaryCall({ payload: { body: Buffer.alloc(5_000_000) }, responseSize: 1 });
    assert.equal(big.status.code, 0);
    const bigMs = performance.now() - since;

    const [unaryRate, downRate, cameRate, sunkRate] = await measured;
    // What is neither with the sender nor with the receiver is held in between.
    const between = offered - forward.writableLength - sunk.bytes;
    over.abort();
    for (const { call } of downloads) call.cancel();
    forward.destroy();
    await Promise.all([...calls, ...downloads.map(({ ended }) => ended)]);
    assertHeld(unaryRate, 'unary calls');
    assertHeld(downRate, 'streams from the node');
    assertHeld(cameRate, 'a forward from the node');
    assertHeld(sunkRate, 'a forward to the node');
    assert.ok(slowest.held < 1_500, `a little call took ${slowest.held} ms`);
    assert.ok(bigMs < 3_000, `another node was held: 5 MB took ${bigMs} ms`);
    assert.ok(between < 12_000_000, `${between} bytes are held between the ends of a forward`);
  });

  it('gets what a client streams at that rate, complete, and ends calls as ever', async () => {
    const client = clientOf('held-streams');
    const since = performance.now();
    const total = 1_000_000;
    const { call, outcome } = client.streamingInputCall();
    for (let i = 0; i < 10; i++) call.write({ payload: { body: Buffer.alloc(total / 10) } });
    call.end();
    const { value, status } = await outcome;
    assert.deepEqual([status.code, value?.aggregatedPayloadSize], [0, total]);
    const tookMs = performance.now() - since;
    // A quarter of a second's worth passes at once.
    assert.ok(tookMs > 1_400 && tookMs < 6_000, `${tookMs} ms`);

    const late = await client.unaryCall(
      { payload: { body: Buffer.alloc(2_000_000) }, responseSize: 1 },
      client.metadata(),
      { deadline: Date.now() + 500 },
    );
    assert.equal(late.status.code, 4, late.status.details);
    await until('nothing is left of it', async () => {
      const at = performance.now();
      assert.equal((await client.emptyCall()).status.code, 0);
      return performance.now() - at < 500;
    });
  });
});
