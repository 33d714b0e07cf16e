import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { EntryLog } from '../../src/daemon/log/entry-log.js';
import { headerBytes } from '../../src/daemon/log/record.js';

describe('the log of a group', () => {
  let dir: string;
  let files = 0;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-log-'));
  });
  after(() => rm(dir, { recursive: true }));

  const fresh = (): string => path.join(dir, `log-${files++}`);

  /** What a log holds, and how much was cut off it. */
  async function contents(file: string): Promise<{ entries: string[]; cutBytes: number }> {
    const entries: string[] = [];
    const { log, cutBytes } = await EntryLog.open(file, (entry) => entries.push(entry.toString()));
    await log.close();
    return { entries, cutBytes };
  }

  /** A log of three records: one, two and one entries. */
  async function threeRecords(file: string): Promise<number[]> {
    const { log } = await EntryLog.open(file, () => {});
    const ends: number[] = [headerBytes];
    for (const batch of [['first'], ['second', ''], ['last one']]) {
      await Promise.all(batch.map((text) => log.append(Buffer.from(text), () => {})));
      ends.push(log.bytes);
    }
    await log.close();
    return ends;
  }

  test('tells that an entry is stored in the order in which they came, and gives it back', async () => {
    const file = fresh();
    const { log } = await EntryLog.open(file, () => {});
    const told: string[] = [];
    const places = new Map<string, { offset: number; length: number }>();
    const texts = Array.from({ length: 50 }, (_, i) => `entry ${i}`);
    await Promise.all(
      texts.map((text) =>
        log.append(Buffer.from(text), (place) => {
          told.push(text);
          places.set(text, place);
        }),
      ),
    );
    assert.deepEqual(told, texts);
    for (const [text, place] of places) assert.equal((await log.read(place)).toString(), text);
    await log.close();
    assert.deepEqual(await contents(file), { entries: texts, cutBytes: 0 });
  });

  test('cut at any byte it keeps the whole records before it, and takes new entries after them', async () => {
    const file = fresh();
    const ends = await threeRecords(file);
    const whole = await readFile(file);
    const counts = [0, 1, 3, 4];
    const all = ['first', 'second', '', 'last one'];
    for (let at = 0; at <= whole.length; at++) {
      const torn = fresh();
      await writeFile(torn, whole.subarray(0, at));
      const records = ends.filter((end) => end <= at).length - 1;
      const kept = all.slice(0, counts[Math.max(0, records)]);
      const { log, cutBytes } = await EntryLog.open(torn, () => {});
      assert.equal(cutBytes, records < 0 ? 0 : at - (ends[records] ?? 0), `cut at ${at}`);
      await log.append(Buffer.from('new'), () => {});
      await log.close();
      assert.deepEqual((await contents(torn)).entries, [...kept, 'new'], `cut at ${at}`);
    }
  });

  test('any bytes after the last record are cut off, zeros and old records of other logs among them', async () => {
    const file = fresh();
    await threeRecords(file);
    const other = fresh();
    await threeRecords(other);
    const whole = await readFile(file);
    const foreign = (await readFile(other)).subarray(headerBytes);
    const tails = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.constant(Buffer.alloc(100)),
      fc.constant(foreign),
    );
    await fc.assert(
      fc.asyncProperty(tails, async (tail) => {
        const torn = fresh();
        await writeFile(torn, Buffer.concat([whole, tail]));
        const { entries, cutBytes } = await contents(torn);
        assert.equal(entries.length, 4);
        assert.equal(cutBytes, tail.length);
        assert.deepEqual(await readFile(torn), whole, 'nothing of it is left in the file');
      }),
      { numRuns: 40 },
    );
  });

  test('a byte that changed in the middle is no torn tail: nothing is cut off', async () => {
    const file = fresh();
    const ends = await threeRecords(file);
    const whole = await readFile(file);
    for (let at = headerBytes; at < (ends[2] ?? 0); at++) {
      const damaged = fresh();
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x20;
      await writeFile(damaged, bytes);
      await assert.rejects(contents(damaged), { code: 'LOG_DAMAGED' }, `byte ${at}`);
      assert.deepEqual(await readFile(damaged), bytes);
    }
  });

  test('when the disk fails nobody is told that something is stored', async () => {
    const file = fresh();
    const steps = {
      before: () => {
        throw new Error('no space left');
      },
      torn: () => undefined,
      end: () => {},
      after: () => {},
    };
    const { log } = await EntryLog.open(file, () => {}, steps);
    let told = 0;
    const appends = [1, 2].map(() => log.append(Buffer.from('x'), () => told++));
    for (const append of appends) await assert.rejects(append, { code: 'LOG_FAILED' });
    await assert.rejects(
      log.append(Buffer.from('y'), () => told++),
      { code: 'LOG_FAILED' },
    );
    assert.equal(told, 0);
    await log.close();
  });
});
