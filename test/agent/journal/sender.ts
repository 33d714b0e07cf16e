import { appendFile } from 'node:fs/promises';
import { hookedFiles } from './faulty-files.js';
import { openShelf, someHash, someTest } from './stage.js';

/**
 * An agent that sends ten messages to a daemon, as far as nobody has done that before, and finishes the test. The daemon is
 * a file: a message that it got is a line in it. `step` hears of each disk operation and each send before it and after it.
 */
export async function sendTen(
  directory: string,
  daemonLog: string,
  step: (what: string) => void,
): Promise<void> {
  const files = hookedFiles((phase, operation) => step(`${phase} ${operation}`));
  const shelf = await openShelf(directory, { files, limits: { segmentBytes: 1500 } });
  const journal = shelf.all()[0] ?? (await shelf.create(someTest()));
  if (journal.state === 'created')
    await journal.arm({ t0: 1, startAt: Date.now() + 3_600_000, offset: 0, error: 1 });
  if (journal.state === 'armed') await journal.begin();
  while (journal.state === 'running' && journal.snapshot().context.lastSeq < 10) {
    const seq = journal.snapshot().context.lastSeq + 1;
    await journal.intend({ seq, due: 1, size: 1, hash: someHash });
    step('before send');
    await appendFile(daemonLog, `${seq}\n`);
    step('after send');
    await journal.tell({ k: 'outcome', seq, result: 'ok' });
    await journal.tell({ k: 'receipt', id: `id-${seq}`, how: 'live', sub: 1, from: 'n1', seq });
  }
  if (journal.state === 'running') await journal.endSends();
  if (journal.state === 'draining') await journal.finish();
  await shelf.close();
}
