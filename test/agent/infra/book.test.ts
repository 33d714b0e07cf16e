import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { InfraBook } from '../../../src/agent/infra/book.js';
import { createLogger } from '../../../src/log.js';
import { inDirectory } from '../journal/stage.js';

const log = createLogger('silent');
const asked = { type: 'text', size: 100, intervalSeconds: 1, amount: 3 } as const;

describe('the book of an infra server', () => {
  test('knows groups, tests and receiving again after its process was killed at any time', () =>
    inDirectory(async (directory) => {
      const book = await InfraBook.open(directory, log);
      await book.name('a group with blanks', 'key1');
      await book.name('__proto__', 'key2');
      await book.change('key1', (page) => ({
        ...page,
        tests: { 'test-1': { round: 2, asked } },
        receiving: 3,
      }));
      // nothing is closed: it is as safe as after a kill
      const again = await InfraBook.open(directory, log);
      assert.equal(again.group('a group with blanks'), 'key1');
      assert.equal(again.group('__proto__'), 'key2');
      assert.equal(again.group('another'), undefined);
      assert.deepEqual(again.page('key1'), { tests: { 'test-1': { round: 2, asked } }, receiving: 3 });
      assert.deepEqual(again.page('key2'), { tests: {}, receiving: 0 });
    }));

  test('gives a name to another group, and keeps what it knows of the one before', () =>
    inDirectory(async (directory) => {
      const book = await InfraBook.open(directory, log);
      await book.name('g', 'key1');
      await book.change('key1', (page) => ({ ...page, receiving: 1 }));
      await book.name('g', 'key2');
      const again = await InfraBook.open(directory, log);
      assert.equal(again.group('g'), 'key2');
      assert.equal(again.page('key1').receiving, 1);
    }));

  test('forgets nothing that was asked at the same time', () =>
    inDirectory(async (directory) => {
      const book = await InfraBook.open(directory, log);
      const names = Array.from({ length: 30 }, (_, at) => `g${at}`);
      await Promise.all(names.map((name) => book.name(name, `key-${name}`)));
      const again = await InfraBook.open(directory, log);
      for (const name of names) assert.equal(again.group(name), `key-${name}`);
    }));

  test('refuses names that are none, and more groups and tests than it keeps', () =>
    inDirectory(async (directory) => {
      const book = await InfraBook.open(directory, log);
      for (const name of ['', 'x'.repeat(4_097)]) {
        await assert.rejects(async () => book.name(name, 'key'), { code: 'GROUP_INVALID' });
      }
      const many = Object.fromEntries(
        Array.from({ length: 2_001 }, (_, at) => [`test-${at}`, { round: 1, asked }]),
      );
      const tests = (count: number) => Object.fromEntries(Object.entries(many).slice(0, count));
      await book.change('key', (page) => ({ ...page, tests: tests(2_000) }));
      const oneMore = book.change('key', (page) => ({ ...page, tests: tests(2_001) }));
      await assert.rejects(oneMore, { code: 'TOO_MANY_TESTS' });
    }));

  test('is not taken for empty when it is damaged', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'book.json');
      await (await InfraBook.open(directory, log)).name('g', 'key');
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, -5));
      const damaged = await InfraBook.open(directory, log);
      assert.throws(() => damaged.group('g'), { code: 'BOOK_UNREADABLE', message: /book\.json/ });
      await assert.rejects(async () => damaged.name('h', 'key'), { code: 'BOOK_UNREADABLE' });
    }));
});
