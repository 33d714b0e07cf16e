import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RunBook, type RunBookOptions } from '../../../src/agent/tests/run-book.js';
import { createLogger } from '../../../src/log.js';
import { inDirectory } from '../journal/stage.js';

const log = createLogger('silent');
const open = (directory: string, more: Partial<RunBookOptions> = {}): Promise<RunBook> =>
  RunBook.open({ directory, inUse: () => false, log, ...more });
const of = (run: string, term: number) => ({ run, term });
const superseded = (run: string, now: number, had: number) => ({
  code: 'SUPERSEDED',
  message: `superseded: run ${run} is conducted with term ${now} now, this command has ${had}`,
});

describe('a book of runs', () => {
  test('refuses a controller of a lower term than the highest, in that run, and nobody by hand', () =>
    inDirectory(async (directory) => {
      const book = await open(directory);
      await book.admit(of('r1', 3));
      await book.admit(of('r1', 4));
      await book.admit(of('r1', 4));
      await assert.rejects(book.admit(of('r1', 3)), superseded('r1', 4, 3));
      await book.admit(of('r2', 1));
      await book.admit(of('r1', 0));
      await book.admit(of('', 0));
    }));

  test('knows the highest term on disk before it lets the command pass', () =>
    inDirectory(async (directory) => {
      await (await open(directory)).admit(of('r1', 4));
      // as after a kill: nobody has closed the first one
      const again = await open(directory);
      await assert.rejects(again.admit(of('r1', 3)), superseded('r1', 4, 3));
      await again.admit(of('r1', 5));
      await assert.rejects((await open(directory)).admit(of('r1', 4)), superseded('r1', 5, 4));
    }));

  test('lets none pass that it cannot remember', () =>
    inDirectory(async (directory) => {
      const place = join(directory, 'book');
      const book = await open(place);
      await book.admit(of('r1', 1));
      await rm(place, { recursive: true });
      await writeFile(place, 'no directory');
      await assert.rejects(book.admit(of('r1', 2)), { code: 'DATA_UNUSABLE' });
      await book.admit(of('r1', 1));
    }));

  test('makes the group of a name once, whoever asks at the same time, later, or after a kill', () =>
    inDirectory(async (directory) => {
      const book = await open(directory);
      let made = 0;
      const make = async (): Promise<string> => {
        made += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return `group-${made}`;
      };
      const asked = [1, 2, 2, 0].map((term) => book.group(of('r1', term), 'all', make));
      assert.deepEqual(await Promise.all(asked), ['group-1', 'group-1', 'group-1', 'group-1']);
      assert.equal(await book.group(of('r1', 2), 'some', make), 'group-2');
      assert.equal(await book.group(of('r2', 2), 'all', make), 'group-3');
      const again = await open(directory);
      assert.equal(await again.group(of('r1', 3), 'all', make), 'group-1');
      assert.equal(made, 3);
      await assert.rejects(again.group(of('r1', 2), 'all', make), superseded('r1', 3, 2));
    }));

  test('refuses a controller that waited for a group while another took over', () =>
    inDirectory(async (directory) => {
      const book = await open(directory);
      let fail = (_: Error): void => {};
      const first = book.group(of('r1', 1), 'all', () => new Promise((_, reject) => (fail = reject)));
      const waits = book.group(of('r1', 1), 'all', async () => 'late');
      first.catch(() => {});
      waits.catch(() => {});
      await book.admit(of('r1', 2));
      fail(new Error('the daemon went away'));
      await assert.rejects(first, /went away/);
      await assert.rejects(waits, superseded('r1', 2, 1));
      assert.equal(await book.group(of('r1', 2), 'all', async () => 'new'), 'new');
    }));

  test('forgets a run that is closed, with its file', () =>
    inDirectory(async (directory) => {
      const book = await open(directory);
      await book.admit(of('r1', 4));
      await book.admit(of('r2', 4));
      await book.forget('r1');
      assert.deepEqual(await readdir(directory), ['r2.json']);
      await book.admit(of('r1', 1));
      await assert.rejects(book.admit(of('r2', 1)), superseded('r2', 4, 1));
    }));

  test('forgets what was told longest ago when it is full, but no run with tests', () =>
    inDirectory(async (directory) => {
      const inUse = new Set(['r1']);
      const options = { mostRuns: 3, inUse: (run: string) => inUse.has(run) };
      const book = await open(directory, options);
      for (const run of ['r1', 'r2', 'r3']) {
        await book.admit(of(run, 7));
        const written = Date.now();
        while (Date.now() <= written) await new Promise((resolve) => setImmediate(resolve));
      }
      await book.admit(of('r4', 1));
      assert.deepEqual((await readdir(directory)).sort(), ['r1.json', 'r3.json', 'r4.json']);
      await assert.rejects(book.admit(of('r1', 6)), superseded('r1', 7, 6));
      for (const run of ['r3', 'r4']) inUse.add(run);
      await assert.rejects(book.admit(of('r5', 1)), { code: 'TOO_MANY_RUNS' });
    }));

  test('fails closed where a file is damaged, and drops what a killed process had begun to write', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'r1.json'), '{"v":1,"term":');
      await writeFile(join(directory, 'r2.json.abc.tmp'), '{');
      const book = await open(directory);
      assert.deepEqual(await readdir(directory), ['r1.json']);
      await assert.rejects(book.admit(of('r1', 9)), { code: 'RUN_UNREADABLE' });
      await assert.rejects(
        book.group(of('r1', 0), 'all', async () => 'x'),
        { code: 'RUN_UNREADABLE' },
      );
      await book.admit(of('r1', 0));
      await book.forget('r1');
      await book.admit(of('r1', 1));
    }));

  test('takes no run and no group that has no proper name', () =>
    inDirectory(async (directory) => {
      const book = await open(directory);
      for (const run of ['', '..', 'a/b', 'x'.repeat(65)]) {
        await assert.rejects(book.admit(of(run, 1)), { code: 'RUN_INVALID' }, run);
        await assert.rejects(
          book.group(of(run, 0), 'all', async () => 'x'),
          { code: 'RUN_INVALID' },
          run,
        );
      }
      await assert.rejects(
        book.group(of('r1', 1), 'x'.repeat(129), async () => 'x'),
        { code: 'GROUP_INVALID' },
      );
      assert.equal(await book.group(of('r1', 1), '../__proto__ ✓', async () => 'x'), 'x');
    }));
});
