import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Drains } from '../../../src/agent/journal/drains.js';
import type { Journal } from '../../../src/agent/journal/journal.js';
import type { JournalShelf } from '../../../src/agent/journal/shelf.js';
import type { Bus } from '../../../src/bus/bus.js';
import { closeRun, ResultsKeeper } from '../../../src/hub/results/keeper.js';
import { createLogger } from '../../../src/log.js';
import { stored } from '../../hub/results/stage.js';
import { startTestNats, type TestNats, testLog, until } from '../../support/nats.js';
import { inDirectory, openShelf, recordsOf, running, send } from './stage.js';

let nats: TestNats;
let hub: Bus;
let agent: Bus;
let key: string;
let keeper: ResultsKeeper;
before(async () => {
  nats = await startTestNats();
  hub = await nats.hub();
  keeper = new ResultsKeeper({ bus: hub, log: testLog });
  keeper.start();
  const user = await nats.credentials('agent', 'n1');
  key = user.identity.publicKey;
  agent = await nats.connect(user.identity, user.credentials);
});
after(async () => {
  keeper.stop();
  await nats.stop();
});

/** Hands over as an agent does; what is told as an error goes into `errors`. */
function drainsOf(shelf: JournalShelf, errors: string[]): Drains {
  const log = createLogger(
    'error',
    {},
    {
      write: (line: string) => void errors.push(String(JSON.parse(line).msg)),
    },
  );
  const drains = new Drains({ shelf, node: 'n1', key, log });
  drains.use(agent);
  return drains;
}

function only(shelf: JournalShelf): Journal {
  const [journal] = shelf.all();
  assert.ok(journal !== undefined);
  return journal;
}

test('of two agents with copies of one directory one hands over, and the other says so and leaves what is stored', async () => {
  for (const [run, ofCopy] of [
    ['behind', 1],
    ['ahead', 60],
  ] as const) {
    await inDirectory(async (directory) => {
      const before = await openShelf(join(directory, 'one'));
      await send(await running(before, { run }), 1, 10);
      await before.close();
      await cp(join(directory, 'one'), join(directory, 'two'), { recursive: true });
      const one = await openShelf(join(directory, 'one'));
      const two = await openShelf(join(directory, 'two'));
      await send(only(one), 11, 30);
      await send(only(two), 11, 10 + ofCopy);
      for (const shelf of [one, two]) await only(shelf).flushed();
      const [errors, errorsOfCopy]: [string[], string[]] = [[], []];
      const drains = drainsOf(one, errors);
      await until('the first has handed over', () => drains.drained(only(one)) === only(one).safe);
      const others = drainsOf(two, errorsOfCopy);
      await until('the copy has noticed it', () => errorsOfCopy.length > 0);
      assert.match(errorsOfCopy[0] ?? '', new RegExp(`other results of test 't1' of run '${run}'`));
      await send(only(one), 31, 40);
      await only(one).flushed();
      await until('the first goes on', () => drains.drained(only(one)) === only(one).safe);
      // it asks again, as it does after each loss of the bus
      others.use(agent);
      assert.deepEqual(
        (await stored(hub, run)).map(({ record }) => record),
        await recordsOf(only(one)),
      );
      assert.deepEqual([errors, errorsOfCopy.length], [[], 1]);

      await closeRun(hub, run, 'a test');
      drains.use(agent);
      others.use(agent);
      await until('both are removed', () => one.all().length + two.all().length === 0);
      await Promise.all([drains.stop(), others.stop()]);
      await Promise.all([one.close(), two.close()]);
    });
  }
});

test('a copy that has nothing else to say is no fork', async () => {
  await inDirectory(async (directory) => {
    const one = await openShelf(join(directory, 'one'));
    const journal = await running(one, { run: 'same' });
    await send(journal, 1, 10);
    await journal.endSends();
    await journal.finish();
    await cp(join(directory, 'one/runs'), join(directory, 'two/runs'), { recursive: true });
    const two = await openShelf(join(directory, 'two'));
    const errors: string[] = [];
    for (const shelf of [one, two]) {
      const drains = drainsOf(shelf, errors);
      await until('all of it is there', () => drains.drained(only(shelf)) === journal.safe);
      await drains.stop();
    }
    assert.deepEqual(errors, []);
    assert.equal((await stored(hub, 'same')).length, journal.safe);
    await Promise.all([one.close(), two.close()]);
  });
});
