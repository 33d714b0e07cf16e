import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../../../src/bus/bus.js';
import { bucketEndMs, bucketOf, quantileMs } from '../../../src/latency-buckets.js';
import { startTestNats, type TestNats, until } from '../../support/nats.js';
import { startTestHub, type TestHub } from '../test-hub.js';
import { CallStage, Listener, slowMs, sumOf, times } from './call-stage.js';

describe('what a hub tells of calls', () => {
  let nats: TestNats;
  let hub: TestHub;
  let stage: CallStage;
  let bus: Bus;
  let listener: Listener;

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    stage = await CallStage.start();
    await stage.join(nats, hub, 'cellar');
    bus = await nats.watcher();
  });
  beforeEach(() => {
    listener?.stop();
    listener = new Listener(bus);
  });
  after(async () => {
    await hub.stop();
    stage.stop();
    await nats.stop();
  });

  it('agrees with what its clients did: how many, how they ended, how long they took', async () => {
    const seen = { quick: [] as number[], slow: [] as number[], fail: [] as number[] };
    const since = Date.now();
    await times(1_000, async (i) => {
      const name = i % 25 === 0 ? 'slow' : i % 10 === 1 ? 'fail' : 'quick';
      const at = performance.now();
      const status = await stage.call(hub, 'cellar', `${name[0]?.toUpperCase()}${name.slice(1)}`);
      assert.equal(status, name === 'fail' ? 5 : 0);
      seen[name].push(performance.now() - at);
    });
    await until('all of them are told', () => listener.count >= 1_000);
    const quick = listener.told('cellar', 'Quick');
    const slow = listener.told('cellar', 'Slow');
    const fail = listener.told('cellar', 'Fail');
    assert.deepEqual([...quick.ended], [[0, seen.quick.length]]);
    assert.deepEqual([...slow.ended], [[0, 40]]);
    assert.deepEqual([...fail.ended], [[5, seen.fail.length]]);
    assert.equal(sumOf(quick.buckets), seen.quick.length);
    assert.equal(sumOf(slow.buckets), 40);
    // 10 bytes each way, behind 5 of gRPC's own
    assert.deepEqual([slow.in, slow.out], [600, 600]);
    // a client sees the same and its own way to the hub
    assert.ok(slow.ms >= 40 * (slowMs - 2) && slow.ms <= sumOf(seen.slow), `${slow.ms} ms`);
    for (const [told, calls] of [
      [quick, seen.quick],
      [slow, seen.slow],
    ] as const) {
      const sorted = calls.toSorted((a, b) => a - b);
      for (const q of [0.5, 0.95, 0.99]) {
        const ms = quantileMs(Array.from(told.buckets), q) ?? assert.fail();
        const most = bucketOf(sorted[Math.ceil(q * sorted.length) - 1] ?? 0);
        assert.ok(bucketOf(ms) <= most, `p${q * 100}: ${ms} ms is above ${bucketEndMs(most)} ms`);
      }
    }
    assert.ok((quantileMs(Array.from(slow.buckets), 0.01) ?? 0) >= bucketEndMs(bucketOf(slowMs - 2) - 1));
    const seconds = Math.ceil((Date.now() - since) / 1000) + 1;
    assert.ok(listener.messages.length <= seconds, `${listener.messages.length} in ${seconds} s`);
    for (const { at } of listener.messages) assert.equal(at % 1000, 0);
  });

  it('names the slowest call of a method and such as failed, and where their time went', async () => {
    await times(30, () => stage.call(hub, 'cellar', 'Fail'));
    await stage.call(hub, 'cellar', 'Slow');
    await until('all of them are told', () => listener.count >= 31);
    const failed = listener.notable.filter(({ code }) => code === 5);
    assert.ok(failed.length >= 4 && failed.length <= 5 * listener.messages.length, `${failed.length}`);
    const ids = new Set(listener.notable.map(({ call }) => call));
    assert.equal(ids.size, listener.notable.length, 'one is told twice');
    const slow = listener.notable.find(({ method }) => method === 'calls.Test/Slow') ?? assert.fail();
    const { ms, agentMs = Number.NaN, serverMs = Number.NaN } = slow;
    assert.ok(serverMs >= slowMs - 2, `the server took ${serverMs} ms`);
    assert.ok(serverMs <= agentMs && agentMs <= ms, `${serverMs} <= ${agentMs} <= ${ms}`);
    assert.equal(slow.caller, 'admin');
    assert.ok(slow.instance !== undefined);
  });

  it('shows what the bus costs as neither the agent nor the server', async () => {
    process.kill(nats.server.pid, 'SIGSTOP');
    const calling = stage.call(hub, 'cellar', 'Quick');
    // much longer than below: the hub sees the call some time after it was made
    await sleep(1_000);
    process.kill(nats.server.pid, 'SIGCONT');
    assert.equal(await calling, 0);
    await until('it is told', () => listener.count >= 1);
    const [{ ms, agentMs = Number.NaN } = { ms: 0 }] = listener.notable;
    assert.ok(ms >= 290, `${ms} ms`);
    assert.ok(ms - agentMs >= 250, `${agentMs} of ${ms} ms at the agent`);
  });

  it('is not more because callers make up methods', async () => {
    await times(400, (i) => stage.call(hub, 'cellar', `Invented${i}`));
    await until('all of them are told', () => listener.count >= 400);
    assert.deepEqual([...listener.told('cellar', '').ended], [[12, 400]]);
    const methods = new Set(listener.messages.flatMap((one) => one.methods.map(({ method }) => method)));
    assert.deepEqual([...methods], ['']);
  });

  it('is nothing where there are no calls', async () => {
    await stage.call(hub, 'cellar', 'Quick');
    await until('it is told', () => listener.count === 1);
    const { length } = listener.messages;
    await sleep(2_200);
    assert.equal(listener.messages.length, length);
  });
});
