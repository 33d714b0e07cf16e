import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { ListNodesResponse } from '../../src/gen/postern/v1/nodes.js';
import { type FramePeer, frameClient } from '../support/frame-peer.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { endStream, headers } from '../wire/frames.js';
import { RecordedTarget } from './recorded-target.js';
import { bindKey, StandIn } from './stand-in.js';
import { ask, bareCall, bearer, http, ownClients, startTestHub, type TestHub } from './test-hub.js';

/** Long enough that a hub that waits it out is noticed. */
const drainSeconds = 60;

describe('calls of clients that broke HTTP/2', { timeout: 120_000 }, () => {
  let nats: TestNats;
  let hub: TestHub;
  let agent: StandIn;
  const target = new RecordedTarget();

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats, { drainSeconds, limits: { perCaller: { inFlight: 2 } } });
    agent = await StandIn.start(nats, await bindKey(hub, 'cellar'), target);
    await agent.join();
    await until('it takes calls', async () => (await call('/pkg.Service/Method')).status === status.OK);
  });
  after(async () => {
    await hub.stop();
    await nats.stop();
  });

  const call = (path: string) =>
    bareCall(hub.address, { authorization: `Bearer ${hub.adminToken}`, name: 'cellar' }, path);

  /** Two calls that hang, on a connection that is broken then: as many as a caller may have. */
  const breakOff = async (): Promise<FramePeer> => {
    const known = target.calls.length;
    const peer = await frameClient(hub.address);
    for (const stream of [1, 3]) peer.send(headers(stream, hanging(), endStream));
    await until('the calls are there', () => target.calls.length === known + 2);
    peer.send(Buffer.from('what follows is no HTTP/2'));
    return peer;
  };
  const hanging = () => ({
    ...{ ':method': 'POST', ':scheme': 'http', ':authority': 'a', ':path': '/pkg.Service/Hang' },
    ...{ 'content-type': 'application/grpc', name: 'cellar', authorization: `Bearer ${hub.adminToken}` },
  });
  /** Open calls by the node, its instance and the metrics. */
  const counted = async (): Promise<readonly number[]> => {
    const clients = ownClients(hub.address);
    const { nodes } = await ask<ListNodesResponse>((done) =>
      clients.nodes.listNodes({ name: 'cellar' }, bearer(hub.adminToken), done),
    );
    clients.close();
    const [node] = nodes;
    const { body } = await http(hub.metricsAddress, 'GET', '/metrics');
    const gauge = /^postern_calls_in_flight (\d+)$/m.exec(body)?.[1];
    return [node?.calls ?? -1, node?.instances[0]?.calls ?? -1, Number(gauge ?? -1)];
  };

  it('are open no more soon after, wherever they are counted, and their server is told', async () => {
    const peer = await breakOff();
    assert.equal((await call('/pkg.Service/Method')).code, 'TOO_MANY_CALLS');
    await until('the connection is closed', () => peer.closed, 40_000);
    await until('their server knows', () => target.calls.slice(-2).every(({ ended }) => ended?.status === 1));
    assert.equal((await call('/pkg.Service/Method')).status, status.OK);
    await until('nobody counts them', async () => (await counted()).join() === '0,0,0');
  });

  it('do not hold up a hub that stops', async () => {
    const peer = await breakOff();
    peer.socket.destroy();
    const startedAt = performance.now();
    await hub.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    assert.ok(seconds < drainSeconds / 6, `it stopped after ${seconds} s`);
    agent.vanish();
  });
});
