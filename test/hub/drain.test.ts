import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { ListNodesResponse, Node } from '../../src/gen/postern/v1/nodes.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { startHubIn } from './activity/stage.js';
import { RecordedTarget } from './recorded-target.js';
import { bindKey, StandIn } from './stand-in.js';
import { ask, bareCall, bearer, ownClients, type TestHub } from './test-hub.js';

describe('a node that is drained', { timeout: 60_000 }, () => {
  let nats: TestNats;
  const hubs: TestHub[] = [];
  const target = new RecordedTarget();
  const hub = (i: number): TestHub => hubs[i] ?? assert.fail();
  const call = (node: string, at: number, path = '/pkg.Service/Method') =>
    bareCall(hub(at).address, { authorization: `Bearer ${hub(at).adminToken}`, name: node }, path);
  const seen = async (name: string, at: number): Promise<Node | undefined> => {
    const clients = ownClients(hub(at).address);
    const { nodes } = await ask<ListNodesResponse>((done) =>
      clients.nodes.listNodes({ name }, bearer(hub(at).adminToken), done),
    );
    clients.close();
    return nodes[0];
  };
  const seenByAll = (name: string, state: string) =>
    until(`all hubs see ${name} ${state}`, async () => {
      const all = await Promise.all(hubs.map((_, at) => seen(name, at)));
      return all.every((node) => node?.state.startsWith(state) === true);
    });
  const joined = async (node: string, over: Parameters<StandIn['join']>[0] = {}): Promise<StandIn> => {
    const agent = await StandIn.start(nats, await bindKey(hub(0), node), target);
    await agent.join(over);
    return agent;
  };

  before(async () => {
    nats = await startTestNats();
    hubs.push(await startHubIn(nats, 'one'), await startHubIn(nats, 'two'));
  });
  after(async () => {
    for (const each of hubs) await each.stop();
    await nats.stop();
  });

  it('finishes its calls and takes no new ones at any hub, whoever comes, until it is resumed', async () => {
    const agent = await joined('cellar', { share: true });
    await seenByAll('cellar', 'connected.idle');
    target.calls.length = 0;
    const open = [0, 1].map((at) => call('cellar', at, '/pkg.Service/Hang'));
    await until('both are open', () => target.calls.length === 2);
    const { operators } = hub(1).hub;
    assert.equal(
      await operators.node('cellar', 'DRAIN_ASKED', 'alice'),
      'it is given no new calls until it is resumed',
    );
    await seenByAll('cellar', 'connected.draining');
    for (const at of [0, 1]) assert.equal((await call('cellar', at)).status, status.UNAVAILABLE);
    assert.ok(
      target.calls.every(({ ended }) => ended === undefined),
      'an open call was ended',
    );
    assert.equal(await operators.node('cellar', 'DRAIN_ASKED', 'bob'), 'it was drained already');

    const other = await joined('cellar', { share: true });
    await until('it is there', async () => (await seen('cellar', 0))?.instances.length === 2);
    for (const at of [0, 1]) assert.equal((await call('cellar', at)).status, status.UNAVAILABLE);

    assert.equal(await operators.node('cellar', 'RESUME_ASKED', 'alice'), 'it is given calls again');
    await seenByAll('cellar', 'connected');
    await until('calls get through at both', async () => {
      const all = await Promise.all([0, 1].map((at) => call('cellar', at)));
      return all.every((one) => one.status === status.OK);
    });
    assert.equal(await operators.node('cellar', 'RESUME_ASKED', 'alice'), 'nobody had drained it');
    agent.vanish();
    other.vanish();
    assert.deepEqual(
      (await Promise.all(open)).map((one) => one.status),
      [status.UNAVAILABLE, status.UNAVAILABLE],
    );
  });

  it('is drained still when it was lost and its hub was started anew', async () => {
    const agent = await joined('attic');
    await hub(0).hub.operators.node('attic', 'DRAIN_ASKED', 'alice');
    await seenByAll('attic', 'connected.draining');
    for (const each of hubs.splice(0)) await each.stop();
    hubs.push(await startHubIn(nats, 'one'), await startHubIn(nats, 'two'));
    await seenByAll('attic', 'connected.draining');
    assert.equal((await call('attic', 0)).status, status.UNAVAILABLE);
    await hub(0).hub.operators.node('attic', 'RESUME_ASKED', 'alice');
    await until('it takes calls', async () => (await call('attic', 1)).status === status.OK);
    agent.vanish();
  });

  it('has to be known, and to be told what nodes know', async () => {
    const { operators } = hub(0).hub;
    await assert.rejects(operators.node('nobody', 'DRAIN_ASKED', 'alice'), { code: 'NODE_UNKNOWN' });
    await assert.rejects(operators.node('cellar', 'HEARD', 'alice'), { code: 'INVALID_ARGUMENT' });
  });
});
