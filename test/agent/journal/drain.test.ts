import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Drains } from '../../../src/agent/journal/drains.js';
import type { Journal } from '../../../src/agent/journal/journal.js';
import type { JournalShelf } from '../../../src/agent/journal/shelf.js';
import type { Bus } from '../../../src/bus/bus.js';
import { startEmbeddedServer } from '../../../src/bus/embedded-server.js';
import { closeRun, ResultsKeeper } from '../../../src/hub/results/keeper.js';
import { stored } from '../../hub/results/stage.js';
import { natsServer, startTestNats, type TestNats, testLog, until } from '../../support/nats.js';
import { inDirectory, openShelf, recordsOf, running, send } from './stage.js';

let nats: TestNats;
let hub: Bus;
let agent: Bus;
let key: string;
before(async () => {
  nats = await startTestNats();
  hub = await nats.hub();
  const user = await nats.credentials('agent', 'n1');
  key = user.identity.publicKey;
  agent = await nats.connect(user.identity, user.credentials);
});
after(() => nats.stop());

const drainsOf = (shelf: JournalShelf, closing = async (_: string): Promise<void> => {}): Drains => {
  const drains = new Drains({ shelf, node: 'n1', key, closing, log: testLog });
  drains.use(agent);
  return drains;
};

/** A hub's part that lives until it is told to die, which it does between storing a batch and answering, or before it stores. */
function keeperThatDies(): {
  keeper: ResultsKeeper;
  dieAfter: (batches: number, when: 'stored' | 'before') => Promise<void>;
} {
  let left = Number.POSITIVE_INFINITY;
  let how: 'stored' | 'before' = 'stored';
  let died = () => {};
  const never = new Promise<never>(() => {});
  const bus: Bus = Object.create(hub, {
    chain: {
      value: (declaration: Parameters<Bus['chain']>[0]) => {
        const chain = hub.chain(declaration);
        return {
          ...chain,
          append: async (...args: Parameters<typeof chain.append>) => {
            const dies = --left === 0;
            if (!dies || how === 'stored') {
              const place = await chain.append(...args);
              if (!dies) return place;
            }
            keeper.stop();
            died();
            return never;
          },
        };
      },
    },
  });
  const keeper: ResultsKeeper = new ResultsKeeper({ bus, log: testLog });
  keeper.start();
  return {
    keeper,
    dieAfter: (batches, when) =>
      new Promise((resolve) => {
        [left, how, died] = [batches, when, resolve];
      }),
  };
}

async function checkStored(run: string, journal: Journal): Promise<void> {
  const found = (await stored(hub, run)).filter((one) => one.journal === journal.created.journal);
  const written = await recordsOf(journal);
  assert.equal(found.length, written.length);
  assert.deepEqual(
    found.map(({ record }) => record),
    written,
    'each record once, in order, as it was written',
  );
}

test('5,000 results made offline are handed over once each, while hubs, the agent and NATS die', async () => {
  await inDirectory(async (directory) => {
    let shelf = await openShelf(directory, { limits: { segmentBytes: 100_000 } });
    await send(await running(shelf), 1, 2500);
    await shelf.close();
    shelf = await openShelf(directory);
    let [journal] = shelf.all();
    assert.ok(journal !== undefined);
    await send(journal, 2501, 5000);
    await journal.flushed();

    const first = keeperThatDies();
    const firstDied = first.dieAfter(3, 'stored');
    let drains = drainsOf(shelf);
    await firstDied;
    // the agent dies while it waits for an answer that does not come
    await drains.stop();
    await shelf.close();

    const second = keeperThatDies();
    const secondDied = second.dieAfter(2, 'before');
    shelf = await openShelf(directory);
    [journal] = shelf.all();
    assert.ok(journal !== undefined);
    drains = drainsOf(shelf);
    await secondDied;
    await drains.stop();

    const third = keeperThatDies();
    drains = drainsOf(shelf);
    await until(
      'something more is there',
      async () => (await stored(hub, 'r1').catch(() => [])).length > 1500,
    );
    process.kill(nats.server.pid, 'SIGKILL');
    const { safe } = journal;
    await until(
      'all is handed over',
      () => journal !== undefined && drains.drained(journal) === safe,
      60_000,
    );
    await checkStored('r1', journal);
    third.keeper.stop();
    await drains.stop();
    await shelf.close();
  });
});

test('results go over while a test goes on, also of several tests, and a closed run leaves nothing on disk', async () => {
  await inDirectory(async (directory) => {
    const keeper = new ResultsKeeper({ bus: hub, log: testLog });
    keeper.start();
    const shelf = await openShelf(directory);
    const told: string[] = [];
    // told before anything is removed, so that it is told again where it could not be done
    const drains = drainsOf(shelf, async (run) => void told.push(`${run} ${shelf.all().length}`));
    const journals = [await running(shelf, { run: 'r2' }), await running(shelf, { run: 'r2', test: 't2' })];
    for (const journal of journals) await send(journal, 1, 50);
    for (const journal of journals) {
      await journal.flushed();
      await until('it is handed over', () => drains.drained(journal) === journal.safe);
      await send(journal, 51, 60);
      await journal.endSends();
      await journal.finish();
      await until('its end is handed over', () => drains.drained(journal) === journal.safe);
      await checkStored('r2', journal);
    }
    await closeRun(hub, 'r2', 'a test');
    // asks again as it does after each loss of the bus
    drains.use(agent);
    await until('the journals are gone', () => shelf.all().length === 0);
    assert.equal(told[0], 'r2 2');
    await drains.stop();
    await shelf.close();
    keeper.stop();
  });
});

test('a stream that was lost with all it held is filled again from the journals', async () => {
  await inDirectory(async (directory) => {
    const own = await startTestNats();
    const hubBus = await own.hub();
    const keeper = new ResultsKeeper({ bus: hubBus, log: testLog });
    keeper.start();
    const user = await own.credentials('agent', 'n1');
    const bus = await own.connect(user.identity, user.credentials);
    const shelf = await openShelf(directory);
    const journal = await running(shelf);
    await send(journal, 1, 100);
    await journal.flushed();
    const drains = new Drains({ shelf, node: 'n1', key: user.identity.publicKey, log: testLog });
    drains.use(bus);
    await until('it is handed over', () => drains.drained(journal) === journal.safe);

    await own.server.stop();
    await rm(`${own.dir}/nats/jetstream`, { recursive: true });
    const { authority, dir } = own;
    const again = await startEmbeddedServer({
      dir,
      binary: (await natsServer()).path,
      authority,
      log: testLog,
    });
    await until(
      'it is there again',
      async () => (await stored(hubBus, 'r1').catch(() => [])).length === journal.safe,
      30_000,
    );
    await send(journal, 101, 110);
    await until('more comes behind it', async () => (await stored(hubBus, 'r1')).length === journal.safe);
    await drains.stop();
    await shelf.close();
    keeper.stop();
    await Promise.all([bus.close(), hubBus.close()]);
    await again.stop();
    await own.stop();
  });
});
