import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { BusStatus } from '../../src/bus/bus.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import { PosternError } from '../../src/errors.js';
import type { ListNodesResponse } from '../../src/gen/postern/v1/nodes.js';
import {
  CreateCallerTokenRequest,
  type CreateCallerTokenResponse,
  type ListTokensResponse,
} from '../../src/gen/postern/v1/tokens.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import {
  ask,
  bearer,
  credentialsIn,
  enrol,
  joinToken,
  ownClients,
  startTestHub,
  type TestHub,
} from './test-hub.js';

describe('a node that is revoked', () => {
  let nats: TestNats;
  let hub: TestHub;
  let clients: ReturnType<typeof ownClients>;
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    clients = ownClients(hub.address);
  });
  after(async () => {
    clients.close();
    await hub.stop();
    await nats.stop();
  });

  const revoke = (name: string, key = '', token = hub.adminToken) =>
    ask((done) => clients.nodes.revokeNode({ name, key }, bearer(token), done));
  const callerToken = async (roles: string[], nodes: string[] = []) => {
    const request = CreateCallerTokenRequest.fromPartial({ subject: 'someone', roles, nodes });
    const made = await ask<CreateCallerTokenResponse>((done) =>
      clients.tokens.createCallerToken(request, bearer(hub.adminToken), done),
    );
    return made.token;
  };
  const allow = (name: string) =>
    ask((done) => clients.nodes.allowNode({ name }, bearer(hub.adminToken), done));
  /** A key that has joined, on the bus. */
  const joined = async (node: string) => {
    const key = createUserKey();
    const { jwt } = credentialsIn(await enrol(hub.address, node, key, await joinToken(hub, node)));
    const bus = await nats.connect(
      { role: 'agent', node, publicKey: key.publicKey },
      { jwt, seed: key.seed },
    );
    const told: BusStatus[] = [];
    bus.onStatus((one) => told.push(one));
    return { key, jwt, bus, told };
  };

  it('loses its links on the bus at once and is not let in again', async () => {
    const { key, told } = await joined('cellar');
    const other = await joined('attic');
    await revoke('cellar');
    await until('its link is cut', () => told.length > 0);
    const again = await enrol(hub.address, 'cellar', key);
    assert.equal(again.status, 403);
    assert.match(again.body, /REVOKED/);
    const anew = await enrol(hub.address, 'cellar', createUserKey(), await joinToken(hub, 'cellar'));
    assert.match(anew.body, /REVOKED/);
    assert.deepEqual(other.told, []);
  });

  it('may be joined again by another key when it is allowed, never by the one before', async () => {
    const { key } = await joined('shed');
    await revoke('shed');
    await allow('shed');
    const old = await enrol(hub.address, 'shed', key, await joinToken(hub, 'shed'));
    assert.match(old.body, /this key of node 'shed' was revoked/);
    credentialsIn(await enrol(hub.address, 'shed', createUserKey(), await joinToken(hub, 'shed')));
  });

  it('may lose one key and keep the others', async () => {
    const first = await joined('pair');
    const second = await joined('pair');
    await revoke('pair', first.key.publicKey);
    await until('its link is cut', () => first.told.length > 0);
    assert.deepEqual(second.told, []);
    assert.match((await enrol(hub.address, 'pair', first.key)).body, /REVOKED/);
    credentialsIn(await enrol(hub.address, 'pair', second.key));
    const { nodes } = await ask<ListNodesResponse>((done) =>
      clients.nodes.listNodes({ name: 'pair' }, bearer(hub.adminToken), done),
    );
    assert.deepEqual(
      nodes[0]?.keys.map((bound) => bound.key),
      [second.key.publicKey],
    );
  });

  it('may lose what a join token has let in, and nothing else', async () => {
    const first = await joined('doubtful');
    const second = await joined('doubtful');
    const { tokens } = await ask<ListTokensResponse>((done) =>
      clients.tokens.listTokens({}, bearer(hub.adminToken), done),
    );
    const id = tokens.find((token) => token.subject === 'doubtful')?.id ?? assert.fail();
    await ask((done) => clients.tokens.revokeToken({ id }, bearer(hub.adminToken), done));
    await until('its link is cut', () => first.told.length > 0);
    assert.match((await enrol(hub.address, 'doubtful', first.key)).body, /REVOKED/);
    assert.deepEqual(second.told, []);
    credentialsIn(await enrol(hub.address, 'doubtful', second.key));
  });

  it('is barred by admins alone, and has to be there', async () => {
    await joined('guarded');
    const code = (wanted: status) => (thrown: { code?: status }) => thrown.code === wanted;
    const operator = await callerToken(['operate']);
    await assert.rejects(revoke('guarded', '', operator), code(status.PERMISSION_DENIED));
    const elsewhere = await callerToken(['admin'], ['other-*']);
    await assert.rejects(revoke('guarded', '', elsewhere), code(status.PERMISSION_DENIED));
    await assert.rejects(revoke('nobody'), code(status.NOT_FOUND));
    await assert.rejects(revoke('guarded', createUserKey().publicKey), code(status.NOT_FOUND));
    await assert.rejects(allow('nobody'), code(status.NOT_FOUND));
  });

  it('stays cut off when the NATS server starts anew', async () => {
    const { key, jwt, told } = await joined('longtime');
    await revoke('longtime');
    await until('its link is cut', () => told.length > 0);
    const { pid } = nats.server;
    process.kill(pid, 'SIGKILL');
    await until('another server runs', () => nats.server.pid !== pid && hub.bus.connected);
    await (await nats.agent('another', { timeoutMs: 10_000 })).close();
    const identity = { role: 'agent', node: 'longtime', publicKey: key.publicKey } as const;
    await until('the server was told again', async () => {
      try {
        await (await nats.connect(identity, { jwt, seed: key.seed }, { timeoutMs: 1_000 })).close();
        return false;
      } catch (thrown) {
        return thrown instanceof PosternError && thrown.code === 'BUS_REFUSED';
      }
    });
  });
});
