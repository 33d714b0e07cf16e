import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { type ActivityEvent, ActivityType } from '../../../src/gen/internal/activity.js';
import type { KickNodeResponse, RevokeNodeResponse } from '../../../src/gen/postern/v1/nodes.js';
import { startTestNats, type TestNats, until } from '../../support/nats.js';
import { bindKey } from '../stand-in.js';
import { ask, bearer, ownClients, type TestHub } from '../test-hub.js';
import { handMadeToken, keptActivity, startHubIn } from './stage.js';

describe('what operators do', { timeout: 60_000 }, () => {
  let nats: TestNats;
  let hub: TestHub;
  let clients: ReturnType<typeof ownClients>;
  const told = async (node: string): Promise<ActivityEvent[]> => {
    const types = [ActivityType.ACTIVITY_TYPE_OPERATED];
    return (await keptActivity(hub.address, hub.adminToken, { types })).filter((one) => one.node === node);
  };
  const kick = (name: string, token: string) =>
    ask<KickNodeResponse>((done) =>
      clients.nodes.kickNode({ name, instance: '', barMs: 0 }, bearer(token), done),
    );

  before(async () => {
    nats = await startTestNats();
    hub = await startHubIn(nats, 'one');
    clients = ownClients(hub.address);
  });
  after(async () => {
    clients.close();
    await hub.stop();
    await nats.stop();
  });

  it('is told with who did what to whom, why, and what became of it', async () => {
    await bindKey(hub, 'cellar');
    const token = await handMadeToken(nats, { subject: 'alice', roles: ['operate'] });
    await kick('cellar', token);
    await ask<RevokeNodeResponse>((done) =>
      clients.nodes.revokeNode({ name: 'cellar', key: '' }, bearer(hub.adminToken), done),
    );
    hub.hub.operators.told({
      caller: 'bob\u001b[31m',
      node: 'cellar',
      method: 'postern.v1.Inspector/Operate',
      actor: 'link/cellar.b1',
      event: 'DRAIN',
      reason: 'new disk',
      code: status.FAILED_PRECONDITION,
      outcome: 'it is waiting now',
    });
    await until('all are told', async () => (await told('cellar')).length === 3);
    assert.deepEqual(
      (await told('cellar')).map((one) => [
        one.caller,
        one.method,
        one.actor,
        one.operation,
        one.code,
        one.message,
      ]),
      [
        [
          'alice',
          'postern.v1.NodesService/KickNode',
          'node/cellar',
          'KICK_ASKED',
          0,
          'operated node/cellar: KICK_ASKED: sessions ended: none',
        ],
        [
          'admin',
          'postern.v1.NodesService/RevokeNode',
          'node/cellar',
          'REVOKED',
          0,
          'operated node/cellar: REVOKED: it is revoked, sessions ended: 0',
        ],
        [
          'bob?[31m',
          'postern.v1.Inspector/Operate',
          'link/cellar.b1',
          'DRAIN',
          9,
          'operated link/cellar.b1: DRAIN (new disk): FAILED_PRECONDITION: it is waiting now',
        ],
      ],
    );
  });

  it('is told of who may not, at once and then as a number, however often they try', async () => {
    await bindKey(hub, 'attic');
    const token = await handMadeToken(nats, { subject: 'mallory', roles: ['call'] });
    const tries = 60;
    for (let i = 0; i < tries; i++) {
      await assert.rejects(kick('attic', token), { code: status.PERMISSION_DENIED });
    }
    const count = async () => (await told('attic')).reduce((sum, one) => sum + one.count, 0);
    await until('all are counted', async () => (await count()) === tries);
    const events = await told('attic');
    assert.ok(events.length <= 20, `${events.length} events of ${tries} tries`);
    for (const { caller, actor, operation, code, reason, outcome } of events) {
      assert.deepEqual(
        [caller, actor, operation, code, reason],
        ['mallory', 'node/attic', 'KICK_ASKED', status.PERMISSION_DENIED, 'PERMISSION_DENIED'],
      );
      assert.match(outcome, /needs the role operate/);
    }
  });
});
