import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultRecord } from '../../../src/bus/result-records.js';
import { Checker } from '../../../src/controller/judging/checker.js';
import { inDirectory, openShelf, recordsOf, running, send, someHash } from '../../agent/journal/stage.js';
import { codesOf, plannedTest, Run } from './runs.js';

test('the journal of a real agent is found to be whole, and not when one of its records is changed', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    try {
      const journal = await running(shelf, { test: 'ping', node: 'a' });
      await send(journal, 1, 3);
      const from = { test: 'ping', from: 'b', seq: 1, hash: someHash, size: 3 };
      await journal.tell({ k: 'receipt', ...from, sub: 1, how: 'live', id: 'x' });
      await journal.tell({
        k: 'note',
        topic: 'final reading',
        data: { z: 1, a: { 2: 'two', 1: [null, -0] } },
      });
      await journal.tell({ k: 'final', complete: true, messages: 3, sub: 1 });
      await journal.endSends();
      await journal.finish();
      const texts = (await recordsOf(journal)).map((record) => JSON.stringify(record));
      const judged = (spoil: (text: string) => string) => {
        const { facts } = new Run({ members: ['a', 'b'], tests: [plannedTest({ senders: ['a'] })] });
        const checker = new Checker(facts);
        for (const text of texts) {
          const record = resultRecord.parse(JSON.parse(spoil(text)));
          checker.add({ node: 'a', test: 'ping', journal: journal.created.journal, record });
        }
        return checker.judge();
      };
      assert.deepEqual(codesOf(judged((text) => text)), ['no-journal', 'nothing-delivered', 'unknown']);
      assert.ok(codesOf(judged((text) => text.replace('"id":"x"', '"id":"y"'))).includes('altered'));
    } finally {
      await shelf.close();
    }
  });
});
