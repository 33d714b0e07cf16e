import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { DaemonWatch } from '../../../src/agent/adapters/daemon-watch.js';
import { payloadOf } from '../../../src/agent/tests/payload.js';
import { Receptions } from '../../../src/agent/tests/receptions.js';
import { DaemonProcess } from '../../support/daemon.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { inDirectory, openShelf, recordsOf, running } from '../journal/stage.js';

test('the last reading is tried until it ends; where the daemon stays away it is not complete', async () => {
  await inDirectory(async (directory) => {
    const data = path.join(directory, 'daemon');
    let daemon = await DaemonProcess.start(data);
    const place = String(daemon.process.ready.listen);
    const watch = new DaemonWatch({
      id: 'north.1',
      target: place,
      adapter: (target) => new BertyAdapter(target),
      publish: () => {},
      log: testLog,
    });
    watch.start();
    const shelf = await openShelf(path.join(directory, 'tests'));
    const adapter = () => watch.serving(AbortSignal.timeout(15_000));
    try {
      const group = await (await adapter()).createGroup(AbortSignal.timeout(15_000));
      const finals = async (name: string, whileItDrains: () => Promise<unknown>) => {
        const journal = await running(shelf, { test: name, settleMs: 20_000 });
        const receptions = new Receptions({ journal, group, adapter, log: testLog });
        const id = { run: 'r1', test: name, from: 'north', seq: 1 };
        const send = async () =>
          (await adapter()).send(group, payloadOf(id, 100), AbortSignal.timeout(5_000));
        await eventually('it is sent', async () => (await send()).outcome === 'ok');
        await eventually('it came', () => journal.snapshot().context.received === 1);
        await daemon.stop('SIGKILL');
        await journal.stop('somebody', 'enough');
        // as if the time of the reading had come
        const snapshot = journal.snapshot();
        receptions.draining({
          ...snapshot,
          context: { ...snapshot.context, sendsEndedAtMs: Date.now() - 10_000 },
        });
        await whileItDrains();
        await journal.finish();
        await receptions.stop();
        const records = await recordsOf(journal);
        return records.filter(
          (one) =>
            one.k === 'final' ||
            (one.k === 'receipt' && one.how === 'final') ||
            (one.k === 'note' && one.topic === 'final reading'),
        );
      };
      const away = await finals('away', async () => {});
      assert.deepEqual(
        away.map((one) => (one.k === 'final' ? [one.complete, one.messages] : one.k)),
        ['note', [false, 0]],
      );
      const again = async () => {
        daemon = await DaemonProcess.start(data, [], place);
      };
      await again();
      const back = await finals('back', async () => {
        await again();
        await eventually('it is read', async () => {
          const [journal] = shelf.all().filter(({ created }) => created.test === 'back');
          await journal?.flushed();
          const found = journal === undefined ? [] : await recordsOf(journal);
          return found.some(({ k }) => k === 'final');
        });
      });
      assert.deepEqual(
        back.map((one) => (one.k === 'final' ? [one.complete, one.messages] : one.k)),
        ['note', 'receipt', [true, 2]],
      );
    } finally {
      watch.stop();
      await shelf.close();
      await daemon.stop();
      await rm(data, { recursive: true, force: true });
    }
  });
});
