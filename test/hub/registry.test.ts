import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Hello } from '../../src/bus/messages.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import { stores } from '../../src/bus/subjects.js';
import { PosternError } from '../../src/errors.js';
import type { Claim } from '../../src/hub/claims.js';
import { NodeRegistry } from '../../src/hub/registry.js';
import { TokenRegistry, tokenState } from '../../src/hub/tokens.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';

const coded = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof PosternError, String(thrown));
  assert.equal(thrown.code, code);
  return true;
};

const hello = (over: Partial<Hello> = {}): Hello => ({
  v: 1,
  version: '1',
  features: [],
  boot: randomUUID(),
  share: false,
  labels: {},
  services: [],
  ...over,
});

describe('the registries of two hubs', () => {
  let nats: TestNats;
  const registries: NodeRegistry[] = [];
  const tokenRegistries: TokenRegistry[] = [];

  before(async () => {
    nats = await startTestNats();
    for (let i = 0; i < 2; i++) {
      const bus = await nats.hub();
      registries.push(new NodeRegistry(await bus.store(stores.nodes)));
      tokenRegistries.push(new TokenRegistry(await bus.store(stores.tokens)));
    }
    await Promise.all([...registries, ...tokenRegistries].map((one) => one.ready));
  });
  after(async () => {
    for (const one of [...registries, ...tokenRegistries]) one.stop();
    await nats.stop();
  });

  const registry = (i: number): NodeRegistry => registries[i] ?? assert.fail();
  const tokens = (i: number): TokenRegistry => tokenRegistries[i] ?? assert.fail();
  const claim = (node: string, key: string, over: Partial<Claim> = {}): Claim => ({
    node,
    key,
    hello: hello(),
    hub: 'h0',
    nowMs: Date.now(),
    ownerLives: () => false,
    ...over,
  });

  it('hold the same', async () => {
    const key = createUserKey().publicKey;
    await registry(0).bindKey('mirrored', key, 't', 5);
    assert.equal(registry(0).get('mirrored')?.keys[0]?.key, key, 'at once where it was written');
    await until('the other hub knows it', () => registry(1).get('mirrored')?.keys[0]?.key === key);
    assert.equal(await registry(1).tokenOfKey('mirrored', key), 't');
    assert.equal(await registry(1).tokenOfKey('mirrored', createUserKey().publicKey), undefined);
    assert.equal(await registry(1).tokenOfKey('elsewhere', key), undefined);
  });

  it('give each of many claims at once an epoch of its own', async () => {
    const keys = Array.from({ length: 8 }, () => createUserKey().publicKey);
    for (const key of keys) await registry(0).bindKey('crowded', key, 't', 5);
    const results = await Promise.all(
      keys.map((key, i) => registry(i % 2).claim(claim('crowded', key, { hello: hello({ share: true }) }))),
    );
    const epochs = results.map((result) => (result.ok ? result.instance.epoch : 0));
    assert.deepEqual([...epochs].sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
    await until('both see all', () => registries.every((one) => one.get('crowded')?.instances.length === 8));
  });

  it('let exactly one of two keys have a node that is not shared', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `raced-${round}`;
      const keys = [createUserKey().publicKey, createUserKey().publicKey];
      for (const key of keys) await registry(0).bindKey(name, key, 't', 5);
      const results = await Promise.all(keys.map((key, i) => registry(i).claim(claim(name, key))));
      assert.deepEqual(results.map((result) => (result.ok ? 'ok' : result.code)).sort(), ['occupied', 'ok']);
    }
  });

  it('give all of many instances that come at once a place, at one hub and at two', async () => {
    const key = createUserKey().publicKey;
    await registry(0).bindKey('thronged', key, 't', 5);
    const results = await Promise.all(
      Array.from({ length: 45 }, (_, i) =>
        registry(i < 40 ? 0 : 1).claim(claim('thronged', key, { hello: hello({ share: true }) })),
      ),
    );
    assert.equal(results.filter(({ ok }) => ok).length, 45);
    await until('the first hub knows them all', () => registry(0).get('thronged')?.instances.length === 45);
  });

  it('let exactly one hub adopt a node, and only its owner record or release it', async () => {
    const key = createUserKey().publicKey;
    await registry(0).bindKey('adopted', key, 't', 5);
    const result = await registry(0).claim(claim('adopted', key, { hub: 'gone' }));
    assert.ok(result.ok);
    const won = await Promise.all([0, 1].map((i) => registry(i).adopt('adopted', 'gone', `h${i}`)));
    assert.deepEqual([...won].sort(), [false, true]);
    const [owner, other] = won[0] ? [0, 1] : [1, 0];
    const find = () => ({ standings: new Map([[result.instance.id, 'suspect' as const]]), lastSeenAtMs: 7 });
    assert.equal(await registry(other).record('adopted', `h${other}`, find), false);
    assert.equal(await registry(owner).record('adopted', `h${owner}`, find), true);
    assert.equal(registry(owner).get('adopted')?.instances[0]?.standing, 'suspect');
    const gone = () => ({ standings: new Map([[result.instance.id, 'gone' as const]]), lastSeenAtMs: 9e15 });
    await registry(owner).record('adopted', `h${owner}`, gone);
    assert.deepEqual(registry(owner).get('adopted')?.instances, []);
    assert.equal(registry(owner).get('adopted')?.lastSeenAtMs, 9e15);
    await registry(other).release('adopted', `h${other}`);
    assert.equal(registry(owner).get('adopted')?.owner, `h${owner}`);
    await registry(owner).release('adopted', `h${owner}`);
    assert.equal(registry(owner).get('adopted')?.owner, '');
  });

  it('bar a revoked node for good', async () => {
    const key = createUserKey().publicKey;
    await registry(0).bindKey('barred', key, 't', 5);
    const result = await registry(0).claim(claim('barred', key));
    assert.ok(result.ok);
    assert.deepEqual(await registry(1).revoke('barred', undefined, 10), [result.instance]);
    assert.deepEqual(registry(1).get('barred')?.instances, []);
    const again = await registry(0).claim(claim('barred', key));
    assert.ok(!again.ok && again.code === 'revoked');
    await assert.rejects(registry(0).tokenOfKey('barred', key), coded('REVOKED'));
    await assert.rejects(registry(0).bindKey('barred', createUserKey().publicKey, 't', 5), coded('REVOKED'));
    await assert.rejects(registry(0).revoke('nobody', undefined, 10), coded('NODE_UNKNOWN'));
  });

  it('let exactly one key have a join token', async () => {
    for (let round = 0; round < 5; round++) {
      const order = { node: 'n1', createdBy: 'test', nowMs: Date.now(), lifeMs: 60_000 };
      const { token, entry } = await tokens(0).createJoin(order);
      assert.ok(!JSON.stringify(entry).includes(token.slice(-64)), 'the secret is not kept');
      const keys = [createUserKey().publicKey, createUserKey().publicKey];
      const uses = await Promise.allSettled(
        keys.map((key, i) => tokens(i).useJoin(token, 'n1', key, Date.now())),
      );
      const winner = uses.findIndex((use) => use.status === 'fulfilled');
      const loser = uses[1 - winner];
      assert.ok(loser?.status === 'rejected' && coded('TOKEN_USED')(loser.reason));
      assert.equal(
        (await tokens(1).useJoin(token, 'n1', keys[winner] ?? '', Date.now())).id,
        entry.id,
        'once more',
      );
    }
  });

  it('refuse a join token that is not good', async () => {
    const key = createUserKey().publicKey;
    const now = Date.now();
    const { token, entry } = await tokens(0).createJoin({
      node: 'n1',
      createdBy: 'test',
      nowMs: now,
      lifeMs: 1000,
    });
    const changed = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
    for (const [text, node] of [
      ['', 'n1'],
      ['junk', 'n1'],
      [changed, 'n1'],
      [token, 'n2'],
      [`pj_${'0'.repeat(18)}_${'0'.repeat(64)}`, 'n1'],
    ] as const) {
      await assert.rejects(tokens(0).useJoin(text, node, key, now), coded('TOKEN_INVALID'), text);
    }
    await assert.rejects(tokens(0).useJoin(token, 'n1', key, now + 1000), coded('TOKEN_EXPIRED'));
    await tokens(1).revoke(entry.id, now);
    await assert.rejects(tokens(0).useJoin(token, 'n1', key, now), coded('TOKEN_INVALID'));
    await assert.rejects(tokens(0).revoke('0'.repeat(18), now), coded('TOKEN_UNKNOWN'));
  });

  it('know at both hubs which tokens were revoked, and forget what expired long ago', async () => {
    const now = Date.now();
    const order = { subject: 'alice', createdBy: 'test', nowMs: now, lifeMs: 1000 };
    const entry = await tokens(0).createCaller(order);
    await tokens(0).revoke(entry.id, now);
    assert.ok(tokens(0).isRevoked(entry.id), 'at once');
    await until('the other hub knows it', () => tokens(1).isRevoked(entry.id));
    const listed = tokens(1)
      .list(now)
      .find(({ id }) => id === entry.id);
    assert.equal(listed === undefined ? undefined : tokenState(listed, now), 'revoked');
    const kept = await tokens(0).createCaller({ ...order, lifeMs: 100 * 86_400_000 });
    await tokens(0).sweep(now + 2 * 86_400_000);
    await until('it is gone', () => !tokens(1).isRevoked(entry.id));
    assert.ok(
      tokens(1)
        .list(now)
        .some(({ id }) => id === kept.id),
    );
  });
});
