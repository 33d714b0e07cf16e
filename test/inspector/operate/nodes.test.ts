import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { handMadeToken } from '../../hub/activity/stage.js';
import { InteropClient, statusOf } from '../../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { until } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { OperatingStage } from './stage.js';

describe('operating nodes and links', { timeout: 200_000 }, () => {
  let stage: OperatingStage;
  let server: InteropServer;

  before(async () => {
    [stage, server] = await Promise.all([OperatingStage.open(), startInteropServer()]);
  });
  after(async () => {
    await stage.close();
    await server.stop();
  });

  it('drains one of two agents under load, and no call fails', async () => {
    const agents = [
      await stage.agent({ node: 'pair', to: [server.address], share: true }),
      await stage.agent({ node: 'pair', to: [server.address], share: true }),
    ];
    const { instance } = (await agents[0]?.ready) ?? assert.fail();
    const first = await eventually('its link is told with its instance', async () => {
      const links = await stage.actors('link', 'pair');
      return links.find((one) => one.state === 'online' && one.contextJson.includes(`"${instance}"`));
    });
    const metadata = { 'x-postern-node': 'pair', 'x-postern-authorization': stage.hub.adminToken };
    const client = new InteropClient({ address: stage.hub.address, metadata });
    const ended: number[] = [];
    let goOn = true;
    const load = Array.from({ length: 8 }, async () => {
      while (goOn) {
        const call = client.streamingOutputCall({ responseParameters: [{ size: 100, intervalUs: 5_000 }] });
        const status = statusOf(call);
        call.resume();
        ended.push((await status).code);
      }
    });
    await until('calls go', () => ended.length > 50);
    const { id, bornMs } = first;
    const outcome = await stage.operate({ machine: 'link', id, event: 'DRAIN', reason: 'new disk', bornMs });
    assert.match(outcome, /finishes its calls/);
    assert.deepEqual(await agents[0]?.done, { reason: 'stopped', error: undefined });
    const then = ended.length;
    await until('calls go on at the other', () => ended.length > then + 50);
    goOn = false;
    await Promise.all(load);
    client.close();
    assert.deepEqual([...new Set(ended)], [0]);
    await until('it is told', async () => (await stage.told(`link/${id}`)).length === 1);
    const [event] = await stage.told(`link/${id}`);
    assert.deepEqual(
      [event?.caller, event?.node, event?.operation, event?.note, event?.code, event?.method],
      ['admin', 'pair', 'DRAIN', 'new disk', 0, 'postern.v1.Inspector/Operate'],
    );
  });

  it('drains a node that two operators want drained at once, and resumes it', async () => {
    await stage.agent({ node: 'cellar', to: [server.address] });
    await stage.actor('node', 'cellar', /^connected/);
    const wish = { machine: 'node', id: 'cellar', event: 'DRAIN_ASKED' };
    const both = await Promise.allSettled([stage.operate(wish), stage.operate(wish)]);
    const done = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.ok(done.includes('it is given no new calls until it is resumed'), JSON.stringify(both));
    const { operations } = await stage.actor('node', 'cellar', /^connected.draining$/);
    assert.deepEqual(operations, ['KICK_ASKED', 'RESUME_ASKED']);
    await stage.refused(
      wish,
      status.FAILED_PRECONDITION,
      /^it is connected.draining now, which takes KICK_ASKED, RESUME_ASKED$/,
    );
    await stage.operate({ ...wish, event: 'RESUME_ASKED' });
    await stage.actor('node', 'cellar', /^connected.idle$/);
  });

  it('kicks a node by the word of an operator, and tells whose', async () => {
    const agent = await stage.agent({ node: 'attic', to: [server.address] });
    const before = (await agent.ready).instance;
    const token = await handMadeToken(stage.nats, { subject: 'alice', roles: ['operate'], nodes: ['att*'] });
    const { bornMs } = await stage.actor('node', 'attic', /^connected/);
    const wish = { machine: 'node', id: 'attic', event: 'KICK_ASKED', bornMs };
    await stage.refused({ ...wish, bornMs: bornMs - 1 }, status.FAILED_PRECONDITION, /^another one is meant/);
    assert.equal(await stage.operate(wish, token), `sessions ended: ${before}`);
    await until('it is back under another id', async () => {
      const { state, contextJson } = await stage.actor('node', 'attic', /./);
      return state === 'connected.idle' && !contextJson.includes(before);
    });
    await until('it is told', async () => (await stage.told('node/attic')).length === 2);
    assert.deepEqual(
      (await stage.told('node/attic')).map(({ caller, code }) => [caller, code]),
      [
        ['admin', status.FAILED_PRECONDITION],
        ['alice', status.OK],
      ],
    );
  });

  it('refuses who may not, what is not meant and what cannot be, tells why, and tells of it', async () => {
    await stage.agent({ node: 'shed', to: [server.address] });
    const { id } = await stage.actor('link', 'shed', /^online$/);
    const wish = { machine: 'link', id, event: 'DRAIN' };
    const token = (over: Parameters<typeof handMadeToken>[1]) => handMadeToken(stage.nats, over);
    const caller = await token({ roles: ['call'] });
    const looker = await token({ roles: ['trace'] });
    const elsewhere = await token({ roles: ['operate'], nodes: ['attic'] });
    await stage.refused(wish, status.PERMISSION_DENIED, /needs the role operate/, caller);
    await stage.refused(wish, status.PERMISSION_DENIED, /needs the role operate/, looker);
    await stage.refused(wish, status.PERMISSION_DENIED, /claim nodes does not cover it/, elsewhere);
    await stage.refused({ ...wish, bornMs: 4_711 }, status.FAILED_PRECONDITION, /^another one is meant/);
    await stage.refused(
      { ...wish, event: 'RETRY_ASKED' },
      status.FAILED_PRECONDITION,
      /^it is online now, which takes DRAIN$/,
    );
    await stage.refused({ ...wish, event: 'STOP' }, status.FAILED_PRECONDITION, /which takes DRAIN$/);
    await stage.refused({ ...wish, id: 'shed.none' }, status.NOT_FOUND, /no link 'shed.none' is known/);
    await stage.refused({ ...wish, machine: 'door' }, status.INVALID_ARGUMENT, /there is no machine 'door'/);
    await stage.refused(
      { ...wish, reason: 'x'.repeat(513) },
      status.INVALID_ARGUMENT,
      /at most 512 characters/,
    );
    await stage.actor('link', 'shed', /^online$/);
    const count = async () =>
      (await stage.told(`link/${id}`)).reduce((sum, one) => sum + Math.max(1, one.count), 0);
    await until('all seven about the link are told', async () => (await count()) === 7);
  });
});
