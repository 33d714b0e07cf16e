/**
 * Fills the file system of a directory with a journal: `node fill-disk.js DIRECTORY`. Prints what was promised and what is
 * there after the journal was opened again.
 */
import { PosternError } from '../../../src/errors.js';
import { openShelf, recordsOf, running, send } from './stage.js';

const [directory = ''] = process.argv.slice(2);
const shelf = await openShelf(directory, { limits: { segmentBytes: 100_000 } });
const journal = await running(shelf);
let promised = 0;
let code = '';
try {
  for (;;) {
    await send(journal, promised + 1, promised + 1, true);
    promised++;
  }
} catch (thrown) {
  code = thrown instanceof PosternError ? thrown.code : String(thrown);
}
await journal.finish().catch(() => {});
await shelf.close();
const again = await openShelf(directory);
const [found] = again.all();
if (found === undefined) throw new Error('the journal is gone');
const records = await recordsOf(found);
const intents = records.filter(({ k }) => k === 'intent').length;
process.stdout.write(
  JSON.stringify({ state: found.state, promised, code, found: intents, last: records.at(-1)?.k }),
);
await again.close();
