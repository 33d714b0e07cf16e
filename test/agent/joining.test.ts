import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { subjects } from '../../src/bus/subjects.js';
import { PosternError } from '../../src/errors.js';
import { until } from '../support/nats.js';
import { setStage } from './stage.js';

test('it joins with a token once, and afterwards with its key alone', async (t) => {
  const { hub, agent } = await setStage(t);
  const first = agent({ labels: { zone: 'cellar' }, share: true });
  const place = await first.ready;
  const nowhere = { metrics: undefined, infra: undefined };
  assert.deepEqual(place, { node: 'attic', instance: '1-double', hub: place.hub, ...nowhere });
  const [heard] = hub.heard;
  assert.equal(heard?.node, 'attic');
  assert.ok(hub.boundKeys.has(heard?.key ?? ''));
  assert.deepEqual(heard?.hello.labels, { zone: 'cellar' });
  assert.equal(heard?.hello.share, true);
  assert.deepEqual(heard?.hello.services, []);
  await first.stop();
  assert.deepEqual(await first.done, { reason: 'stopped', error: undefined });

  const second = agent({ token: undefined });
  await second.ready;
  assert.equal(hub.heard[1]?.key, heard?.key);
  assert.notEqual(hub.heard[1]?.hello.boot, heard?.hello.boot);
});

test('it calls itself ready when a hub has said that calls go there', async (t) => {
  const { hub, agent } = await setStage(t);
  hub.givesCalls = false;
  const waiting = agent();
  let ready = false;
  void waiting.ready.then(() => {
    ready = true;
  });
  await until('it answers pings', async () => {
    return (await hub.exchange.ping(hub.instance, 1_000).catch(() => 0)) > 0;
  });
  await hub.exchange.ping(hub.instance, 10_000);
  assert.equal(ready, false, 'pinged, but not told so');
  await hub.exchange.ping(hub.instance, 10_000, true);
  await waiting.ready;
});

test('a wrong, used or missing token is final and says what to do', async (t) => {
  const { hub, agent } = await setStage(t);
  hub.tokens.set('pj_used_secret', 'TOKEN_USED');
  const refusals: [string | undefined, string][] = [
    ['pj_wrong_secret', 'TOKEN_INVALID'],
    ['pj_used_secret', 'TOKEN_USED'],
    [undefined, 'KEY_UNKNOWN'],
  ];
  for (const [token, code] of refusals) {
    const refused = agent({ token });
    await assert.rejects(refused.ready, (thrown) => {
      assert.ok(thrown instanceof PosternError);
      assert.equal(thrown.code, code);
      assert.match(thrown.hint ?? '', /postern token create --join attic/);
      return true;
    });
    assert.equal((await refused.done).reason, 'refused');
  }
  assert.equal(hub.heard.length, 0);
});

test('a configuration that is not valid, and files that are not there, are told before anything is dialed', async (t) => {
  const { agent } = await setStage(t);
  await assert.rejects(agent({ node: 'Not A Label', to: [] }).ready, (thrown) => {
    assert.ok(thrown instanceof PosternError && thrown.exitCode === 2);
    assert.match(thrown.message, /node/);
    assert.match(thrown.message, /to/);
    return true;
  });
  await assert.rejects(
    agent({ toTls: { ca: '/nowhere/ca.pem' } }).ready,
    /cannot use the ca file \/nowhere\/ca\.pem/,
  );
  const noPem = fileURLToPath(import.meta.url);
  await assert.rejects(agent({ toTls: { ca: noPem } }).ready, /is no PEM file/);
});

test('an agent that nobody answers can be stopped', async (t) => {
  const { agent } = await setStage(t);
  const lonely = agent({ hub: 'http://127.0.0.1:1' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await lonely.stop();
  await assert.rejects(lonely.ready, { code: 'STOPPED' });
  assert.equal((await lonely.done).reason, 'stopped');
});

test('ways out are tried in order', async (t) => {
  const { nats, agent } = await setStage(t);
  const walker = agent({ nats: ['nats://127.0.0.1:1', nats.server.url], connectTimeoutSeconds: 0.3 });
  await walker.ready;
});

test('while another key has the place it asks again, until it gets it', async (t) => {
  const { hub, agent } = await setStage(t);
  hub.answer = () =>
    hub.heard.length < 3
      ? { ok: false, code: 'occupied', message: 'another key serves this node' }
      : undefined;
  const patient = agent();
  await patient.ready;
  assert.equal(hub.heard.length, 3);
});

test('a superseded agent ends and does not come back; a notice for another instance is not for it', async (t) => {
  const { hub, agent } = await setStage(t);
  const old = agent();
  const { instance } = await old.ready;
  const notice = { kind: 'superseded', message: 'a newer process has the place' } as const;
  hub.bus.publish(subjects.notice, { node: 'attic' }, { ...notice, instance: '7-other' });
  hub.bus.publish(subjects.notice, { node: 'attic' }, { instance, kind: 'hello', message: 'who are you' });
  await until('another hello', () => hub.heard.length === 2);
  hub.bus.publish(subjects.notice, { node: 'attic' }, { ...notice, instance });
  const { reason, error } = await old.done;
  assert.equal(reason, 'superseded');
  assert.match(error?.message ?? '', /a newer process has the place/);
  assert.equal(hub.heard.length, 2);
  assert.equal(hub.byes.length, 0);
});
