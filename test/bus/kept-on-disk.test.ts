import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ActivityMessage } from '../../src/bus/activity-message.js';
import type { Bus } from '../../src/bus/bus.js';
import { subjects } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, until } from '../support/nats.js';
import { rawClient } from '../support/raw-nats.js';

const params = { kind: 'proxied', node: 'cellar', service: 'pkg-Svc', method: 'Do' };
const about = (call: number): ActivityMessage => ({
  v: 1,
  hub: 'hub1',
  kind: 'proxied',
  node: 'cellar',
  method: 'pkg.Svc/Do',
  events: [{ at: 1, call }],
});
const numbers = (page: { messages: readonly { body: ActivityMessage }[] }) =>
  page.messages.map(({ body }) => body.events[0]?.call);

for (const binary of await natsServers()) {
  describe(`a subject that is kept on disk by nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let hub: Bus;
    before(async () => {
      nats = await startTestNats(binary);
      hub = await nats.hub();
    });
    after(() => nats.stop());

    it('keeps what is stored, once for each id, and can be read from a place on', async () => {
      for (const call of [1, 2, 2, 3]) await hub.append(subjects.activity, params, about(call), `id-${call}`);
      const all = await hub.page(subjects.activity, {}, { after: 0 });
      assert.deepEqual(numbers(all), [1, 2, 3]);
      assert.deepEqual([all.first, all.last, all.end, all.more], [1, 3, 3, false]);
      assert.deepEqual(numbers(await hub.page(subjects.activity, { node: 'cellar' }, { after: 1 })), [2, 3]);
      assert.deepEqual(numbers(await hub.page(subjects.activity, {}, { after: 0, upTo: 2 })), [1, 2]);
      assert.deepEqual(numbers(await hub.page(subjects.activity, { node: 'attic' }, { after: 0 })), []);
    });

    it('can be read from a time on, wherever that lies', async () => {
      const times: number[] = [];
      for (let call = 10; call < 17; call++) {
        await until('a new millisecond', () => Date.now() > (times.at(-1) ?? 0) + 2);
        times.push(Date.now());
        await hub.append(subjects.activity, params, about(call), `id-${call}`);
      }
      for (const [i, sinceMs] of times.entries()) {
        const page = await hub.page(subjects.activity, {}, { after: 0, sinceMs });
        assert.equal(numbers(page)[0], 10 + i);
      }
      const all = await hub.page(subjects.activity, {}, { after: 0, sinceMs: 1 });
      assert.equal(numbers(all)[0], 1);
      const none = await hub.page(subjects.activity, {}, { after: 0, sinceMs: Date.now() + 60_000 });
      assert.deepEqual([numbers(none), none.end], [[], none.last]);
    });

    it('is read by who looks on through a hub, and written by hubs alone', async () => {
      const watcher = await nats.watcher();
      assert.deepEqual(numbers(await watcher.page(subjects.activity, {}, { after: 0, upTo: 2 })), [1, 2]);
      const { last } = await hub.page(subjects.activity, {}, { after: 0 });
      for (const role of ['agent', 'watcher', 'tracer', 'tunnel'] as const) {
        const { credentials } = await nats.credentials(role, 'cellar');
        const raw = await rawClient(nats, credentials);
        for (const node of ['cellar', 'attic']) {
          raw.publish(`postern.activity.proxied.${node}.pkg-Svc.Do`, JSON.stringify(about(99)));
        }
        await raw.flush();
        await raw.close();
      }
      assert.equal((await hub.page(subjects.activity, {}, { after: 0 })).last, last);
    });

    it('is heard of by other hubs, and by the one that has stored it', async () => {
      const other = await nats.hub();
      let [here, there] = [0, 0];
      const stops = [
        hub.onKept(subjects.activity, {}, () => here++),
        other.onKept(subjects.activity, {}, () => there++),
      ];
      // the server knows of the subscription when it answers the next question
      await other.page(subjects.activity, {}, { after: 0 });
      await hub.append(subjects.activity, params, about(50), 'id-50');
      await until('both have heard', () => here > 0 && there > 0);
      for (const stop of stops) stop();
    });

    it('does not go with the server', async () => {
      const before = await hub.page(subjects.activity, {}, { after: 0 });
      process.kill(nats.server.pid, 'SIGKILL');
      await until('the server is gone', () => !hub.connected);
      await until('it is back', () => hub.connected, 20_000);
      await until('it can be read', async () => {
        const page = await hub.page(subjects.activity, {}, { after: 0 }).catch(() => undefined);
        return page?.last === before.last && page.created === before.created;
      });
    });
  });
}
