import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { Limits } from '../../../src/gen/postern/v1/tokens.js';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { InteropClient, statusOf } from '../../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { until } from '../../support/nats.js';
import { ask, bearer, joinToken, ownClients } from '../test-hub.js';

const kilobyte = 1_000;

describe('a caller whose token limits it', { timeout: 60_000 }, () => {
  let stage: TunnelStage;
  let server: InteropServer;
  let clients: ReturnType<typeof ownClients>;
  const opened: InteropClient[] = [];

  before(async () => {
    stage = await TunnelStage.make({ limits: { perCaller: { inFlight: 3 } } });
    server = await startInteropServer();
    stage.join('cellar', server.port, { token: await joinToken(stage.hub, 'cellar') });
    await stage.inState('cellar', 'connected.idle');
    clients = ownClients(stage.hub.address);
  });
  afterEach(() => {
    for (const client of opened.splice(0)) client.close();
  });
  after(async () => {
    clients.close();
    await stage.stop();
    await server.stop();
  });

  const limited = async (limits: Partial<Limits>): Promise<InteropClient> => {
    const request = {
      subject: 'limited',
      nodes: [],
      roles: [],
      ttlSeconds: 0,
      methods: [],
      limits: Limits.fromPartial(limits),
      email: '',
    };
    const { token } = await ask<{ token: string }>((done) =>
      clients.tokens.createCallerToken(request, bearer(stage.hub.adminToken), done),
    );
    const metadata = { 'x-postern-node': 'cellar', 'x-postern-authorization': token };
    const client = new InteropClient({ address: stage.hub.address, metadata });
    opened.push(client);
    return client;
  };
  const openStream = async (client: InteropClient): Promise<ClientReadableStream<unknown>> => {
    const call = client.streamingOutputCall({
      responseParameters: [{ size: 1 }, { size: 1, intervalUs: 60_000_000 }],
    });
    call.on('error', () => {});
    await once(call, 'data');
    return call;
  };
  const bytes = (size: number) => ({ payload: { body: Buffer.alloc(size) } });

  it('in calls per second is told when to try again, and is let in then; others are not held', async () => {
    const [first, second] = await Promise.all([
      limited({ callsPerSecond: 0.5 }),
      limited({ callsPerSecond: 0.5 }),
    ]);
    assert.equal((await first.emptyCall()).status.code, 0);
    const refused = await first.emptyCall();
    assert.equal(refused.status.code, status.RESOURCE_EXHAUSTED);
    assert.deepEqual(refused.status.metadata.get('x-postern-error'), ['TOO_MANY_CALLS']);
    const waitMs = Number(refused.status.metadata.get('grpc-retry-pushback-ms')[0]);
    assert.ok(waitMs > 0 && waitMs <= 2_000, `${waitMs} ms`);
    assert.equal((await second.emptyCall()).status.code, 0);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    assert.equal((await first.emptyCall()).status.code, 0);
  });

  it('in open calls may open another when one has ended, however it ended', async () => {
    const client = await limited({ inFlight: 1 });
    for (let i = 0; i < 3; i++) {
      const call = await openStream(client);
      const { status: refused } = await client.emptyCall();
      assert.equal(refused.code, status.RESOURCE_EXHAUSTED);
      assert.match(refused.details, /1 calls open, as many as it may: try again/);
      call.cancel();
      await until('the call has ended', async () => (await client.emptyCall()).status.code === 0);
    }
  });

  it('in open calls by the hub alone is held too', async () => {
    const client = await limited({});
    const calls = await Promise.all([1, 2, 3].map(() => openStream(client)));
    assert.equal((await client.emptyCall()).status.code, status.RESOURCE_EXHAUSTED);
    for (const call of calls) call.cancel();
    await until('the calls have ended', async () => (await client.emptyCall()).status.code === 0);
  });

  it('in the size of messages sends and gets what is not larger', async () => {
    const client = await limited({ messageBytes: 1_000 });
    const fits = await client.unaryCall({ ...bytes(900), responseSize: 900 });
    assert.equal(fits.status.code, 0);
    const tooLarge = async (request: Parameters<InteropClient['unaryCall']>[0], what: RegExp) => {
      const { status: ended } = await client.unaryCall(request);
      assert.equal(ended.code, status.RESOURCE_EXHAUSTED);
      assert.match(ended.details, what);
      assert.deepEqual(ended.metadata.get('x-postern-error'), ['MESSAGE_TOO_LARGE']);
    };
    await tooLarge(
      { ...bytes(1_001), responseSize: 1 },
      /a request message of \d+ bytes is larger than the 1000/,
    );
    await tooLarge({ responseSize: 200_000 }, /a response message of \d+ bytes is larger than the 1000/);
  });

  it('in bytes per second is paced both ways, and refused more while it owes', async () => {
    const paced = async (request: Parameters<InteropClient['unaryCall']>[0]): Promise<number> => {
      const client = await limited({ bytesPerSecond: 1_000 * kilobyte });
      const startedAt = performance.now();
      assert.equal((await client.unaryCall(request)).status.code, 0);
      return performance.now() - startedAt;
    };
    // Of 3 MB one second's worth passes at once; of what comes back a window of 1 MiB is not waited for.
    const [down, up] = await Promise.all([
      paced({ responseSize: 3_000 * kilobyte }),
      paced({ ...bytes(3_000 * kilobyte), responseSize: 1 }),
    ]);
    assert.ok(down > 850, `${down} ms down`);
    assert.ok(up > 1_850, `${up} ms up`);
    assert.ok(Math.max(down, up) < 20_000, `${down} ms down, ${up} ms up`);

    const client = await limited({ bytesPerSecond: 100 * kilobyte });
    const call = client.streamingOutputCall({ responseParameters: [{ size: 700 * kilobyte }] });
    const ended = statusOf(call);
    await until('it owes', async () => {
      const { status: refused } = await client.emptyCall();
      if (refused.code === 0) return false;
      assert.match(refused.details, /has passed its 100000 bytes per second/);
      assert.ok(Number(refused.metadata.get('grpc-retry-pushback-ms')[0]) > 1_000);
      return true;
    });
    call.cancel();
    await ended;
  });
});
