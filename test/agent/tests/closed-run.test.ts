import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { DaemonWatch } from '../../../src/agent/adapters/daemon-watch.js';
import { NodeTests } from '../../../src/agent/tests/node-tests.js';
import { createLogger } from '../../../src/log.js';
import { DaemonProcess } from '../../support/daemon.js';
import { eventually } from '../../support/processes.js';
import { inDirectory, openShelf } from '../journal/stage.js';

const log = createLogger('silent');

/** The adapter of a daemon, with what receives from it now. */
function counted(target: string, receiving: Set<object>): BertyAdapter {
  const adapter = new BertyAdapter(target);
  const receive = adapter.receive.bind(adapter);
  adapter.receive = (...args) => {
    const made = receive(...args);
    receiving.add(made);
    return {
      stop: async () => {
        await made.stop();
        receiving.delete(made);
      },
    };
  };
  return adapter;
}

test('a test whose run is closed while it goes on neither sends nor receives any more', async () => {
  await inDirectory(async (directory) => {
    const process = await DaemonProcess.start(join(directory, 'daemon'));
    const target = String(process.process.ready.listen);
    const receiving = new Set<object>();
    const daemon = new DaemonWatch({
      ...{ id: 'north', target, publish: () => {}, log },
      adapter: (address) => counted(address, receiving),
    });
    daemon.start();
    const groups = new BertyAdapter(target);
    const signal = AbortSignal.timeout(20_000);
    await groups.identify(signal);
    const group = await groups.createGroup(signal);
    groups.close();

    const shelf = await openShelf(join(directory, 'tests'));
    const tests = new NodeTests({
      shelf,
      book: { forget: async () => {} },
      daemon,
      target: () => target,
      node: 'north',
      key: 'K',
      log,
    });
    const spec = { type: 'text', group: group.id, size: 10, intervalMs: 50, amount: 1_000 };
    const common = { run: 'r1', test: 't1', node: 'north', settleMs: 1_000, sendMs: 60_000, spec };
    const journal = await tests.create(common);
    await journal.arm({ t0: 0, startAt: Date.now(), offset: 0, error: 0 });
    const sent = () => journal.snapshot().context.results.ok;
    await eventually('it sends and receives', () => sent() > 2 && receiving.size === 1);

    await shelf.closeRun('r1');
    assert.deepEqual(shelf.all(), []);
    await eventually('it receives nothing more', () => receiving.size === 0);
    await tests.stop();
    daemon.stop();
    await process.stop();
  });
});
