import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createUserKey, type UserKey } from '../../src/bus/nkeys.js';
import {
  CreateCallerTokenRequest,
  CreateJoinTokenRequest,
  type GetTokenResponse,
} from '../../src/gen/postern/v1/tokens.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { eventually } from '../support/processes.js';
import { ask, bearer, enrol, ownClients, startTestHub, type TestHub } from './test-hub.js';

describe('a join token', () => {
  let nats: TestNats;
  const hubs: TestHub[] = [];
  let clients: ReturnType<typeof ownClients>;
  const admin = () => bearer(hubs[0]?.adminToken ?? '');
  const make = (node: string, uses: number, labels: Record<string, string> = {}) =>
    ask<{ token: string; id: string }>((done) =>
      clients.tokens.createJoinToken(
        CreateJoinTokenRequest.fromPartial({ node, uses, labels }),
        admin(),
        done,
      ),
    );
  const known = async (id: string) => {
    const { token } = await ask<GetTokenResponse>((done) => clients.tokens.getToken({ id }, admin(), done));
    assert.ok(token !== undefined);
    return token;
  };
  /** Each key at another hub, all at once: what they were answered. */
  const race = async (node: string, token: string, keys: readonly UserKey[]) => {
    const answers = await Promise.all(
      keys.map((key, i) => enrol(hubs[i % 2]?.address ?? '', node, key, token)),
    );
    return answers.map(({ status, body }) => (status === 200 ? 'in' : String(JSON.parse(body).code)));
  };

  before(async () => {
    nats = await startTestNats();
    hubs.push(await startTestHub(nats));
    const second = join(nats.dir, 'second');
    await mkdir(join(second, 'keys'), { recursive: true });
    await copyFile(join(nats.dir, 'keys', 'caller.jwk'), join(second, 'keys', 'caller.jwk'));
    hubs.push(await startTestHub(nats, { data: second }));
    clients = ownClients(hubs[0]?.address ?? '');
  });
  after(async () => {
    clients.close();
    for (const hub of hubs) await hub.stop();
    await nats.stop();
  });

  it('binds as many keys as it is for, and not one more, whoever comes first', async () => {
    for (const uses of [1, 3]) {
      const node = `crowd-${uses}`;
      const { id, token } = await make(node, uses);
      assert.equal((await known(id)).state, 'unused');
      const keys = Array.from({ length: 8 }, () => createUserKey());
      const answers = await race(node, token, keys);
      assert.equal(answers.filter((answer) => answer === 'in').length, uses, String(answers));
      assert.deepEqual(new Set(answers.filter((answer) => answer !== 'in')), new Set(['TOKEN_USED']));
      const again = await race(node, token, keys);
      assert.deepEqual(again, answers, 'who was in is in again');
      await eventually('all uses are known', async () => (await known(id)).uses === uses);
      const { state, mostUses } = await known(id);
      assert.deepEqual([state, mostUses], ['used', uses]);
    }
  });

  it('is good for its other keys until it is revoked', async () => {
    const { id, token } = await make('lasting', 64);
    const [first, second] = [createUserKey(), createUserKey()];
    assert.deepEqual(await race('lasting', token, [first]), ['in']);
    await eventually('its use is known', async () => (await known(id)).uses === 1);
    assert.equal((await known(id)).state, 'valid');
    await ask((done) => clients.tokens.revokeToken({ id }, admin(), done));
    assert.deepEqual(await race('lasting', token, [second, second]), ['TOKEN_INVALID', 'TOKEN_INVALID']);
    assert.equal((await known(id)).state, 'revoked');
  });

  it('gives labels, to which a later one adds', async () => {
    const give = async (labels: Record<string, string>) => {
      const { token } = await make('labelled', 1, labels);
      assert.deepEqual(await race('labelled', token, [createUserKey()]), ['in']);
    };
    await give({ site: 'berlin', rack: '1' });
    await give({});
    await give({ rack: '2' });
    const order = CreateCallerTokenRequest.fromPartial({ subject: 'x', nodes: ['site=berlin,rack=2'] });
    const { token } = await ask<{ token: string }>((done) =>
      clients.tokens.createCallerToken(order, admin(), done),
    );
    const { nodes } = await ask<{ nodes: { labels: unknown }[] }>((done) =>
      clients.nodes.listNodes({ name: 'labelled' }, bearer(token), done),
    );
    assert.deepEqual(nodes[0]?.labels, { site: 'berlin', rack: '2' });
  });

  it('lets nobody stay who was let in while it was revoked', async () => {
    const { id, token } = await make('late', 64);
    const keys = Array.from({ length: 24 }, () => createUserKey());
    const joined = race('late', token, keys);
    await eventually('the token is in use', async () => (await known(id)).uses > 0);
    await ask((done) => clients.tokens.revokeToken({ id }, admin(), done));
    await joined;
    // Who fails often is slowed down, but not who has a key that is bound.
    const later = await race('late', '', keys);
    assert.equal(later.filter((answer) => answer === 'in').length, 0, String(later));
  });
});
