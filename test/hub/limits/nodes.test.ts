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
const rate = 200_000;
/** What may pass at once is not measured, nor what the buffers in between take at first. */
const warmUpMs = 1_000;
// A quarter of a second's worth comes at once where all stood still before: in a window it is little.
const windowMs = 3_000;
const mostWindows = 6;

/** Counts bytes. */
class Measure {
  bytes = 0;

  add(bytes: number): void {
    this.bytes += bytes;
  }

  /** Never more per second than is allowed, and as much as soon as this busy machine has the time for it; within 15 %. */
  async assertHeld(what: string): Promise<void> {
    await sleep(warmUpMs);
    const shares: number[] = [];
    while (!shares.some((share) => share > 0.85) && shares.length < mostWindows) {
      const [before, since] = [this.bytes, performance.now()];
      await sleep(windowMs);
      const share = ((this.bytes - before) / (performance.now() - since) / rate) * 1000;
      assert.ok(share < 1.15, `${what}: ${share} of what is allowed`);
      shares.push(share);
    }
    assert.ok((shares.at(-1) ?? 0) > 0.85, `${what}: ${shares.join()} of what is allowed`);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
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
      callAgain(clientOf('held-unary'), 10_000, () => unary.add(10_000), over.signal),
    );

    const streams = clientOf('held-streams');
    const down = new Measure();
    const downloads = [1, 2].map(() => {
      const call = streams.streamingOutputCall({
        responseParameters: Array.from({ length: 1_000 }, () => ({ size: 20_000 })),
      });
      call.on('data', () => down.add(20_000));
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

    const measured = Promise.all([
      unary.assertHeld('unary calls'),
      down.assertHeld('streams from the node'),
      came.assertHeld('a forward from the node'),
      sunk.assertHeld('a forward to the node'),
    ]);
    measured.catch(() => {}); // looked at below
    await sleep(warmUpMs);
    const [free, held] = [clientOf('free'), clientOf('held-streams')];
    const timed = async (client: InteropClient): Promise<number> => {
      const since = performance.now();
      assert.equal((await client.emptyCall()).status.code, 0);
      return performance.now() - since;
    };
    const took: Record<'free' | 'held', number[]> = { free: [], held: [] };
    for (let i = 0; i < 9; i++) {
      const [ofFree, ofHeld] = await Promise.all([timed(free), timed(held)]);
      took.free.push(ofFree);
      took.held.push(ofHeld);
    }
    const since = performance.now();
    const big = await free.unaryCall({ payload: { body: Buffer.alloc(5_000_000) }, responseSize: 1 });
    assert.equal(big.status.code, 0);
    const bigMs = performance.now() - since;
    await measured;
    // What is neither with the sender nor with the receiver is held in between.
    const between = offered - forward.writableLength - sunk.bytes;
    over.abort();
    for (const { call } of downloads) call.cancel();
    forward.destroy();
    await Promise.all([...calls, ...downloads.map(({ ended }) => ended)]);
    const laterMs = median(took.held) - median(took.free);
    assert.ok(laterMs < 600, `a little call took ${laterMs} ms longer than at another node`);
    assert.ok(bigMs < 12_000, `another node was held: 5 MB took ${bigMs} ms`);
    assert.ok(between < 12_000_000, `${between} bytes are held between the ends of a forward`);
  });

  it('gets what a client streams at that rate, complete, and ends calls as ever', async () => {
    const client = clientOf('held-streams');
    const since = performance.now();
    const total = 400_000;
    const { call, outcome } = client.streamingInputCall();
    for (let i = 0; i < 10; i++) call.write({ payload: { body: Buffer.alloc(total / 10) } });
    call.end();
    const { value, status } = await outcome;
    assert.deepEqual([status.code, value?.aggregatedPayloadSize], [0, total]);
    const tookMs = performance.now() - since;
    // A quarter of a second's worth passes at once.
    assert.ok(tookMs > 1_500, `${tookMs} ms`);

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
