import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager, StorageType } from '@nats-io/jetstream';
import type { Bus } from '../../src/bus/bus.js';
import type { Transition } from '../../src/bus/messages.js';
import { Outbox } from '../../src/bus/outbox.js';
import { subjects } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, until } from '../support/nats.js';
import { omnipotent } from '../support/raw-nats.js';

const boots = Array.from({ length: 10 }, (_, i) => `b${i}`);
const perActor = 60;

const transition = (boot: string, sequence: number): Transition => ({
  ...{
    v: 1,
    machine: 'link',
    id: `n1.${boot}`,
    bornMs: 1,
    atMs: 1,
    sequence,
    event: 'e',
    from: 'a',
    to: 'b',
  },
  context: {},
});

/** What the stream holds, by boot. */
async function kept(hub: Bus): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  let place = 0;
  for (let more = true; more; ) {
    const page = await hub.page(subjects.linkTransition, { node: 'n1' }, { after: place });
    for (const { params, body } of page.messages) {
      found.set(params.boot, [...(found.get(params.boot) ?? []), body.sequence]);
    }
    place = page.end;
    more = page.more;
  }
  return found;
}

const servers = await natsServers();

// these mostly wait
describe('a bus that goes away', { concurrency: true }, () => {
  for (const binary of servers) {
    describe(`transitions on nats-server ${binary.version}`, { concurrency: 1 }, () => {
      let nats: TestNats;
      let hub: Bus;
      before(async () => {
        nats = await startTestNats(binary);
      });
      after(() => nats.stop());

      it('that an earlier version keeps in memory are kept on disk from the next start of the server on', async () => {
        const god = await omnipotent(nats);
        const manager = await jetstreamManager(god);
        await manager.streams.add({
          ...{ name: 'POSTERN_INSPECT_LINK', subjects: ['postern.inspect.link.*.*'], no_ack: true },
          ...{ storage: StorageType.Memory, max_msgs_per_subject: 64, max_bytes: 64 << 20 },
        });
        god.publish('postern.inspect.link.n2.old', JSON.stringify(transition('old', 1)));
        await god.flush();
        hub = await nats.hub();
        const old = await hub.page(subjects.linkTransition, { node: 'n2' }, { after: 0 });
        assert.deepEqual(
          old.messages.map(({ params }) => params.boot),
          ['old'],
        );
        await god.close();
        const { pid } = nats.server;
        process.kill(pid, 'SIGKILL');
        await until('the hub is back', () => hub.connected && nats.server.pid !== pid);
        const later = await omnipotent(nats);
        const { streams } = await jetstreamManager(later);
        await until('it is on disk', async () => {
          const found = await streams.info('POSTERN_INSPECT_LINK').catch(() => undefined);
          return found?.config.storage === StorageType.File && found.config.no_ack === true;
        });
        await later.close();
      });

      it('are all there, each once and in order, though the server is killed twice under who tells them', async () => {
        const agent = await nats.agent('n1');
        const outbox = new Outbox();
        outbox.use(agent);
        let told = 0;
        const tell = (most: number) => {
          for (; told < most * boots.length; told += 1) {
            const [boot, sequence] = [boots[told % boots.length] ?? '', Math.floor(told / boots.length)];
            outbox.publish(subjects.linkTransition, { node: 'n1', boot }, transition(boot, sequence));
          }
        };
        tell(10);
        await until('the first are stored', async () => (await kept(hub)).get('b9')?.length === 10);
        const first = await hub.page(subjects.linkTransition, {}, { after: 0 });
        for (const most of [30, 50]) {
          const { pid } = nats.server;
          // what it does not read any more is lost with it
          process.kill(pid, 'SIGSTOP');
          tell(most - 10);
          await sleep(50);
          process.kill(pid, 'SIGKILL');
          await until('the loss is seen', () => !agent.connected);
          tell(most);
          await until('all are back', () => agent.connected && hub.connected, 20_000);
        }
        tell(perActor);
        const all = Array.from({ length: perActor }, (_, sequence) => sequence);
        await until('the last ones are stored', async () => {
          const found = await kept(hub).catch(() => new Map<string, number[]>());
          return boots.every((boot) => found.get(boot)?.at(-1) === perActor - 1);
        });
        const found = await kept(hub);
        for (const boot of boots) assert.deepEqual(found.get(boot), all, boot);
        // places are good for longer than the server
        const again = await hub.page(subjects.linkTransition, {}, { after: 0 });
        assert.equal(again.created, first.created);
        assert.deepEqual(again.messages.slice(0, 20), first.messages.slice(0, 20));
        outbox.use(undefined);
      });

      it('are told by the next connection where one is closed for good, and no more of them than there is room for', async () => {
        const outbox = new Outbox();
        const first = await nats.agent('n1');
        outbox.use(first);
        await first.close();
        outbox.use(undefined);
        const params = { node: 'n1', boot: 'late' };
        for (let sequence = 0; sequence < 5_000; sequence += 1) {
          outbox.publish(subjects.linkTransition, params, transition('late', sequence));
        }
        let heard = 0;
        const stop = hub.subscribe(subjects.linkTransition, { boot: 'late' }, () => {
          heard += 1;
        });
        // the server answers in order: it has heard of the subscription then
        await kept(hub);
        outbox.use(await nats.agent('n1'));
        await until('they are stored', async () => (await kept(hub)).get('late')?.at(-1) === 4_999);
        stop();
        assert.equal(heard, 4_096);
      });

      it('that do not fit their schema are refused, and hold no others up', async () => {
        const outbox = new Outbox();
        outbox.use(await nats.agent('n1'));
        const params = { node: 'n1', boot: 'odd' };
        const odd = { ...transition('odd', 1), event: 'x'.repeat(200) };
        assert.throws(() => outbox.publish(subjects.linkTransition, params, odd), { code: 'BODY_INVALID' });
        outbox.publish(subjects.linkTransition, params, transition('odd', 2));
        await until('it is stored', async () => (await kept(hub)).get('odd')?.length === 1);
        assert.deepEqual((await kept(hub)).get('odd'), [2]);
      });
    });
  }
});
