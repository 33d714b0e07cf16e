import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import type { Bus } from '../../src/bus/bus.js';
import type { Hello, HelloAnswer, Transition } from '../../src/bus/messages.js';
import type { BusIdentity } from '../../src/bus/permissions.js';
import { subjects } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, until } from '../support/nats.js';

const hello: Hello = { v: 1, version: '0', features: [], boot: 'b', share: false, labels: {}, services: [] };
const answer: HelloAnswer = { ok: true, instance: '1-a', epoch: 1, hub: 'h', pingIntervalMs: 2000 };
const transition: Transition = {
  ...{ v: 1, machine: 'node', id: 'n1', atMs: 1, sequence: 1, event: 'e', from: 'a', to: 'b' },
  context: {},
};

for (const binary of await natsServers()) {
  describe(`messages on nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let hub: Bus;
    let agent: Bus;
    let identity: BusIdentity;
    const registry = new Registry();
    before(async () => {
      nats = await startTestNats(binary);
      hub = await nats.hub({ metrics: registry, name: 'hub' });
      const user = await nats.credentials('agent', 'n1');
      identity = user.identity;
      agent = await nats.connect(user.identity, user.credentials);
    });
    after(() => nats.stop());
    const count = async (name: string, reason?: string): Promise<number> => {
      const metric = await registry.getSingleMetric(name)?.get();
      const values = metric?.values ?? [];
      return values
        .filter(({ labels }) => reason === undefined || labels.reason === reason)
        .reduce((sum, { value }) => sum + value, 0);
    };
    /** A round trip: what the agent published before has been handled by the hub. */
    const settle = async (): Promise<void> => {
      const stop = hub.respond(subjects.hello, {}, () => answer);
      await until('the hub answers', () =>
        agent
          .request(subjects.hello, { node: 'n1', key: identity.publicKey }, hello, { timeoutMs: 500 })
          .then(
            () => true,
            () => false,
          ),
      );
      stop();
    };

    it('carry parameters and bodies from one process to another', async () => {
      const heard: unknown[] = [];
      const stop = hub.subscribe(subjects.bye, { node: 'n1' }, (message) => heard.push(message));
      await settle();
      const params = { node: 'n1', key: identity.publicKey };
      agent.publish(subjects.bye, params, { instance: 'i', reason: 'draining' });
      await settle();
      assert.deepEqual(heard, [{ params, body: { instance: 'i', reason: 'draining' } }]);
      stop();
      stop();
      agent.publish(subjects.bye, params, { instance: 'i', reason: 'stopped' });
      await settle();
      assert.equal(heard.length, 1, 'nothing comes after the end of a subscription');
    });

    it('are answered once, with what the schema allows', async () => {
      const stop = hub.respond(subjects.hello, {}, async ({ body }) => ({ ...answer, instance: body.boot }));
      const params = { node: 'n1', key: identity.publicKey };
      await settle();
      const got = await agent.request(subjects.hello, params, hello, { timeoutMs: 10_000 });
      assert.equal(got.ok, true);
      stop();
    });

    it('tell in time that nobody answers', async () => {
      const params = { node: 'n1', key: identity.publicKey };
      const ask = (timeoutMs: number): Promise<HelloAnswer> =>
        agent.request(subjects.hello, params, hello, { timeoutMs });
      // the end of the subscription before may still be on its way
      await until('the server knows that nobody listens', async () => {
        const error = await ask(500).catch((thrown: unknown) => thrown);
        assert.ok(error instanceof Error && 'code' in error && error.code === 'NO_ANSWER');
        return /nobody listens there/.test(error.message);
      });
      const stop = hub.respond(subjects.hello, {}, () => {
        throw new Error('on purpose');
      });
      await until('the hub listens', () =>
        ask(50).then(
          () => false,
          (error: unknown) => error instanceof Error && /within 50 ms/.test(error.message),
        ),
      );
      stop();
      const other = agent.request(subjects.hello, { node: 'n2', key: 'U' }, hello, { timeoutMs: 2000 });
      await assert.rejects(other, { code: /BUS_FORBIDDEN|NO_ANSWER/ });
    });

    it('harm nobody else when a handler fails, at once or later', async () => {
      const before = await count('postern_bus_handler_errors_total');
      const reasons: string[] = [];
      const stops = [
        hub.subscribe(subjects.bye, {}, () => {
          throw new Error('on purpose');
        }),
        hub.subscribe(subjects.bye, {}, async () => {
          throw new Error('on purpose, later');
        }),
        hub.subscribe(subjects.bye, {}, ({ body }) => reasons.push(body.reason)),
      ];
      await settle();
      const params = { node: 'n1', key: identity.publicKey };
      for (const reason of ['draining', 'stopped'] as const) {
        agent.publish(subjects.bye, params, { instance: 'i', reason });
      }
      await settle();
      assert.deepEqual(reasons, ['draining', 'stopped']);
      assert.equal((await count('postern_bus_handler_errors_total')) - before, 4);
      for (const stop of stops) stop();
    });

    it('that do not fit are not sent, and not given out when they come', async () => {
      const params = { node: 'n1', key: identity.publicKey };
      const wrong: { instance: string; reason: 'stopped' } = { instance: 'two words', reason: 'stopped' };
      assert.throws(() => agent.publish(subjects.bye, params, wrong), { code: 'BODY_INVALID' });
      const large = { ...transition, context: { text: 'x'.repeat(1 << 20) } };
      const sendLarge = (): void => hub.publish(subjects.nodeTransition, { node: 'n1' }, large);
      assert.throws(sendLarge, { code: 'BODY_TOO_LARGE' });

      const heard: unknown[] = [];
      const stop = hub.subscribe(subjects.bye, {}, (message) => heard.push(message));
      await settle();
      const droppedBefore = await count('postern_bus_messages_dropped_total', 'schema');
      // the same subject, declared otherwise: what another version might send
      const lax = { ...subjects.bye, body: subjects.beat.body };
      agent.publish(lax, params, { hub: 'h', version: '1', sinceMs: 1 });
      await settle();
      assert.deepEqual(heard, []);
      assert.equal((await count('postern_bus_messages_dropped_total', 'schema')) - droppedBefore, 1);
      stop();
    });

    it('reach one member of a queue group', async () => {
      const other = await nats.hub();
      const heard: string[] = [];
      const stops = [hub, other].map((bus, index) =>
        bus.subscribe(subjects.bye, {}, () => heard.push(String(index)), { queue: 'hubs' }),
      );
      await settle();
      const params = { node: 'n1', key: identity.publicKey };
      for (let i = 0; i < 20; i++) agent.publish(subjects.bye, params, { instance: 'i', reason: 'stopped' });
      await settle();
      await until('all came', () => heard.length >= 20);
      await settle();
      assert.equal(heard.length, 20);
      for (const stop of stops) stop();
      await other.drain();
    });

    it('of a hub do not come back to it', async () => {
      const other = await nats.hub();
      const heard: string[] = [];
      const stops = [
        hub.subscribe(subjects.beat, {}, () => heard.push('itself')),
        other.subscribe(subjects.beat, {}, () => heard.push('other')),
      ];
      await until('the other hub hears it', () => {
        hub.publish(subjects.beat, { hub: 'h' }, { hub: 'h', version: '1', sinceMs: 1 });
        return heard.includes('other');
      });
      assert.ok(!heard.includes('itself'));
      for (const stop of stops) stop();
      await other.close();
    });
  });
}
