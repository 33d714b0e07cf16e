import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, afterEach, describe, it } from 'node:test';
import { makeAuthority } from '../../../scripts/certs/issue.js';
import {
  type QueueCounts,
  type QueueLimits,
  queueLimits,
  type Receiver,
  WebhookQueue,
} from '../../../src/hub/webhooks/queue.js';
import type { WebhookEvent } from '../../../src/hub/webhooks/story.js';
import { testLog, until } from '../../support/nats.js';
import { WebhookReceiver } from './receiver.js';

const fast: QueueLimits = { ...queueLimits, firstPauseMs: 20, longestPauseMs: 100 };
const body = {
  timestamp: '2026-01-01T00:00:00Z',
  state: 'lost',
  cause: 'BYE',
  instances: 0,
  labels: {},
  hub: 'h',
};

function event(node: string, count: number): WebhookEvent {
  const type = 'node.connected';
  const id = `${node}-${count}`;
  return { type, id, atMs: 0, node, body: JSON.stringify({ type, id, node, ...body }) };
}

describe('the queue of a webhook', { timeout: 60_000 }, () => {
  const queues: WebhookQueue[] = [];
  const receivers: WebhookReceiver[] = [];
  after(async () => {
    for (const receiver of receivers) await receiver.stop();
  });
  afterEach(() => {
    for (const queue of queues.splice(0)) queue.stop();
  });

  const receive = async (tls?: { cert: string; key: string }) => {
    const receiver = await WebhookReceiver.start(tls);
    receivers.push(receiver);
    return receiver;
  };
  const queueTo = (url: string, limits: Partial<QueueLimits> = {}, more: Partial<Receiver> = {}) => {
    const counts: QueueCounts = { delivered: 0, failed: 0, dropped: 0 };
    const receiver = { name: 'test', url: new URL(url), keys: [], headers: {}, ca: undefined, ...more };
    const queue = new WebhookQueue(receiver, testLog, counts, { ...fast, ...limits });
    queues.push(queue);
    return { queue, counts };
  };
  const ids = (receiver: WebhookReceiver) => receiver.deliveries.map(({ headers }) => headers['webhook-id']);

  it('keeps the order of each node while attempts fail, and delivers each event once', async () => {
    const receiver = await receive();
    let attempts = 0;
    const taken: string[] = [];
    receiver.answer = ({ headers }) => {
      attempts++;
      if (attempts % 3 !== 0) return [500, 302, 404][attempts % 2] ?? 500;
      taken.push(String(headers['webhook-id']));
      return 200;
    };
    const { queue, counts } = queueTo(receiver.url);
    for (let i = 0; i < 5; i++) for (const node of ['a', 'b', 'c']) queue.push(event(node, i));
    await until('all are delivered', () => counts.delivered === 15);
    for (const node of ['a', 'b', 'c']) {
      const of = taken.filter((id) => id.startsWith(node));
      assert.deepEqual(
        of,
        [0, 1, 2, 3, 4].map((i) => `${node}-${i}`),
      );
    }
    assert.equal(counts.failed, attempts - 15);
    assert.equal(counts.dropped, 0);
  });

  it('goes to another time and signature at each attempt, waits longer each time, and as long as it is asked to', async () => {
    const receiver = await receive();
    receiver.answer = () => {
      if (receiver.deliveries.length === 4) return { status: 503, headers: { 'retry-after': '1' } };
      return receiver.deliveries.length < 4 ? 500 : 200;
    };
    const { queue, counts } = queueTo(receiver.url, { firstPauseMs: 60, longestPauseMs: 1_000 });
    queue.push(event('a', 0));
    await until('it is delivered', () => counts.delivered === 1);
    const at = receiver.deliveries.map(({ atMs }) => atMs);
    const pauses = at.slice(1).map((ms, i) => ms - (at[i] ?? 0));
    for (const [i, least] of [45, 90, 180, 990].entries()) {
      assert.ok((pauses[i] ?? 0) >= least - 2, `pauses of ${pauses.join()} ms`);
    }
    assert.deepEqual(new Set(ids(receiver)), new Set(['a-0']));
  });

  it('follows no redirect, and drops what waits where the receiver is gone for good', async () => {
    const [receiver, other] = [await receive(), await receive()];
    receiver.answer = ({ headers }) =>
      headers['webhook-id'] === 'a-0' && receiver.deliveries.length < 3
        ? { status: 307, headers: { location: other.url } }
        : 410;
    const { queue, counts } = queueTo(receiver.url);
    for (let i = 0; i < 3; i++) queue.push(event('a', i));
    await until('all are dropped', () => counts.dropped === 3);
    queue.push(event('b', 0));
    assert.deepEqual([counts.dropped, counts.delivered, counts.failed], [4, 0, 3]);
    assert.equal(other.deliveries.length, 0);
  });

  it('gives up one who does not answer, and drops the oldest when too many wait', async () => {
    const receiver = await receive();
    receiver.answer = () => (receiver.deliveries.length < 3 ? undefined : 200);
    const attemptMs = 1_000;
    const { queue, counts } = queueTo(receiver.url, { mostWaiting: 3, attemptMs });
    for (let i = 0; i < 10; i++) queue.push(event('a', i));
    assert.deepEqual([queue.waiting, counts.dropped], [3, 6]);
    const since = performance.now();
    await until('the others are delivered', () => counts.delivered === 4);
    assert.ok(performance.now() - since >= 2 * attemptMs - 10, 'it was not waited for');
    assert.deepEqual(ids(receiver), ['a-0', 'a-0', 'a-0', 'a-7', 'a-8', 'a-9']);
    const { queue: hasty, counts: given } = queueTo('http://127.0.0.1:1/', { giveUpAfterMs: 1_000 });
    hasty.push(event('a', 0));
    await until('it is given up', () => given.dropped === 1);
    assert.ok(given.failed > 1);
  });

  it('tries at once what waits when the hub stops, and ends in time', async () => {
    const receiver = await receive();
    receiver.answer = () => (receiver.deliveries.length < 2 ? 500 : 200);
    const { queue, counts } = queueTo(receiver.url, { firstPauseMs: 60_000 });
    for (let i = 0; i < 3; i++) queue.push(event('a', i));
    await until('an attempt has failed', () => counts.failed === 1);
    await queue.drain(5_000);
    assert.deepEqual([counts.delivered, counts.dropped, queue.waiting], [3, 0, 0]);

    const dead = await receive();
    dead.answer = () => undefined;
    const stuck = queueTo(dead.url, { attemptMs: 60_000 });
    for (let i = 0; i < 3; i++) stuck.queue.push(event('a', i));
    const since = performance.now();
    await stuck.queue.drain(200);
    assert.ok(performance.now() - since < 10_000, 'it waited for the attempt');
    assert.deepEqual([stuck.counts.delivered, stuck.counts.dropped], [0, 3]);
  });

  it('trusts the authority that it was told of and no other, through a proxy too', async () => {
    const authority = await makeAuthority('test authority');
    const receiver = await receive(await authority.issue(['localhost']));
    const { queue, counts } = queueTo(receiver.url, {}, { ca: authority.cert });
    const untrusted = queueTo(receiver.url);
    queue.push(event('a', 0));
    untrusted.queue.push(event('a', 1));
    await until('one is told', () => counts.delivered === 1 && untrusted.counts.failed > 0);
    assert.deepEqual(ids(receiver), ['a-0']);
    untrusted.queue.stop();

    const asked: string[] = [];
    const proxy = createServer((near) => {
      near.on('error', () => {});
      near.once('data', (head: Buffer) => {
        asked.push(String(head).split('\r\n')[0] ?? '');
        const far = connect(receiver.port, '127.0.0.1', () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
        far.on('error', () => {});
        near.pipe(far).pipe(near);
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const { HTTPS_PROXY } = process.env;
    process.env.HTTPS_PROXY = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    try {
      queue.push(event('b', 0));
      await until('it is told through the proxy', () => counts.delivered === 2);
    } finally {
      if (HTTPS_PROXY === undefined) delete process.env.HTTPS_PROXY;
      else process.env.HTTPS_PROXY = HTTPS_PROXY;
      proxy.close();
    }
    assert.deepEqual(asked, [`CONNECT localhost:${receiver.port} HTTP/1.1`]);
  });

  it('delivers what comes in the moment that its lane falls idle', async () => {
    const receiver = await receive();
    let delivered = 0;
    /** Called when an event was delivered. */
    let onDelivered = (): void => {};
    const counts: QueueCounts = {
      get delivered() {
        return delivered;
      },
      set delivered(count) {
        delivered = count;
        onDelivered();
      },
      failed: 0,
      dropped: 0,
    };
    const to = { name: 'test', url: new URL(receiver.url), keys: [], headers: {}, ca: undefined };
    const queue = new WebhookQueue(to, testLog, counts, fast);
    queues.push(queue);
    for (let turns = 0; turns < 12; turns++) {
      const late = async () => {
        for (let i = 0; i < turns; i++) await null;
        queue.push(event('a', turns * 2 + 1));
      };
      onDelivered = () => {
        onDelivered = () => {};
        void late();
      };
      queue.push(event('a', turns * 2));
      await until(`both are delivered after ${turns} turns`, () => delivered === turns * 2 + 2);
    }
  });
});
