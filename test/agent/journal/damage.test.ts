import assert from 'node:assert/strict';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { diskFiles } from '../../../src/agent/journal/files.js';
import { type Frame, frameBytes, scanFrames, writeFrame } from '../../../src/agent/journal/frame.js';
import { recover } from '../../../src/agent/journal/recover.js';
import { beginJournal, segmentPath } from '../../../src/agent/journal/segments.js';
import type { ResultRecord } from '../../../src/bus/result-records.js';
import { filesOf, inDirectory, openShelf, recordsOf, running, send } from './stage.js';

/** The files of a journal of 30 records that was closed in the middle of its test. */
let whole: Buffer;
let frames: Frame[];
before(async () => {
  whole = await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await running(shelf);
    for (let seq = 1; seq <= 13; seq++) await send(journal, seq, seq);
    await journal.flushed();
    await shelf.close();
    return readFile(segmentPath(filesOf(directory), 1));
  });
  frames = framesOf(whole);
  assert.equal(frames.length, 30);
});

function framesOf(bytes: Buffer): Frame[] {
  const found: Frame[] = [];
  scanFrames(bytes, (frame) => found.push(frame) > 0);
  return found;
}

/** What is recovered from one segment with this content. */
async function recovered(directory: string, content: Buffer) {
  await writeFile(segmentPath(directory, 1), content);
  const records: ResultRecord[] = [];
  const texts: string[] = [];
  const found = await recover(diskFiles, directory, (record, text) => {
    records.push(record);
    texts.push(text);
  });
  return { ...found, records, texts };
}

test('a journal that was cut off anywhere holds all that was whole, and counts the rest', async () => {
  await inDirectory(async (directory) => {
    const path = segmentPath(directory, 1);
    await writeFile(path, whole);
    const everyByteFrom = frames.at(-6)?.offset ?? 0;
    for (let length = whole.length; length >= 0; length -= length > everyByteFrom ? 1 : 29) {
      await truncate(path, length);
      const records: ResultRecord[] = [];
      const { cut, last, bytes } = await recover(diskFiles, directory, (record) => records.push(record));
      const kept = frames.filter(({ end }) => end <= length);
      assert.equal(records.length, kept.length, `cut to ${length}`);
      assert.ok(records.every(({ n, k }, index) => n === index + 1 && k !== 'damaged'));
      assert.deepEqual(
        [last, bytes, cut],
        [kept.length, kept.at(-1)?.end ?? 0, length - (kept.at(-1)?.end ?? 0)],
      );
    }
  });
});

test('garbage and empty pages behind the end are cut, and the journal goes on from there', async () => {
  for (const garbage of [Buffer.alloc(8192), Buffer.alloc(5000, 0xff), whole.subarray(7, 500)]) {
    await inDirectory(async (directory) => {
      await beginJournal(diskFiles, filesOf(directory), 'x');
      await writeFile(segmentPath(filesOf(directory), 1), Buffer.concat([whole, garbage]));
      const shelf = await openShelf(directory);
      const journal = shelf.all()[0];
      assert.ok(journal !== undefined);
      const records = await recordsOf(journal);
      assert.deepEqual(records.at(-1), {
        n: 31,
        at: records.at(-1)?.at,
        k: 'boot',
        boot: 2,
        version: 'test',
        cut: garbage.length,
      });
      await send(journal, 14, 20);
      await journal.flushed();
      await shelf.close();
      const again = await openShelf(directory);
      assert.equal(again.all()[0]?.snapshot().context.results.ok, 20);
      await again.close();
    });
  }
});

test('one damaged record is told of, whichever of its bytes it is, and all others are there', async () => {
  const victim = frames[14];
  assert.ok(victim !== undefined);
  await inDirectory(async (directory) => {
    for (let place = victim.offset; place < victim.end; place++) {
      const bytes = Buffer.from(whole);
      bytes[place] = (bytes[place] ?? 0) ^ 0x55;
      const { records, last, cut } = await recovered(directory, bytes);
      assert.deepEqual([last, cut, records.length], [30, 0, 30], `byte ${place - victim.offset}`);
      assert.deepEqual(records[14], { n: 15, at: 0, k: 'damaged', to: 15 });
      assert.equal(records.filter(({ k }) => k === 'damaged').length, 1);
    }
  });
});

test('several damaged records in a row are one gap; the last ones are missed too, where they were safe once', async () => {
  await inDirectory(async (directory) => {
    const bytes = Buffer.from(whole);
    bytes.fill(0, frames[9]?.offset, frames[11]?.end);
    const { records } = await recovered(directory, bytes);
    assert.deepEqual(records[9], { n: 10, at: 0, k: 'damaged', to: 12 });
    assert.equal(records.length, 28);

    // the frame behind says that the one before was safe
    const [before, last] = [frames.at(-2), frames.at(-1)];
    assert.equal(last?.safe, before?.number);
    const torn = Buffer.from(whole);
    torn.fill(0, before?.offset, before?.end);
    const { records: found } = await recovered(directory, torn);
    assert.deepEqual(found.at(-2), { n: 29, at: 0, k: 'damaged', to: 29 });
    assert.equal(found.at(-1)?.n, 30);
  });
});

test('what was written in one go and is there in part after a power failure was promised to nobody, and is cut', async () => {
  await inDirectory(async (directory) => {
    const [text = ''] = (await recovered(directory, whole)).texts.slice(-1);
    const texts = [31, 32, 33].map((n) => JSON.stringify({ ...JSON.parse(text), n }));
    const group = Buffer.alloc(texts.reduce((sum, each) => sum + frameBytes(each), 0));
    let end = 0;
    for (const [index, each] of texts.entries()) {
      end = writeFrame(group, end, { number: 31 + index, safe: 30, text: each });
    }
    assert.equal((await recovered(directory, Buffer.concat([whole, group]))).last, 33);
    group.fill(0, frameBytes(texts[0] ?? ''), 2 * frameBytes(texts[0] ?? ''));
    const { last, records, cut } = await recovered(directory, Buffer.concat([whole, group]));
    assert.deepEqual([last, cut], [31, group.length - frameBytes(texts[0] ?? '')]);
    assert.ok(records.every(({ k }) => k !== 'damaged'));

    // whoever writes on does not leave what was cut behind its own records
    await rm(segmentPath(directory, 1));
    await beginJournal(diskFiles, filesOf(directory), 'x');
    await writeFile(segmentPath(filesOf(directory), 1), Buffer.concat([whole, group]));
    const shelf = await openShelf(directory);
    await shelf.close();
    const left = framesOf(await readFile(segmentPath(filesOf(directory), 1)));
    assert.deepEqual(
      left.slice(-2).map(({ number, body }) => [number, JSON.parse(body.toString()).k]),
      [
        [31, 'outcome'],
        [32, 'boot'],
      ],
    );
  });
});

test('whatever becomes of the bytes, nothing is read that was not written, and all has its number', async () => {
  await inDirectory(async (directory) => {
    const { texts: written } = await recovered(directory, whole);
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(whole.length), async (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const { at, bytes: other } of changes) bytes.set(other.subarray(0, whole.length - at), at);
        const { records, texts } = await recovered(directory, bytes.subarray(0, length));
        let number = 0;
        for (const [index, record] of records.entries()) {
          assert.equal(record.n, number + 1);
          number = record.k === 'damaged' ? record.to : record.n;
          if (record.k !== 'damaged') assert.equal(texts[index], written[number - 1]);
        }
      }),
      { numRuns: 150 },
    );
  });
});

test('a test whose journal is damaged in the middle fails and says so, and what is left of it can be read', async () => {
  await inDirectory(async (directory) => {
    const bytes = Buffer.from(whole);
    const place = (frames[14]?.offset ?? 0) + 40;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await beginJournal(diskFiles, filesOf(directory), 'x');
    await writeFile(join(filesOf(directory), '0000000001.records'), bytes);
    const shelf = await openShelf(directory);
    const [journal] = shelf.all();
    assert.ok(journal !== undefined);
    assert.equal(journal.state, 'failed');
    assert.equal(journal.snapshot().context.error?.code, 'JOURNAL_DAMAGED');
    const records = await recordsOf(journal);
    assert.deepEqual(
      records.map(({ k }) => k).filter((k) => k === 'damaged' || k === 'failed'),
      ['damaged', 'failed'],
    );
    await shelf.close();
  });
});
