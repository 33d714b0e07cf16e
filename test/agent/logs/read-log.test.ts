import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Forbidden } from '../../../src/agent/logs/forbidden.js';
import { LogFiles } from '../../../src/agent/logs/log-files.js';
import { type LogChunk, type LogRange, readLog } from '../../../src/agent/logs/read-log.js';
import { readRoots } from '../../../src/agent/logs/roots.js';
import { until } from '../../support/nats.js';

describe('reading a log', () => {
  let dir: string;
  let files: LogFiles;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-read-'));
    files = new LogFiles(readRoots([dir]), new Forbidden([]));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const textOf = async (path: string, range: Partial<LogRange>) => {
    const texts: Buffer[] = [];
    const whole = { offset: 0, tailLines: undefined, follow: false, ...range };
    for await (const { data } of readLog(files, path, whole, new AbortController().signal)) texts.push(data);
    return Buffer.concat(texts).toString();
  };
  const followed: AbortController[] = [];
  after(() => {
    for (const over of followed) over.abort();
  });
  /** Follows a file, and tells what came of it. */
  const follow = (path: string, range: Partial<LogRange> = {}, from: Pick<LogFiles, 'open'> = files) => {
    const over = new AbortController();
    followed.push(over);
    const chunks: LogChunk[] = [];
    const done = (async () => {
      const whole = { offset: 0, tailLines: undefined, ...range, follow: true };
      for await (const chunk of readLog(from, path, whole, over.signal)) chunks.push(chunk);
    })();
    const story = () =>
      chunks.map(({ data, event }) => (event === undefined ? data.toString() : `<${event}>`)).join('');
    return {
      story,
      until: (text: string) =>
        until(`${JSON.stringify(text)} is told`, () => story() === text).catch(() =>
          assert.equal(story(), text),
        ),
      stop: async () => {
        over.abort();
        await done;
      },
    };
  };

  it('gives it from a byte on, or its last lines', async () => {
    await writeFile(join(dir, 'lines'), 'one\ntwo\nthree\n');
    assert.equal(await textOf('lines', {}), 'one\ntwo\nthree\n');
    assert.equal(await textOf('lines', { offset: 4 }), 'two\nthree\n');
    assert.equal(await textOf('lines', { offset: 99 }), '');
    assert.equal(await textOf('lines', { tailLines: 0 }), '');
    assert.equal(await textOf('lines', { tailLines: 1 }), 'three\n');
    assert.equal(await textOf('lines', { tailLines: 99 }), 'one\ntwo\nthree\n');
    await assert.rejects(textOf('none', {}), { code: 'LOG_MISSING' });
  });

  it('gives the last lines that there are, however long they are', async () => {
    const line = fc
      .tuple(fc.constantFrom(0, 1, 5, 70_000), fc.constantFrom('a', 'é'))
      .map(([n, c]) => c.repeat(n));
    const property = fc.asyncProperty(
      fc.array(line, { maxLength: 6 }),
      fc.boolean(),
      fc.nat(8),
      async (lines, ended, wanted) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
        await writeFile(join(dir, 'tail'), text);
        const all = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
        assert.equal(
          await textOf('tail', { tailLines: wanted }),
          wanted === 0 ? '' : all.slice(-wanted).join(''),
        );
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('goes on with what is written later, as tail -F does', async () => {
    const path = join(dir, 'app.log');
    const log = follow('app.log');
    await log.until('<gone>');
    await writeFile(path, 'first\n');
    await log.until('<gone><rotated>first\n');
    await appendFile(path, 'second\n');
    await log.until('<gone><rotated>first\nsecond\n');
    await log.stop();
  });

  it('reads a file that was renamed to its end, and the new one from its beginning', async () => {
    const path = join(dir, 'rotated.log');
    await writeFile(path, 'a');
    let looks = Number.NaN;
    const between = {
      open: async (name: string) => {
        looks += 1;
        // it was looked at before, when the file had been renamed and nothing was there
        if (looks === 2) {
          await appendFile(`${path}.1`, 'b');
          await writeFile(path, 'c');
        }
        return files.open(name);
      },
    };
    const log = follow('rotated.log', { tailLines: 1 }, between);
    await log.until('a');
    await rename(path, `${path}.1`);
    looks = 0;
    await log.until('ab<rotated>c');
    await rename(path, `${path}.2`);
    await log.until('ab<rotated>c<gone>');
    await writeFile(path, 'd');
    await log.until('ab<rotated>c<gone><rotated>d');
    await log.stop();
  });

  it('loses nothing that is written to a file after its end was read and before another takes its place', async () => {
    const path = join(dir, 'late.log');
    await writeFile(path, 'a');
    let opened = 0;
    const between = {
      open: async (name: string) => {
        if (++opened === 2) {
          await appendFile(path, 'b');
          await rename(path, `${path}.1`);
          await writeFile(path, 'c');
        }
        return files.open(name);
      },
    };
    const over = new AbortController();
    let text = '';
    const range = { offset: 0, tailLines: undefined, follow: true };
    for await (const { data } of readLog(between, 'late.log', range, over.signal)) {
      text += data.toString();
      if (text.endsWith('c')) over.abort();
    }
    assert.equal(text, 'abc');
  });

  it('begins anew where it was made shorter', async () => {
    const path = join(dir, 'cut.log');
    await writeFile(path, 'a long line\n');
    const log = follow('cut.log');
    await log.until('a long line\n');
    await truncate(path, 0);
    await log.until('a long line\n<truncated>');
    await appendFile(path, 'new\n');
    await log.until('a long line\n<truncated>new\n');
    await log.stop();
  });
});
